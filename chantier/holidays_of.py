"""Public holidays of a country, as plain dates.

Only here is the library of the world's holidays known. It reads every country of the
world when it is asked for one, so that what it said of a country is kept
(`chantier.kept`) until another version of it is installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from chantier.errors import ChantierError
from chantier.kept import kept

_ALPHA_2 = 2


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
    if not country:
        return ()
    known = known_countries()
    if country not in known:
        raise ChantierError(
            f"The public holidays of {country!r} are not known.", f"Known: {', '.join(known)}."
        )
    asked = sorted(set(years))
    version = _version()
    days = kept(
        Path(__file__),
        country,
        key=f"{version} {asked}" if version else "",
        make=lambda: _read_days(country, asked),
    )
    return tuple(date.fromisoformat(day) for day in days)


def _read_countries() -> list[str]:
    from holidays.utils import list_supported_countries  # noqa: PLC0415 - slow, and rarely needed

    return sorted(code for code in list_supported_countries() if len(code) == _ALPHA_2)


def _read_days(country: str, years: list[int]) -> list[str]:
    from holidays import country_holidays  # noqa: PLC0415 - slow, and rarely needed

    return [day.isoformat() for day in sorted(country_holidays(country, years=years))]


@cache
def _version() -> str:
    """The installed version, by the name of the folder that tells it; empty if there is none.

    `importlib.metadata` tells it as well, and takes ten times as long.
    """
    found = find_spec("holidays")
    folder = Path(found.origin).parents[1] if found and found.origin else None
    names = [one.name for one in folder.glob("holidays-*.dist-info")] if folder else []
    return "".join(names[:1])
