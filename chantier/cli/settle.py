"""chantier alerts settle: a day's alerts as its raw data tells them, nothing late."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, say, table

if TYPE_CHECKING:
    from chantier.cloud import Cloud
    from chantier.settling import Days, Settled


@click.command()
@site_option
@local_option
@json_option
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="By the machines' clocks, in the site's time zone.  [default: yesterday]",
)
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
def settle(
    site_path: Path, *, local: bool, as_json: bool, day: datetime | None, dry_run: bool
) -> None:
    """Judge a day's raw data again, in order, and put its alerts right.

    Adds what came too late to be judged when it arrived, corrects what that has
    changed, and tells nobody of what is over. Machines are judged by the site file as it
    is now. NO_SIGNAL, VGP_DUE and SERVICE_DUE are left as they are: readings do not
    tell them. FUEL_DROP and TOW are only added: people close them.
    """
    import time

    from chantier.cli.progress import count_progress
    from chantier.settling import days_of, settle_day
    from chantier.stack import outputs

    site = load(site_path)
    days = days_of(site, day.date() if day else None, now=time.time())
    cloud = cloud_for(site_path, site, local=local)
    found = outputs(cloud, site.name)
    with count_progress("") as tick:
        settled = settle_day(cloud, site, found, days, dry_run=dry_run, tick=tick)
    if as_json:
        answer({"dry_run": dry_run, **settled.as_dict()})
    else:
        _show(settled, dry_run=dry_run)
    if not dry_run and "AggregateFunctionName" in found:
        _count(cloud, found["AggregateFunctionName"], days)


def _count(cloud: Cloud, function: str, days: Days) -> None:
    """Have the hours of a day count its alerts as they are now."""
    from datetime import UTC

    from chantier.errors import ChantierError
    from chantier.hours import count_now

    first = days.first.timestamp()
    try:
        said = count_now(cloud, function, days.now.timestamp(), alerts_since=first)
    except ChantierError as error:
        raise ChantierError(
            f"The alerts of {days.first:%Y-%m-%d} are settled, but its hours do not count them "
            f"yet. {error.message}",
            "Run this again in a minute: it goes on from there.",
        ) from error
    if datetime.fromisoformat(said["alerts_since"]) > days.first:
        since = datetime.fromisoformat(said["alerts_since"]).astimezone(UTC)
        say(f"Hours before {since:%Y-%m-%d %H:%M} UTC are closed: their counts of alerts stay.")


def _show(settled: Settled, *, dry_run: bool) -> None:
    from collections import Counter

    from chantier.comparing import WRITTEN

    if settled.changes:
        table(
            ("Machine", "Alert", "What"),
            [
                (change.alert.machine, change.alert.id.partition("/")[2], change.what)
                for change in settled.changes
            ],
        )
    counts = Counter(change.what for change in settled.changes)
    done = sum(counts[what] for what in WRITTEN)
    verb = "would change" if dry_run else "changed"
    each = "".join(f", {count} {what}" for what, count in sorted(counts.items()))
    unread = f" ({settled.unread} cannot be read)" if settled.unread else ""
    say(f"{settled.day}: {settled.messages} messages read{unread}; {done} alerts {verb}{each}.")
