"""What admits machines: the enrol function and its role."""

from __future__ import annotations

from typing import Any

import awacs.iot
from troposphere.awslambda import Function
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.sqs import Queue

from chantier.resources.functions import function, keep_failures, write_log
from chantier.resources.policies import allow, regional_arn, role
from chantier.site import Site

NAME = "enrol"
MEMORY_MB = 256
# AWS IoT waits no longer for a pre-provisioning hook.
TIMEOUT_S = 5
# Machine ids have no common beginning, and a role's 10,240 characters do not hold
# hundreds of them. The function looks at machines of the site file alone.
ANY_THING = regional_arn("iot", "thing/*")


def enrol_settings(site: Site) -> dict[str, Any]:
    """What the function must know: class and serial number of each machine."""
    classes: dict[str, dict[str, str]] = {}
    for machine in site.machines:
        classes.setdefault(machine.machine_class, {})[machine.id] = machine.serial or ""
    return {"site": site.name, "classes": classes}


def enrol_role(queue: Queue, log: LogGroup) -> Role:
    """What the function may do: see whether a machine is enrolled, and log."""
    return role(
        "EnrolRole",
        service="lambda.amazonaws.com",
        description="Lets the enrol function see which machines have a certificate, and log",
        statements=[
            allow("SeeWhoseTheThingIs", [awacs.iot.DescribeThing], [ANY_THING]),
            # AWS's service authorization reference names no resource for it: only * allows it.
            allow("SeeWhoIsEnrolled", [awacs.iot.ListThingPrincipals], ["*"]),
            keep_failures(queue),
            write_log(log),
        ],
    )


def enrol_function(site: Site, *, role: Role, log: LogGroup) -> Function:
    """The function itself."""
    return function(
        site,
        NAME,
        description="Says whether a machine with a claim may have its own certificate",
        role=role,
        log=log,
        memory_mb=MEMORY_MB,
        timeout_s=TIMEOUT_S,
        variables={},
        settings=enrol_settings(site),
    )
