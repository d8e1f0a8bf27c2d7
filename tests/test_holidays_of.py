"""Public holidays: the days that a French site does not work, and countries nobody knows."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.errors import ChantierError
from chantier.holidays_of import known_countries, public_holidays, years_unknown
from chantier.site import EXAMPLE


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


@pytest.mark.parametrize(
    ("country", "unknown"),
    [("FR", ()), ("", ()), ("UA", (2026, 2027, 2035, 2036)), ("IN", (2036,))],
)
def test_years_whose_holidays_are_not_all_known_are_told(
    country: str, unknown: tuple[int, ...]
) -> None:
    """And the library's own warning is not another one."""
    assert years_unknown(country, (2026, 2027, 2035, 2036)) == unknown


def test_a_site_without_known_holidays_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    text = EXAMPLE.read_text("utf-8")
    path.write_text(text.replace('public_holidays = "FR"', 'public_holidays = "UA"'), "utf-8")
    told = CliRunner().invoke(main, ["synth", "--site", str(path)])
    assert told.exit_code == 0
    assert "Note: the public holidays of UA are not all known for 20" in told.stderr
    of_france = CliRunner().invoke(main, ["synth", "--site", str(EXAMPLE)])
    assert "holidays" not in of_france.stderr


def test_the_command_line_answers_without_reading_the_world_s_holidays() -> None:
    code = (
        "import sys; from chantier.cli import main; import chantier.site; "
        "sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
