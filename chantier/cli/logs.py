"""chantier logs: what the functions of a site say."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import clean, say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from chantier.logs import Line

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_HIDDEN = ("machine", "began_at", "arrived_at", "stored_at", "ended_at")


def seconds(_context: click.Context, _option: click.Parameter, value: str) -> int:
    """A length of time, written `30m`, `1h`, `2d`."""
    said = re.fullmatch(r"([1-9]\d{0,5})([smhd])", value)
    if said is None:
        raise click.BadParameter("write it as 30m, 1h or 2d")
    return int(said[1]) * _UNITS[said[2]]


@click.command()
@click.argument("functions", metavar="[FUNCTION]...", nargs=-1)
@click.option("--since", "since_s", default="1h", show_default=True, callback=seconds)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--errors", is_flag=True, help="Only what went wrong.")
@click.option("--all", "everything", is_flag=True, help="Lambda's START, END and REPORT too.")
@site_option
@local_option
@json_option
def logs(  # noqa: PLR0913 - one argument an option
    functions: tuple[str, ...],
    site_path: Path,
    *,
    since_s: int,
    follow: bool,
    errors: bool,
    everything: bool,
    local: bool,
    as_json: bool,
) -> None:
    """Show what the site's functions logged: detect, watch, aggregate, enrol; all for none.

    With --json one object a line.
    """
    from zoneinfo import ZoneInfo

    from chantier.logs import lines, log_groups
    from chantier.stack import outputs, stack_name

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    outputs(cloud, site.name)
    groups = log_groups(cloud, stack_name(site.name), functions)
    zone, shown = ZoneInfo(site.site.timezone), 0
    since_ms = int((time.time() - since_s) * 1000)
    for line in lines(cloud, groups, since_ms=since_ms, follow=follow):
        if line.is_trouble if errors else everything or not line.is_lambdas:
            shown += 1
            click.echo(_as_json(line) if as_json else _as_text(line, zone))
    if not shown:
        say("Nothing was logged in that time." if not errors else "Nothing went wrong.")


def _as_json(line: Line) -> str:
    said = line.said
    body: dict[str, Any] = {"at_ms": line.at_ms, "function": line.function}
    return json.dumps(body | ({"text": line.text} if said is None else {"said": said}))


def _as_text(line: Line, zone: ZoneInfo) -> str:
    from datetime import datetime

    clock = datetime.fromtimestamp(line.at_ms / 1000, zone).strftime("%d/%m %H:%M:%S")
    said = line.said
    text = line.text.expandtabs(2) if said is None else _sentence(said)
    return f"{clock}  {line.function:<9}  {clean(text)}"


def _sentence(said: dict[str, Any]) -> str:
    """One of our own lines for people: whose it is, what it tells, how long it took."""
    parts = [str(said["machine"])] if said.get("machine") else []
    for name, value in said.items():
        if name not in _HIDDEN and value not in (None, "", [], {}, False):
            shown = value if isinstance(value, str | int | float) else json.dumps(value)
            parts.append(f"{name}={shown}")
    begun, done = said.get("began_at"), said.get("stored_at", said.get("ended_at"))
    if isinstance(begun, int | float) and isinstance(done, int | float):
        parts.append(f"{done - begun:.0f} ms")
    return "  ".join(parts)
