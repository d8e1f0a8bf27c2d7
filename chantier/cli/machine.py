"""chantier machine: the identity of each machine, and its services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import (
    claim,
    cloud_for,
    home,
    json_option,
    load,
    local_option,
    site_option,
)
from chantier.cli.show import answer, say

if TYPE_CHECKING:
    from chantier.cloud import Cloud
    from chantier.site import Machine, Site


@click.group()
def machine() -> None:
    """Machines: their certificates, their services."""


@machine.command()
@click.argument("machine_id", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every machine of the site file.")
@click.option(
    "--from",
    "csv_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="First add the machines of a CSV file to the site file; these get theirs.",
)
@site_option
@local_option
@json_option
def add(  # noqa: PLR0913 - click hands over every option
    machine_id: str | None,
    csv_path: Path | None,
    site_path: Path,
    *,
    everyone: bool,
    local: bool,
    as_json: bool,
) -> None:
    """Give machines their key, certificate and thing."""
    from chantier.fleet import chosen, enrol_all

    if sum((everyone, bool(machine_id), bool(csv_path))) != 1:
        raise click.UsageError("Name one machine, or --all, or --from FILE.")
    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    machines = _grown(cloud, site, site_path, csv_path) if csv_path else chosen(site, machine_id)
    if local:
        claim(site_path)
    identities = (
        enrol_all(cloud, site, machines, home=home(site_path), say=say, pardon=not everyone)
        if machines
        else []
    )
    if as_json:
        answer(
            [
                {
                    "id": one.machine,
                    "created": one.created,
                    "certificate": str(one.certificate),
                    "certificate_arn": one.certificate_arn,
                }
                for one in identities
            ]
        )


def _grown(cloud: Cloud, site: Site, site_path: Path, csv_path: Path) -> tuple[Machine, ...]:
    """The machines of a CSV file, now in the site file too; none if they cannot be enrolled."""
    from chantier.machines.adding import add_to_site
    from chantier.stack import is_deployed

    # Asked first: nothing is written where AWS does not answer.
    deployed = is_deployed(cloud, site.name)
    machines = add_to_site(csv_path, site_path)
    local = " --local" if cloud.name == "local" else ""
    say(f"{site_path}: {len(machines)} machines added at its end.")
    say(f"Detection knows them after: chantier deploy{local}")
    if not deployed:
        say(f"Then give them their certificates: chantier machine add --all{local}")
    return machines if deployed else ()


@machine.command()
@click.argument("machine_id", metavar="ID")
@click.option("--hours", type=float, required=True, help="What the hour meter showed.")
@site_option
@local_option
@json_option
def service(machine_id: str, hours: float, site_path: Path, *, local: bool, as_json: bool) -> None:
    """Note that a service was done; its alert closes with the next reading."""
    from chantier.acknowledging import log_machine_service
    from chantier.fleet import chosen
    from chantier.site_settings import rules_of
    from chantier.stack import outputs

    site = load(site_path)
    (one,) = chosen(site, machine_id)
    every_h = rules_of(site)[one.id].limits["SERVICE_DUE"]["every_h"]
    cloud = cloud_for(site_path, site, local=local)
    table_name = outputs(cloud, site.name)["AlertsTableName"]
    logged = log_machine_service(cloud, table_name, one.id, hours=hours, every_h=every_h)
    if as_json:
        answer(logged._asdict())
        return
    say(f"{one.id}: the service of {logged.counts_as:g} h is noted at {hours:g} h.")
    say(f"Its alert closes with the next reading; the next one is due at {logged.next_due:g} h.")
