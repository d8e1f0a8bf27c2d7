"""chantier costs: the monthly bill of a site, and what the other size would cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli.options import Number, json_option, load, site_option, size_option, sized
from chantier.cli.show import answer, say, table

if TYPE_CHECKING:
    from chantier.costs import Bill
    from chantier.site import Site
    from chantier.usage import Use

SIZES = ("starter", "fleet")
# Fewer units than this are shown with decimals.
FEW = 100
PER = {1: "", 1_000: "/k", 1_000_000: "/M"}


@click.command()
@site_option
@size_option
@json_option
@click.option("--machines", type=click.IntRange(1, 10_000), help="Instead of the site file's.")
@click.option(
    "--hours-a-day",
    type=Number(0, 24),
    help="That machines send, instead of the calendar's opening hours; 24 is round the clock.",
)
@click.option(
    "--days-a-month",
    type=Number(0, 31),
    help="With --hours-a-day; 22 by default, 365/12 round the clock.",
)
@click.option(
    "--months",
    default=1,
    show_default=True,
    type=click.IntRange(1, 120),
    help="Of raw data that the bucket holds already.",
)
@click.option(
    "--authors", default=0, type=click.IntRange(0), help="QuickSight authors; off by default."
)
@click.option(
    "--readers", default=0, type=click.IntRange(0), help="QuickSight readers; off by default."
)
@click.option(
    "--free-tier",
    "regime",
    default="always-free",
    show_default=True,
    type=click.Choice(["always-free", "new-account", "none"]),
    help="new-account: opened since 2025-07-15, with credits for six months.",
)
def costs(site_path: Path, size: str | None, regime: Any, *, as_json: bool, **asked: Any) -> None:
    """Compute the monthly AWS bill of the site, from its file; asks AWS nothing.

    Says what is free, which price was not verified, and what the other size costs.
    """
    from chantier.costs import bill

    site = sized(load(site_path), size)
    bills = {name: bill(_use(site.of_size(name), **asked), regime=regime) for name in SIZES}
    mine = bills[site.site.size]
    if as_json:
        answer(_as_data(site, mine, bills))
        return
    _show(mine)
    _say_more(site, mine, bills)


def _use(site: Site, machines: int | None, **asked: Any) -> Use:
    """How the site is used, with what was asked for in its place."""
    from chantier.template import build
    from chantier.usage import HOURS_A_MONTH, use_of

    hours, days = asked["hours_a_day"], asked["days_a_month"]
    if days is not None and hours is None:
        raise click.UsageError("--days-a-month goes with --hours-a-day.")
    resources = {name: one.resource_type for name, one in build(site).resources.items()}
    use = use_of(site, resources=resources)
    if hours is not None:
        usual = HOURS_A_MONTH / 24 if hours == 24 else 22  # noqa: PLR2004 - hours of a day
        use = use._replace(hours=hours * (usual if days is None else days))
    quantities = {name: asked[name] for name in ("months", "authors", "readers")}
    return use._replace(machines=machines or use.machines, **quantities)


def _show(mine: Bill) -> None:
    rows = [
        (
            line.service,
            line.meter,
            f"{line.quantity:,.{0 if line.quantity >= FEW else 2}f}",
            f"{line.free / line.quantity:.0%}",
            f"{line.price:g}{PER.get(line.per, f' / {line.per:,}')}",
            f"{line.usd:,.2f}",
            "yes" if line.verified else "no",
        )
        for line in mine.lines
    ]
    table(("Service", "Meter", "A month", "Free", "Price", "USD", "Verified"), rows)


def _say_more(site: Site, mine: Bill, bills: dict[str, Bill]) -> None:
    from chantier.costs import advice
    from chantier.prices import DATE

    use = mine.use
    shares = ", ".join(
        f"{name} {usd / mine.metered:.0%}"
        for name, usd in mine.services.items()
        if usd >= mine.metered / 200
    )
    click.echo(
        f"{mine.usd:,.2f} USD a month, {mine.usd / use.machines:.3f} a machine: {use.machines:,} "
        f"machines, {use.hours:.0f} h a month, size {use.size}, {use.region}."
    )
    say(f"Of it: {shares}.")
    for line in advice(mine, bills, budget=site.budget.monthly_usd):
        say(line)
    say(f"Prices of {DATE}, without taxes; the assumptions stand in chantier/usage.py.")


def _as_data(site: Site, mine: Bill, bills: dict[str, Bill]) -> dict[str, Any]:
    from chantier.costs import advice, queue_prices
    from chantier.prices import DATE

    use = mine.use
    return {
        "site": site.name,
        "size": use.size,
        "region": use.region,
        "machines": use.machines,
        "hours_a_month": round(use.hours, 1),
        "free_tier": mine.regime,
        "prices_of": DATE,
        "lines": [line._asdict() for line in mine.lines],
        "services": mine.services,
        "metered_usd": mine.metered,
        "credits_usd": mine.credits,
        "usd": mine.usd,
        "usd_a_machine": mine.usd / use.machines,
        "sizes_usd": {name: one.usd for name, one in bills.items()},
        "queue_usd": queue_prices(use),
        "budget_usd": site.budget.monthly_usd,
        "advice": advice(mine, bills, budget=site.budget.monthly_usd),
    }
