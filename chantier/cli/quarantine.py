"""chantier quarantine: messages that could not be read, and why."""

from __future__ import annotations

from pathlib import Path

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, say, table


@click.command()
@site_option
@local_option
@json_option
def quarantine(site_path: Path, *, local: bool, as_json: bool) -> None:
    """List the messages that could not be read, with the reason."""
    from chantier.raw import quarantine as read_quarantine
    from chantier.stack import outputs

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    kept = read_quarantine(cloud, outputs(cloud, site.name)["DataBucketName"])
    if as_json:
        answer([one._asdict() for one in kept])
    elif kept:
        table(
            ("machine", "at", "reason", "message"),
            [(k.machine, k.at, k.reason, k.message[:40]) for k in kept],
        )
    else:
        say("Nothing is in quarantine.")
