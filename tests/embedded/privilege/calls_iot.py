"""The calls behind AWS IoT's actions: what registers a machine, and what asks after one."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any
from uuid import uuid4

from tests.embedded.privilege.ask import Ask, Call
from tests.embedded.privilege.stage import Stage


@cache
def _certificate(stage: Stage) -> dict[str, Any]:
    """A certificate that is attached to nothing."""
    return dict(stage.root("iot").create_keys_and_certificate(setAsActive=True))


def _thing(ask: Ask) -> str:
    """A thing that is there: the one that is asked about, or any."""
    named = ask.arn.partition(":thing/")[2].replace("*", "")
    name = named or f"proof-{ask.stage.size}"
    iot = ask.stage.root("iot")
    with suppress(iot.exceptions.ResourceAlreadyExistsException):
        iot.create_thing(thingName=name)
    return name


def _new_thing(ask: Ask) -> str:
    """A thing that is not there yet: the one that is asked about, or any."""
    return ask.arn.partition(":thing/")[2].replace("*", f"proof-{uuid4()}")


def _group(ask: Ask) -> str:
    if ":thinggroup/" in ask.arn:
        return ask.name
    return ask.stage.deployed.outputs["MachineGroupName"]


CALLS: dict[str, Call] = {
    "iot:CreateThing": Call(
        ("thing",), lambda ask: ask.by("iot").create_thing(thingName=_new_thing(ask))
    ),
    "iot:DescribeThing": Call(
        ("thing",), lambda ask: ask.by("iot").describe_thing(thingName=_thing(ask))
    ),
    "iot:UpdateThing": Call(
        ("thing",),
        lambda ask: ask.by("iot").update_thing(
            thingName=_thing(ask), attributePayload={"attributes": {"site": "proof"}}
        ),
    ),
    "iot:DeleteThing": Call(
        ("thing",), lambda ask: ask.by("iot").delete_thing(thingName=_thing(ask))
    ),
    "iot:ListThingPrincipals": Call(
        ("thing",), lambda ask: ask.by("iot").list_thing_principals(thingName=_thing(ask))
    ),
    "iot:AddThingToThingGroup": Call(
        ("thing", "thinggroup"),
        lambda ask: ask.by("iot").add_thing_to_thing_group(
            thingName=_thing(ask), thingGroupName=_group(ask)
        ),
    ),
    "iot:DescribeThingGroup": Call(
        ("thinggroup",),
        lambda ask: ask.by("iot").describe_thing_group(thingGroupName=ask.name),
    ),
    "iot:DescribeThingType": Call(
        ("thingtype",), lambda ask: ask.by("iot").describe_thing_type(thingTypeName=ask.name)
    ),
    "iot:GetPolicy": Call(("policy",), lambda ask: ask.by("iot").get_policy(policyName=ask.name)),
    "iot:CreatePolicy": Call(
        ("policy",),
        lambda ask: ask.by("iot").create_policy(policyName=ask.name, policyDocument="{}"),
    ),
    "iot:AttachThingPrincipal": Call(
        ("thing",),
        lambda ask: ask.by("iot").attach_thing_principal(
            thingName=_thing(ask), principal=_certificate(ask.stage)["certificateArn"]
        ),
    ),
    "iot:DescribeCertificate": Call(
        ("cert",),
        lambda ask: ask.by("iot").describe_certificate(
            certificateId=_certificate(ask.stage)["certificateId"]
        ),
    ),
    "iot:UpdateCertificate": Call(
        ("cert",),
        lambda ask: ask.by("iot").update_certificate(
            certificateId=_certificate(ask.stage)["certificateId"], newStatus="ACTIVE"
        ),
    ),
}

UNJUDGED: dict[str, Call] = {
    "iot:AttachPolicy": Call(
        ("cert",),
        lambda ask: ask.by("iot").attach_policy(
            policyName=ask.stage.deployed.outputs["MachinePolicyName"],
            target=_certificate(ask.stage)["certificateArn"],
        ),
    ),
}
"""As `calls.UNJUDGED`."""
