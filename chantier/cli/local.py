"""chantier local: the embedded AWS on this computer."""

from __future__ import annotations

from pathlib import Path

import click

from chantier.cli.options import home, json_option, load, local_home, site_option
from chantier.cli.show import answer, say


@click.group()
def local() -> None:
    """The embedded AWS: loopback only, no account."""


@local.command()
@site_option
@json_option
def up(site_path: Path, *, as_json: bool) -> None:
    """Start it; it stays up until `chantier local down`."""
    from chantier.identity import keep_out_of_git
    from chantier.local import status as read_status
    from chantier.local import up as start

    region = load(site_path).site.region
    keep_out_of_git(home(site_path))
    start(local_home(site_path), region=region, say=say)
    if as_json:
        answer(read_status(local_home(site_path)).as_dict())
    else:
        say("Next: chantier deploy --local")


@local.command()
@site_option
@json_option
def status(site_path: Path, *, as_json: bool) -> None:
    """Tell whether it runs, and where it listens."""
    from chantier.local import status as read_status

    told = read_status(local_home(site_path)).as_dict()
    if as_json:
        answer(told)
        return
    for name, value in told.items():
        click.echo(f"{name} = {value}")


@local.command()
@site_option
@click.option("--wipe", is_flag=True, help="Forget its data and its machines' certificates too.")
def down(site_path: Path, *, wipe: bool) -> None:
    """Stop it; its data stays unless --wipe."""
    from chantier.identity import forget
    from chantier.local import down as stop

    ran = stop(local_home(site_path), wipe=wipe)
    if wipe:
        forget(home(site_path), "local")
    say("The local AWS has stopped." if ran else "The local AWS was not running.")
