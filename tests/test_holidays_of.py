"""Public holidays: the days that a French site does not work, and countries nobody knows."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from chantier.errors import ChantierError
from chantier.holidays_of import known_countries, public_holidays


def test_france_has_eleven_public_holidays_among_them_the_movable_ones() -> None:
    days = public_holidays("FR", (2026,))
    assert len(days) == 11
    assert list(days) == sorted(days)
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25), date(2026, 7, 14)} < {*days}


def test_several_years_follow_each_other() -> None:
    both = public_holidays("FR", (2026, 2027))
    assert both == (*public_holidays("FR", (2026,)), *public_holidays("FR", (2027,)))


def test_no_country_has_no_holidays() -> None:
    assert public_holidays("", (2026,)) == ()


def test_an_unknown_country_is_refused_with_the_codes_that_are_known() -> None:
    with pytest.raises(ChantierError, match="'XX' are not known") as refused:
        public_holidays("XX", (2026,))
    assert ", FR, " in refused.value.hint
    assert {"FR", "DE", "GB"} < {*known_countries()}


def test_the_command_line_answers_without_reading_the_world_s_holidays() -> None:
    code = (
        "import sys; from chantier.cli import main; import chantier.site; "
        "sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
