"""chantier doctor: what must be right before the rest can work, each with its fix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import cloud_for, home, json_option, load, local_option, site_option
from chantier.cli.show import answer, marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chantier.doctor.finding import Finding

_MARKS = {
    "good": ("✓", "green"),
    "warning": ("!", "yellow"),
    "fault": ("✗", "red"),
    "skipped": ("-", "dim"),
}


@click.command()
@site_option
@local_option
@json_option
def doctor(site_path: Path, *, local: bool, as_json: bool) -> None:
    """Look for what would go wrong: versions, site file, credentials, clock, quotas, network.

    Exits with 1 if something is wrong; a warning is not.
    """
    found = list(_look(site_path, local=local))
    if as_json:
        answer([one._asdict() for one in found])
    else:
        marked((*_MARKS[one.verdict], one.what, one.text, one.fix) for one in found)
    if any(one.verdict == "fault" for one in found):
        raise click.exceptions.Exit(1)


def _look(site_path: Path, *, local: bool) -> Iterator[Finding]:
    from chantier.doctor import here
    from chantier.doctor.finding import FAULT, GOOD, SKIPPED, Finding
    from chantier.errors import ChantierError
    from chantier.identity import folder

    yield here.python()
    yield here.packages()
    try:
        site = load(site_path)
    except ChantierError as error:
        yield Finding("site file", FAULT, str(error), "Mend it; nothing else can be looked at.")
        return
    yield Finding("site file", GOOD, f"{site_path}: {len(site.machines)} machines")
    yield here.open_files(site)
    if local:
        yield here.local_room(home(site_path))
    try:
        cloud = cloud_for(site_path, site, local=local)
    except ChantierError as error:
        yield Finding("embedded AWS", FAULT, str(error), error.hint)
        return
    yield from here.identities(site, folder(home(site_path), cloud, site.name))
    if local:
        yield Finding("account", SKIPPED, "the embedded AWS has none: nothing to look at")
    else:
        from chantier.doctor.account import account

        yield from account(cloud, site)
    from chantier.doctor.network import network

    yield from network(cloud)
