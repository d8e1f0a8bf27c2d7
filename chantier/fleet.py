"""The machines of a site: choosing them, enrolling them, listing them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.identity import CERTIFICATE_FILE, Identity, Shut, enrol, folder
from chantier.pacing import each, paced, told
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


def enrol_all(  # noqa: PLR0913 - keyword-only, the last with a default
    cloud: Cloud,
    site: Site,
    machines: Sequence[Machine],
    *,
    home: Path,
    say: Callable[[str], None],
    pardon: bool = True,
) -> list[Identity]:
    """Give each machine its identity, several at a time; those with a working one keep it.

    Args:
        cloud: where the site is deployed.
        site: the site.
        machines: some of its machines.
        home: the project's `.chantier` folder.
        say: receives a line a machine.
        pardon: new certificates for machines that were revoked, too; else they are left out.

    Raises:
        ChantierError: some could not be enrolled; the others were.
    """
    deployed, client = outputs(cloud, site.name), paced(cloud.client("iot"))
    numbers = itertools.count(1)

    def one(machine: Machine) -> Identity | None:
        try:
            identity = enrol(
                cloud, site, machine, outputs=deployed, home=home, client=client, pardon=pardon
            )
        except Shut as shut:
            say(f"  {next(numbers):>4}/{len(machines)}  {shut.message} {shut.hint}")
            return None
        what = "new certificate" if identity.created else "has its certificate"
        say(f"  {next(numbers):>4}/{len(machines)}  {machine.id}  {what}")
        return identity

    outcomes = each(one, machines)
    failed = [outcome for outcome in outcomes if outcome.error]
    if len(failed) == 1 and failed[0].error:
        raise failed[0].error
    if failed:
        raise ChantierError(
            "\n".join(
                (
                    f"{len(failed)} of {len(machines)} machines have no certificate:",
                    *(f"  {outcome.of.id}: {told(outcome.error)}" for outcome in failed),
                )
            ),
            "The others have theirs. Mend that, then run it again.",
        )
    return [outcome.made for outcome in outcomes if outcome.made]


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
