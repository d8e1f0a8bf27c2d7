"""Machines that get in no more: revoked, or removed altogether.

A revoked certificate stays attached to its thing: the thing is taken, and whoever has the
site's claim cannot enrol under that name. `chantier machine add ID` ends that.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from typing import NamedTuple

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.identity import ABOUT_FILE, noted_arn
from chantier.machines.cutting import Cut, cut
from chantier.machines.retiring import (
    SITE_ATTRIBUTE,
    certificate_id,
    close_door,
    delete_thing,
    principals_of,
    retire,
)
from chantier.machines.yard import Yard


class Revoked(NamedTuple):
    """A machine that gets in no more.

    Attributes:
        machine: machine id.
        certificates: ids of its certificates, revoked now or before.
        now: how many of them opened the door until now.
        session: what became of its session.
    """

    machine: str
    certificates: tuple[str, ...]
    now: int
    session: Cut


class Removed(NamedTuple):
    """A machine that AWS IoT knows no more.

    Attributes:
        machine: machine id.
        certificates: ids of its certificates, deleted.
        thing: whether its thing was deleted.
        why: why its thing stays, as a clause; else empty.
        files: whether there were files on this computer, deleted.
    """

    machine: str
    certificates: tuple[str, ...]
    thing: bool
    why: str
    files: bool


def revoke(yard: Yard, machine: str) -> Revoked:
    """Revoke every certificate of a machine, then end its session.

    Raises:
        ChantierError: it has no certificate.
    """
    arns = principals_of(yard.iot, machine)
    if not arns:
        raise ChantierError(
            f"{machine} has no certificate in AWS IoT: there is nothing to revoke.",
            f"What is known of it: chantier machine show {machine}",
        )
    now = sum(close_door(yard.iot, arn, status="REVOKED") for arn in arns)
    ids = tuple(certificate_id(arn) for arn in arns)
    return Revoked(machine, ids, now, cut(yard.data, machine))


def remove(yard: Yard, machine: str, *, in_stack: Collection[str]) -> Removed:
    """Take a machine out of AWS IoT: certificates, session, thing; and its files here.

    Args:
        yard: the site's machines.
        machine: machine id.
        in_stack: names of the things that CloudFormation keeps.
    """
    at = yard.papers(machine)
    # The one that is noted here may have lost its thing to an interrupted removal.
    noted = noted_arn(at / ABOUT_FILE)
    arns = {*principals_of(yard.iot, machine), *([noted] if noted else ())}
    ended = [retire(yard.iot, arn, things=[machine], policies=[yard.policy]) for arn in arns]
    if arns:
        cut(yard.data, machine)
    gone = False
    if machine in in_stack:
        why = "it is part of the stack; take it out of the site file and deploy, then again"
    else:
        gone = delete_thing(yard.iot, machine, site=yard.site.name)
        why = "" if gone else "it is not a thing of this site"
    files = at.exists()
    shutil.rmtree(at, ignore_errors=True)
    deleted = tuple(one.certificate_id for one in ended if not one.why)
    return Removed(machine, deleted, gone, why, files)


def is_of_site(yard: Yard, machine: str) -> bool:
    """Whether AWS IoT has a thing of that name that says it is the site's."""
    try:
        found = yard.iot.describe_thing(thingName=machine)
    except yard.iot.exceptions.ResourceNotFoundException:
        return False
    return bool(found.get("attributes", {}).get(SITE_ATTRIBUTE) == yard.site.name)


def things_in_stack(cloud: Cloud, stack: str) -> set[str]:
    """Names of the things that a stack holds."""
    pages = (
        cloud.client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=stack)
    )
    return {
        str(one["PhysicalResourceId"])
        for page in pages
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == "AWS::IoT::Thing"
    }
