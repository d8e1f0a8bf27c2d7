"""Public holidays of a country, as plain dates.

Only here is the library of the world's holidays known. It is read when a
country is asked for, never before, so that nothing else waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from chantier.errors import ChantierError

_ALPHA_2 = 2


def known_countries() -> tuple[str, ...]:
    """The ISO 3166-1 alpha-2 codes of the countries whose holidays are known, sorted."""
    from holidays.utils import list_supported_countries  # noqa: PLC0415 - slow, and rarely needed

    return tuple(sorted(code for code in list_supported_countries() if len(code) == _ALPHA_2))


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
    from holidays import country_holidays  # noqa: PLC0415 - slow, and rarely needed

    return tuple(sorted(country_holidays(country, years=list(years))))
