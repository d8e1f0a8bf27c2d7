"""chantier replay: recorded machines that send."""

from __future__ import annotations

import math
from pathlib import Path

import click

from chantier.cli.options import cloud_for, home, json_option, load, local_option, site_option
from chantier.cli.show import answer, say


def positive(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """A speed that a clock can have; NaN is none."""
    if not 0 < value < math.inf:
        raise click.BadParameter("a number above 0, for example 60")
    return value


@click.command()
@click.argument("recording", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--machine", "machine_id", required=True, help="Which machine sends it.")
@click.option(
    "--speed",
    default=60.0,
    show_default=True,
    callback=positive,
    help="Times faster than recorded.",
)
@site_option
@local_option
@json_option
def replay(  # noqa: PLR0913 - one argument an option
    recording: Path,
    machine_id: str,
    speed: float,
    site_path: Path,
    *,
    local: bool,
    as_json: bool,
) -> None:
    """Send recorded readings (JSON Lines or CSV) as a machine."""
    from chantier.sending import replay_file

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    report = replay_file(
        cloud, site, recording, machine_id=machine_id, home=home(site_path), speed=speed
    )
    show_report(report, as_json=as_json)


def show_report(report: dict[str, object], *, as_json: bool, queue: Path | None = None) -> None:
    """What a run sent; exits with 1 if not all of it was acknowledged."""
    tell_report(report, as_json=as_json, queue=queue)
    if report["sent"] != report["acknowledged"]:
        raise click.exceptions.Exit(1)


def tell_report(report: dict[str, object], *, as_json: bool, queue: Path | None = None) -> None:
    """What a run sent, and where the rest is."""
    said = report.get("queue")
    waiting = said if isinstance(said, dict) else {}
    kept, dropped = waiting.get("on_disk", 0), waiting.get("dropped", 0)
    if kept:
        waiting["file"] = str(queue)
    if as_json:
        answer(report)
    else:
        for name, value in report.items():
            click.echo(f"{name} = {_plain(value)}")
    if report["sent"] == report["acknowledged"]:
        return
    if dropped:
        say(f"The queue was full: its {dropped:,} oldest messages were dropped.")
    if kept:
        say(f"{kept:,} messages wait in {queue}: the next chantier simulate sends them first.")
    elif not dropped:
        say("Some messages were not acknowledged.")


def _plain(value: object) -> str:
    """A value of a report on one line; nothing for what is empty."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(map(_plain, value)) or "none"
    return str(value)
