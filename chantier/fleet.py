"""The machines of a site: choosing them, enrolling them, listing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.identity import CERTIFICATE_FILE, Identity, enrol, folder
from chantier.site import Machine, Site
from chantier.stack import outputs


def chosen(site: Site, machine_id: str | None) -> tuple[Machine, ...]:
    """One machine of the site by its id, or all of them for None.

    Raises:
        ChantierError: the site file names no such machine.
    """
    if machine_id is None:
        return site.machines
    found = tuple(machine for machine in site.machines if machine.id == machine_id)
    if not found:
        ids = [machine.id for machine in site.machines]
        close = get_close_matches(machine_id, ids, n=3) or ids[:5]
        raise ChantierError(
            f"The site file names no machine {machine_id!r}.",
            f"Did you mean {', '.join(close)}? All of them: chantier machine list",
        )
    return found


def enrol_all(
    cloud: Cloud,
    site: Site,
    machines: Sequence[Machine],
    *,
    home: Path,
    say: Callable[[str], None],
) -> list[Identity]:
    """Give each machine its identity; those that have a working one keep it."""
    deployed = outputs(cloud, site.name)
    identities = []
    for number, machine in enumerate(machines, 1):
        identity = enrol(cloud, site, machine, outputs=deployed, home=home)
        what = "new certificate" if identity.created else "has its certificate"
        say(f"  {number:>4}/{len(machines)}  {machine.id}  {what}")
        identities.append(identity)
    return identities


def listed(site: Site, *, home: Path, cloud_name: str) -> list[dict[str, Any]]:
    """The machines as JSON shows them."""
    at = folder(home, Cloud(name=cloud_name, region=site.site.region), site.name)
    return [
        {
            "id": machine.id,
            "class": machine.machine_class,
            "label": machine.label,
            "zone": machine.zone,
            "voltage": machine.voltage,
            "certificate": (at / machine.id / CERTIFICATE_FILE).is_file(),
        }
        for machine in site.machines
    ]
