"""chantier alerts: what needs somebody's attention."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, clean, say, table

if TYPE_CHECKING:
    from chantier.records import Alert
    from chantier.site import Site

FOLLOW_S = 1.0
COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


@click.command()
@site_option
@local_option
@json_option
@click.option("--open", "only_open", is_flag=True, help="Leave out what has closed.")
@click.option("--follow", is_flag=True, help="Keep watching; one line a change, until Ctrl-C.")
def alerts(site_path: Path, *, local: bool, as_json: bool, only_open: bool, follow: bool) -> None:
    """Show the site's alerts, in its language and time zone."""
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
        show_alerts(read(), site)


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
        [words[key] for key in ("severity", "machine", "opened", "closed", "sentence")],
        [
            (
                Text(words[alert.severity], style=COLOURS[alert.severity]),
                alert.machine,
                _local(alert.opened_at, site),
                _local(alert.closed_at, site) or Text(words["open"], style="bold"),
                alert.sentence.partition(": ")[2] or alert.sentence,
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
