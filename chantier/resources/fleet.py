"""Who the machines are: thing type, thing group, and the policy of every certificate."""

from __future__ import annotations

import awacs.iot
from awacs.aws import Allow, Bool, Condition, PolicyDocument, Statement
from troposphere.iot import (
    Policy,
    ThingGroup,
    ThingGroupProperties,
    ThingType,
    ThingTypeProperties,
)

from chantier.resources.policies import VERSION, regional_arn
from chantier.site import Site
from chantier.telemetry import ingest_topic

# AWS IoT fills it in at connect time; `!` keeps CloudFormation from doing so.
THING = "${!iot:Connection.Thing.ThingName}"


def thing_type(site: Site) -> ThingType:
    """The type of every machine of the site, with the attributes to search by."""
    return ThingType(
        "MachineType",
        ThingTypeName=f"chantier-{site.name}-machine",
        ThingTypeProperties=ThingTypeProperties(
            ThingTypeDescription=f"Construction machine of {site.name}",
            SearchableAttributes=["site", "class"],
        ),
    )


def thing_group(site: Site) -> ThingGroup:
    """The group of every machine of the site."""
    return ThingGroup(
        "MachineGroup",
        ThingGroupName=f"chantier-{site.name}-machines",
        ThingGroupProperties=ThingGroupProperties(
            ThingGroupDescription=f"Machines of {site.name}"
        ),
    )


def machine_policy(site: Site) -> Policy:
    """What a machine's certificate may do: connect as itself and send its own telemetry.

    It subscribes to nothing. The thing must be attached to the certificate, so
    that a client cannot take another machine's name.
    """
    return Policy(
        "MachinePolicy",
        PolicyName=f"chantier-{site.name}-machine",
        PolicyDocument=PolicyDocument(
            Version=VERSION,
            Statement=[
                Statement(
                    Sid="ConnectAsItself",
                    Effect=Allow,
                    Action=[awacs.iot.Connect],
                    Resource=[regional_arn("iot", f"client/{THING}")],
                    Condition=Condition(Bool({"iot:Connection.Thing.IsAttached": True})),
                ),
                Statement(
                    Sid="SendItsOwnTelemetry",
                    Effect=Allow,
                    Action=[awacs.iot.Publish],
                    Resource=[regional_arn("iot", f"topic/{ingest_topic(site.name, THING)}")],
                ),
            ],
        ),
    )
