"""The machines of a site file as AWS IoT things, as many as a template can hold.

A thing is a name with attributes; what opens the door is its certificate, which no
template makes. So a thing outlives its line in the site file, and its stack: AWS refuses
to delete one that has a certificate, and taking both away is the operator's word, not a
side effect of a deployment. One that is there already, left behind or made by `machine
add`, is taken into the stack by `chantier deploy` (ImportExistingResources, which asks
for a literal name and for this deletion policy).
"""

from __future__ import annotations

from troposphere.iot import AttributePayload, Thing

from chantier.site import Machine, Site

# CloudFormation takes 500 resources a stack. The rest of the template needs under 120,
# and the user's own keep 80; it is also what still deploys in minutes.
MAX_THINGS = 300
PREFIX = "Thing"
# Logical ids are letters and digits alone. One letter begins each pair, itself too, so
# that no two ids meet: EX-1, EX_1, EX1 and EXzd1 stay apart.
PAIRS = str.maketrans({"-": "zd", "_": "zu", "z": "zz"})


def logical_id(machine_id: str) -> str:
    """The logical id of a machine's thing; it depends on nothing but the machine's id."""
    return PREFIX + machine_id.translate(PAIRS)


def attributes(site: Site, machine: Machine) -> dict[str, str]:
    """What a thing says of its machine, as `chantier.identity` writes it too."""
    return {"site": site.name, "class": machine.machine_class}


def things(site: Site) -> list[Thing]:
    """A thing for each machine of the site.

    None for a site of size "fleet", and none for one with more than `MAX_THINGS`
    machines: there `chantier machine add` makes the thing, or the machine itself does
    when it enrols by claim. CloudFormation gives a thing no type; both of these do.
    """
    if site.site.size == "fleet" or len(site.machines) > MAX_THINGS:
        return []
    return [
        Thing(
            logical_id(machine.id),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
            ThingName=machine.id,
            AttributePayload=AttributePayload(Attributes=attributes(site, machine)),
        )
        for machine in site.machines
    ]
