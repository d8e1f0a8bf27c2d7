"""chantier alerts: what needs somebody's attention."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, clean, program, say, table

if TYPE_CHECKING:
    from chantier.records import Alert
    from chantier.site import Site

FOLLOW_S = 1.0
DEFAULT = click.core.ParameterSource.DEFAULT
COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


@click.group(invoke_without_command=True)
@site_option
@local_option
@json_option
@click.option("--open", "only_open", is_flag=True, help="Leave out what has closed.")
@click.option("--follow", is_flag=True, help="Keep watching; one line a change, until Ctrl-C.")
@click.pass_context
def alerts(  # noqa: PLR0913 - one a choice of the caller's
    ctx: click.Context,
    site_path: Path,
    *,
    local: bool,
    as_json: bool,
    only_open: bool,
    follow: bool,
) -> None:
    """Show the site's alerts, in its language and time zone."""
    if ctx.invoked_subcommand:
        _refuse_options_before(ctx)
        return
    from chantier.alerts import read_alerts
    from chantier.stack import outputs

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    name = outputs(cloud, site.name)["AlertsTableName"]

    def read() -> list[Alert]:
        return read_alerts(cloud, name, site=site.name, only_open=only_open)

    if follow:
        _follow(read, site, as_json=as_json)
    elif as_json:
        answer([alert.as_dict() for alert in read()])
    else:
        found = read()
        show_alerts(found, site)
        if any(alert.closed_at is None for alert in found):
            say(f"Taking care of one? {program()} alerts ack MACHINE/CODE")


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option("--note", default="", help="A few words for whoever reads it later; no names.")
@site_option
@local_option
@json_option
def ack(alert_id: str, note: str, site_path: Path, *, local: bool, as_json: bool) -> None:
    """Say that somebody takes care of an alert.

    ID is MACHINE/CODE, or the whole ID that --json and notices show. FUEL_DROP and TOW
    close by it; the others when their cause is gone.
    """
    from chantier.acknowledging import GONE, acknowledge_alert
    from chantier.stack import outputs

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    seen = acknowledge_alert(
        cloud,
        outputs(cloud, site.name)["AlertsTableName"],
        alert_id,
        site=site.name,
        alert_days=site.retention.alert_days,
        note=note,
        machines=[machine.id for machine in site.machines],
    )
    if as_json:
        answer(seen.as_dict())
    else:
        why = f": {GONE}" if seen.note and seen.note.endswith(GONE) else ""
        say(f"{seen.id}: acknowledged{' and closed' if seen.closed_at else ''}{why}.")


def _refuse_options_before(ctx: click.Context) -> None:
    """An option of the list that stands before a command would not reach it: say so."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) != DEFAULT]
    if given:
        raise click.UsageError(
            f"Put the options after it: chantier alerts {ctx.invoked_subcommand}"
        )


def show_alerts(found: Sequence[Alert], site: Site) -> None:
    """The alerts as a table: what is open first, the newest first."""
    from rich.text import Text

    from chantier.words import TABLE

    words = TABLE[site.site.language]
    if not found:
        say(words["none"])
        return
    newest = sorted(found, key=lambda alert: alert.opened_at, reverse=True)
    table(
        [words[key] for key in ("severity", "machine", "code", "opened", "closed", "sentence")],
        [
            (
                Text(words[alert.severity], style=COLOURS[alert.severity]),
                alert.machine,
                alert.code,
                _local(alert.opened_at, site),
                _local(alert.closed_at, site) or Text(words["open"], style="bold"),
                (alert.sentence.partition(": ")[2] or alert.sentence)
                + (f" ({words['late']})" if alert.found_late else ""),
            )
            for alert in sorted(newest, key=lambda alert: alert.closed_at is not None)
        ],
    )


def _follow(read: Callable[[], list[Alert]], site: Site, *, as_json: bool) -> None:
    from chantier.words import TABLE

    words = TABLE[site.site.language]
    known: dict[str, tuple[str, str | None]] = {}
    while True:
        for alert in read():
            state = (alert.severity, alert.closed_at)
            if known.get(alert.id) == state:
                continue
            known[alert.id] = state
            if as_json:
                click.echo(json.dumps(alert.as_dict(), ensure_ascii=False))
            else:
                when = _local(alert.closed_at or alert.last_seen_at, site)
                what = words["done" if alert.closed_at else "open"]
                click.echo(
                    f"{when}  {what:8}  {words[alert.severity]:13}  {clean(alert.sentence)}"
                )
        time.sleep(FOLLOW_S)


def _local(at: str | None, site: Site) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from chantier.words import TABLE

    if at is None:
        return ""
    when = datetime.fromisoformat(at).astimezone(ZoneInfo(site.site.timezone))
    return when.strftime(TABLE[site.site.language]["time"])
