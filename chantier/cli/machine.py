"""chantier machine: the identity of each machine, and its services."""

from __future__ import annotations

from pathlib import Path

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
from chantier.cli.show import answer, say, table


@click.group()
def machine() -> None:
    """Machines: their certificates, their services."""


@machine.command()
@click.argument("machine_id", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every machine of the site file.")
@site_option
@local_option
@json_option
def add(
    machine_id: str | None, site_path: Path, *, everyone: bool, local: bool, as_json: bool
) -> None:
    """Give a machine its key, certificate and thing."""
    from chantier.fleet import chosen, enrol_all

    if everyone == bool(machine_id):
        raise click.UsageError("Name one machine, or --all.")
    site = load(site_path)
    machines = chosen(site, machine_id)
    cloud = cloud_for(site_path, site, local=local)
    if local:
        claim(site_path)
    identities = enrol_all(cloud, site, machines, home=home(site_path), say=say)
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


@machine.command("list")
@site_option
@local_option
@json_option
def list_machines(site_path: Path, *, local: bool, as_json: bool) -> None:
    """Show the machines of the site file, and which have a certificate here."""
    from chantier.fleet import listed

    rows = listed(load(site_path), home=home(site_path), cloud_name="local" if local else "aws")
    if as_json:
        answer(rows)
        return
    table(
        ("id", "class", "label", "zone", "V", "certificate"),
        [
            (
                row["id"],
                row["class"],
                row["label"] or "",
                row["zone"] or "",
                str(row["voltage"]),
                "yes" if row["certificate"] else "-",
            )
            for row in rows
        ],
    )


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
