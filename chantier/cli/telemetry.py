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


def show_report(report: dict[str, object], *, as_json: bool) -> None:
    """What a run sent; exits with 1 if not all of it was acknowledged."""
    if as_json:
        answer(report)
    else:
        for name, value in report.items():
            click.echo(f"{name} = {_plain(value)}")
    if report["sent"] != report["acknowledged"]:
        say("Some messages were not acknowledged.")
        raise click.exceptions.Exit(1)


def _plain(value: object) -> str:
    """A value of a report on one line; nothing for what is empty."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(map(_plain, value)) or "none"
    return str(value)
