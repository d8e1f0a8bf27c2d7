"""chantier machine claim, enrol: machines that fetch their own certificate."""

from __future__ import annotations

from pathlib import Path

import click

from chantier.cli import options
from chantier.cli.show import answer, say


@click.command()
@click.option("--renew", is_flag=True, help="Make another; every one that there was is withdrawn.")
@options.site_option
@options.local_option
@options.json_option
def claim(site_path: Path, *, renew: bool, local: bool, as_json: bool) -> None:
    """Make the claim that boxes are sent out with; machines enrol themselves by it."""
    from chantier.claiming import make_claim
    from chantier.stack import outputs

    site, home = options.load(site_path), options.home(site_path)
    cloud = options.cloud_for(site_path, site, local=local)
    if local:
        options.claim(site_path)
    deployed = outputs(cloud, site.name)
    made = make_claim(cloud, site.name, outputs=deployed, home=home, renew=renew)
    say(f"{'New claim' if made.created else 'The claim'} of {site.name}; put it on each box:")
    say(f"  {made.at}/   claim.pem, claim.key, claim.json")
    say("Guard it: it admits, once, each machine of the site file. There, the machine runs")
    say("  chantier machine enrol ID --claim FOLDER")
    if as_json:
        answer({**made._asdict(), "at": str(made.at)})


@click.command()
@click.argument("machine_id", metavar="ID")
@click.option(
    "--claim",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The claim's folder; this project's own unless you say.",
)
@click.option("--serial", help="Its serial number; the site file's unless you say.")
@options.site_option
@options.local_option
@options.json_option
def enrol(  # noqa: PLR0913 - click hands over every option
    machine_id: str,
    folder: Path | None,
    serial: str | None,
    site_path: Path,
    *,
    local: bool,
    as_json: bool,
) -> None:
    """Enrol a machine as its box does: by claim, with a key made here."""
    from chantier.claiming import claims_folder, enrol_with_claim, read_claim

    site, home = options.load(site_path), options.home(site_path)
    cloud = options.cloud_for(site_path, site, local=local)
    found = read_claim(folder or claims_folder(home, cloud, site.name), site.name)
    if serial is None:
        serial = next((one.serial for one in site.machines if one.id == machine_id), None)
    made = enrol_with_claim(found, machine_id, serial=serial or "", home=home, cloud=cloud)
    say(f"{made.machine} is enrolled; its key and certificate lie in {made.key.parent}.")
    if as_json:
        answer({"id": made.machine, "certificate_arn": made.certificate_arn})
