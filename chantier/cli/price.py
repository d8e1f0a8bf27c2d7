"""What a site costs a month, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chantier.site import Site


class Price(NamedTuple):
    """A month of a site.

    Attributes:
        usd: to be paid, with AWS's always-free meters.
        free_usd: what these meters take off.
        unverified_usd: of what is paid, by prices not verified for the region.
        line: all of it in words.
    """

    usd: float
    free_usd: float
    unverified_usd: float
    line: str


def price_of(site: Site, parameters: Mapping[str, str], *, local: bool) -> Price:
    """The price of a site as it is deployed with these parameters."""
    from chantier.costs import bill
    from chantier.template import build
    from chantier.usage import use_of

    resources = {name: one.resource_type for name, one in build(site).resources.items()}
    use = use_of(site, resources=resources)
    if parameters.get("QuickSightPrincipalArn"):
        use = use._replace(authors=1)
    mine, full = bill(use), bill(use, regime="none")
    unverified = sum(line.usd for line in mine.lines if not line.verified)
    free = full.usd - mine.usd
    where = "Price on AWS" if local else "Price"
    line = (
        f"{where}: {mine.usd:,.2f} USD a month, another {free:,.2f} free "
        f"({use.machines:,} machines, {use.hours:.0f} h). Each meter: chantier costs"
    )
    return Price(round(mine.usd, 4), round(free, 4), round(unverified, 4), line)
