"""chantier status: how a deployed site is, on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chantier.health.part import Part

_MARKS = {"good": ("✓", "green"), "attention": ("!", "yellow"), "unknown": ("?", "dim")}


@click.command()
@click.option("--check", is_flag=True, help="Exit with 1 if something needs attention.")
@click.option("--drift", is_flag=True, help="Look for drift now; AWS takes some minutes.")
@site_option
@local_option
@json_option
def status(site_path: Path, *, check: bool, drift: bool, local: bool, as_json: bool) -> None:
    """Show how the site is: stack, machines, alerts, dead letters, data, alarms, spending.

    What cannot be asked says why. Machines are those that detection has heard, at most five
    minutes behind.
    """
    from chantier.health.checkup import checkup

    site = load(site_path)
    parts = checkup(cloud_for(site_path, site, local=local), site, drift=drift)
    if as_json:
        answer([one._asdict() for one in parts])
    else:
        _show(site.name, parts)
    if check and any(one.state == "attention" for one in parts):
        raise click.exceptions.Exit(1)


def _show(site: str, parts: Sequence[Part]) -> None:
    click.secho(site, bold=True)
    marked((*_MARKS[one.state], one.name, one.text, one.hint) for one in parts)
