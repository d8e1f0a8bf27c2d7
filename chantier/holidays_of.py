"""Public holidays of a country, as plain dates.

Only here is the library of the world's holidays known. It reads every country of the
world when it is asked for one, so that what it said of a country is kept
(`chantier.kept`) until another version of it is installed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chantier.errors import ChantierError
from chantier.kept import kept

_ALPHA_2 = 2
# What is kept of a country has had another form before.
FORM = 2
# How the library warns of a country whose movable holidays it knows for a while only.
SPAN = re.compile(r"available only from (\d{4}) to (\d{4})")


def known_countries() -> tuple[str, ...]:
    """The ISO 3166-1 alpha-2 codes of the countries whose holidays are known, sorted."""
    return tuple(kept(Path(__file__), "countries", key=_version(), make=_read_countries))


def public_holidays(country: str, years: Iterable[int]) -> tuple[date, ...]:
    """The public holidays of a whole country, in order; those of a region alone are left out.

    Args:
        country: ISO 3166-1 alpha-2 code such as FR; empty for no holidays at all.
        years: calendar years.

    Raises:
        ChantierError: the holidays of that country are not known; with the codes that are.
    """
    return tuple(date.fromisoformat(day) for day in _kept(country, years)["days"])


def years_unknown(country: str, years: Iterable[int]) -> tuple[int, ...]:
    """The years, of some, for which no holiday of a country is known, or not every one.

    Sri Lanka's follow the moon and are announced year by year, Ukraine has suspended its
    own, and India's are known up to 2035.

    Raises:
        ChantierError: as `public_holidays`.
    """
    return tuple(_kept(country, years)["unknown"])


def _kept(country: str, years: Iterable[int]) -> dict[str, list[Any]]:
    """The holidays, as texts, and the years of which they are not all known."""
    if not country:
        return {"days": [], "unknown": []}
    known = known_countries()
    if country not in known:
        raise ChantierError(
            f"The public holidays of {country!r} are not known.", f"Known: {', '.join(known)}."
        )
    asked = sorted(set(years))
    version = _version()
    found: dict[str, list[Any]] = kept(
        Path(__file__),
        country,
        key=f"{version} {asked} {FORM}" if version else "",
        make=lambda: _read(country, asked),
    )
    return found


def _read_countries() -> list[str]:
    from holidays.utils import list_supported_countries  # noqa: PLC0415 - slow, and rarely needed

    return sorted(code for code in list_supported_countries() if len(code) == _ALPHA_2)


def _read(country: str, years: list[int]) -> dict[str, list[Any]]:
    from holidays import country_holidays  # noqa: PLC0415 - slow, and rarely needed

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        days = sorted(country_holidays(country, years=years))
    spans = [SPAN.search(str(one.message)) for one in said]
    covered = [range(int(span[1]), int(span[2]) + 1) for span in spans if span]
    told = {day.year for day in days}
    unknown = [
        year for year in years if year not in told or any(year not in span for span in covered)
    ]
    return {"days": [day.isoformat() for day in days], "unknown": unknown}


@cache
def _version() -> str:
    """The installed version, by the name of the folder that tells it; empty if there is none.

    `importlib.metadata` tells it as well, and takes ten times as long.
    """
    found = find_spec("holidays")
    folder = Path(found.origin).parents[1] if found and found.origin else None
    names = [one.name for one in folder.glob("holidays-*.dist-info")] if folder else []
    return "".join(names[:1])
