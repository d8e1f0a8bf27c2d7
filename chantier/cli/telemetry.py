"""chantier replay: recorded machines that send."""

from __future__ import annotations

import math
from pathlib import Path

import click

from chantier.cli.options import cloud_for, home, json_option, load, local_option, site_option
from chantier.cli.run_report import show_report


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
