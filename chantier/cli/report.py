"""chantier report: hours, fuel and cost, as the hourly aggregates tell them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, program, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.text import Text

    from chantier.cloud import Cloud
    from chantier.hours import Row, Total
    from chantier.site import Site

# Figure, factor, digits, and whether 80 columns have room for it.
FIGURES = (
    ("engine_h", 1, 1, True),
    ("idle_h", 1, 1, False),
    ("idle", 100, 0, True),
    ("planned_h", 1, 1, False),
    ("utilisation", 100, 0, True),
    ("fuel_l", 1, 1, True),
    ("lph", 1, 1, True),
    ("cost", 1, 2, True),
    ("cost_per_h", 1, 2, True),
    ("co2e_kg", 1, 1, False),
)
# What a run of the function leaves out, and what that is.
LEFT_OUT = {
    "unknown": "messages of machines that the deployed site file does not name",
    "unread": "messages that cannot be read (chantier quarantine says why)",
    "rejected": "readings that cannot be read (chantier quarantine says why)",
    "too_old": "readings that came more than 32 days late",
    "behind": "raw objects, for the next run",
}
# Columns of a terminal that has room for all of them.
WIDE = 110


@click.command()
@site_option
@local_option
@json_option
@click.option("--hours", "hours", is_flag=True, default=True, help="What it shows: the hours.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="By the machines' clocks, in the site's time zone.  [default: the last with readings]",
)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="The last N hours counted.")
@click.option(
    "--by",
    type=click.Choice(["machine", "hour"]),
    help="One line each.  [default: machine; hour with --machine]",
)
@click.option("--machine", "machine_id", metavar="ID", help="This one alone.")
@click.option("--refresh", is_flag=True, help="Count what has come until now first.")
def report(  # noqa: PLR0913 - one a choice of the caller's
    site_path: Path,
    *,
    local: bool,
    as_json: bool,
    hours: bool,  # noqa: ARG001 - there is one report so far
    day: datetime | None,
    last: int | None,
    by: str | None,
    machine_id: str | None,
    refresh: bool,
) -> None:
    """Show engine hours, idling, fuel, cost and alerts, hour by hour.

    The site counts them by itself at ten past every hour; --refresh counts at once. --json
    gives the rows of the aggregates as they are.
    """
    from chantier.hours import last_of, of_day, read_hours
    from chantier.stack import outputs

    if day and last:
        raise click.UsageError("Choose --day or --last, not both.")
    site = load(site_path)
    _check_machine(machine_id, site)
    cloud = cloud_for(site_path, site, local=local)
    found = outputs(cloud, site.name)
    if refresh:
        _refresh(cloud, found)
    choice = last_of(last) if last else of_day(day.date() if day else None, site.site.timezone)
    rows = [
        row
        for row in read_hours(cloud, found["DataBucketName"], choice)
        if machine_id in (None, row["machine"])
    ]
    if as_json:
        answer(rows)
    elif rows:
        show_hours(rows, site, by=by or ("hour" if machine_id else "machine"), one=machine_id)
    else:
        _say_nothing(day, local=local)


def _check_machine(machine_id: str | None, site: Site) -> None:
    from chantier.errors import ChantierError

    names = [machine.id for machine in site.machines]
    if machine_id is not None and machine_id not in names:
        known = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")  # noqa: PLR2004 - a line or two
        raise ChantierError(f"The site file names no machine {machine_id!r}.", f"It has: {known}.")


def _refresh(cloud: Cloud, found: Mapping[str, str]) -> None:
    import time

    from chantier.errors import ChantierError
    from chantier.hours import count_now

    if "AggregateFunctionName" not in found:
        raise ChantierError(
            "This site was deployed without the function that counts hours.",
            f"Deploy the whole template: {program()} deploy",
        )
    said = count_now(cloud, found["AggregateFunctionName"], time.time())
    say(f"Counted {said['messages']} messages; {len(said['hours'])} hours changed.")
    for name, why in LEFT_OUT.items():
        if said.get(name):
            say(f"Not counted: {said[name]} {why}.")


def _say_nothing(day: datetime | None, *, local: bool) -> None:
    where = " --local" if local else ""
    if day:
        say(f"No hour of {day:%Y-%m-%d} is counted. The last day: {program()} report{where}")
    else:
        say(
            "No hour is counted yet: raw data waits up to RawBufferSeconds (300 s) for its "
            f"object. Then count: {program()} report --hours --refresh{where}"
        )


def show_hours(rows: Sequence[Row], site: Site, *, by: str, one: str | None = None) -> None:
    """The rows added up by machine or by hour, and the whole in the last line.

    The whole is the fleet, or the one machine that the rows are of. A terminal of 110
    columns or more shows every figure.
    """
    import shutil

    from rich.text import Text

    from chantier.hours import total, totals_by
    from chantier.words import REPORT

    words = REPORT[site.site.language]
    wide = shutil.get_terminal_size().columns >= WIDE
    shown = [(name, factor, digits) for name, factor, digits, room in FIGURES if wide or room]
    whole = total(rows)
    local = {row["hour"]: datetime.fromisoformat(row["hour_local"]) for row in rows}
    one_day = len({hour.date() for hour in local.values()}) == 1
    names = {hour: f"{at:{words['clock' if one_day else 'time']}}" for hour, at in local.items()}
    lines = [
        [names.get(name, name), *_cells(figures, shown, words)]
        for name, figures in totals_by(rows, by).items()
    ]
    fleet = [Text(words["total" if one else "fleet"]), *_cells(whole, shown, words)]
    for cell in fleet:
        cell.stylize("bold")
    headings = [
        words[name].format(currency=whole.currency or "").strip(" /") for name, *_ in shown
    ]
    table([words[by], *headings, words["alerts"]], [*lines, fleet])
    first, last = (local[hour].strftime(words["time"]) for hour in (min(local), max(local)))
    say(f"{first} - {last}, {site.site.timezone}")


def _cells(
    figures: Total, shown: Sequence[tuple[str, int, int]], words: Mapping[str, str]
) -> list[Text]:
    from rich.text import Text

    cells = [
        _figure(getattr(figures, name), factor, digits, words) for name, factor, digits in shown
    ]
    alerts = "/".join(str(count) for count in figures.alerts)
    cells.append(f"{alerts} ({words['changed']})" if figures.meter_changed else alerts)
    return [Text(cell, justify="right") for cell in cells]


def _figure(value: float | None, factor: int, digits: int, words: Mapping[str, str]) -> str:
    if value is None:
        return ""
    from decimal import ROUND_HALF_UP, Decimal

    # A half goes up, as people round; the last digits of a quotient are noise.
    exact = Decimal(f"{value * factor:.9f}")
    # What rounds to nothing is not below it.
    text = f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0}"
    return text.replace(".", words["decimal"])
