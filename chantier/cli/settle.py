"""chantier alerts settle: a day's alerts as its raw data tells them, nothing late."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, say, table

if TYPE_CHECKING:
    from chantier.settling import Settled


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
