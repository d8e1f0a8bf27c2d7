"""What is known of machines: in the site file, on this computer, and in AWS IoT.

A fleet is asked about by listings, a few calls a thousand machines; a certificate whose
ARN is not noted here costs one call more, at ten a second.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chantier.identity import ABOUT_FILE, CERTIFICATE_FILE, KEY_FILE, PRIVATE, noted_arn
from chantier.machines.cutting import Line, line_of
from chantier.machines.retiring import (
    GONE,
    LONG,
    certificate_id,
    code,
    policies_of,
    principals_of,
    targets_of,
    things_of,
    things_of_site,
)
from chantier.machines.yard import Yard
from chantier.pacing import Tick, each
from chantier.site import Machine

# An answer for everybody costs a call for each; beyond this many nobody is asked.
MAX_LINES = 500


class Papers(NamedTuple):
    """A machine's files on this computer.

    Attributes:
        at: their folder.
        arn: of the certificate, as noted beside it; empty without one.
        expires_at: of the certificate file; None without a readable one.
        key: whether the private key is here.
        private: whether nobody else may read it: mode 0600.
    """

    at: Path
    arn: str
    expires_at: datetime | None
    key: bool
    private: bool


class Certificate(NamedTuple):
    """A certificate in AWS IoT.

    Attributes:
        id: 64 hexadecimal digits.
        arn: of it.
        status: ACTIVE, INACTIVE, REVOKED ...
        created_at: when AWS issued it.
        expires_at: the end of its validity; None if AWS does not say.
        policies: names of those attached; None if that was not asked.
        here: whether its files are on this computer.
    """

    id: str
    arn: str
    status: str
    created_at: datetime | None
    expires_at: datetime | None
    policies: tuple[str, ...] | None
    here: bool


class State(NamedTuple):
    """A machine, as far as is known.

    Attributes:
        machine: as the site file has it.
        papers: what is on this computer.
        thing: whether AWS IoT has a thing of its name.
        certificates: that are attached to it.
        line: whether it is connected.
    """

    machine: Machine
    papers: Papers
    thing: bool
    certificates: tuple[Certificate, ...]
    line: Line


def papers_of(at: Path) -> Papers:
    """What lies on this computer for a machine, in its folder."""
    key = at / KEY_FILE
    mode = stat.S_IMODE(key.stat().st_mode) if key.is_file() else None
    return Papers(
        at, noted_arn(at / ABOUT_FILE), _end(at / CERTIFICATE_FILE), key.is_file(), mode == PRIVATE
    )


def states(
    yard: Yard, machines: Sequence[Machine], *, tick: Tick = lambda _done, _there: None
) -> list[State]:
    """What is known of many machines, by as few calls as there are pages.

    Args:
        yard: the site's machines.
        machines: some of them.
        tick: receives how many certificates were looked at one by one, and how many are to be.
    """
    iot, policy = yard.iot, yard.policy
    known, things = _certificates(iot), set(things_of_site(iot, yard.site.name))
    papers = {one.id: papers_of(yard.papers(one.id)) for one in machines}
    bearers = _bearers(iot, policy, papers, tick)
    lines: dict[str, Line] = {}
    if len(machines) <= MAX_LINES:
        answers = each(lambda one: line_of(yard.data, one.id), machines)
        lines = {one.of.id: one.made or Line(None, why=str(one.error)) for one in answers}
    unknown = Line(None, why=f"more than {MAX_LINES} machines: ask for one by `machine show`")
    return [
        State(
            one,
            papers[one.id],
            one.id in things,
            tuple(_brief(arn, known, papers[one.id], policy) for arn in bearers.get(one.id, ())),
            lines.get(one.id, unknown),
        )
        for one in machines
    ]


def _bearers(
    iot: Any, policy: str, papers: Mapping[str, Papers], tick: Tick
) -> dict[str, list[str]]:
    """The certificates with the machines' policy, by machine; those noted here cost no call."""
    noted = {one.arn: machine for machine, one in papers.items() if one.arn}
    targets = targets_of(iot, policy)
    asked = each(
        lambda arn: things_of(iot, arn), [arn for arn in targets if arn not in noted], tick=tick
    )
    bearers: dict[str, list[str]] = {}
    for arn in targets:
        if arn in noted:
            bearers.setdefault(noted[arn], []).append(arn)
    for one in asked:
        for thing in one.made or ():
            bearers.setdefault(thing, []).append(one.of)
    return bearers


def state(yard: Yard, machine: Machine) -> State:
    """Everything that is known of one machine."""
    iot, papers = yard.iot, papers_of(yard.papers(machine.id))
    try:
        found = iot.describe_thing(thingName=machine.id)
    except ClientError as error:
        if code(error) not in GONE:
            raise
        found = {}
    whole = found.get("attributes", {}).get("site") == yard.site.name
    arns = principals_of(iot, machine.id) if whole else []
    certificates = tuple(_whole(iot, arn, papers) for arn in arns)
    return State(machine, papers, whole, certificates, line_of(yard.data, machine.id))


def _whole(iot: Any, arn: str, papers: Papers) -> Certificate:
    told = iot.describe_certificate(certificateId=certificate_id(arn))["certificateDescription"]
    end = told.get("validity", {}).get("notAfter") or _end_of(told["certificatePem"].encode())
    return Certificate(
        told["certificateId"],
        arn,
        told["status"],
        told.get("creationDate"),
        end,
        tuple(policies_of(iot, arn)),
        arn == papers.arn,
    )


def _brief(arn: str, known: Mapping[str, Any], papers: Papers, policy: str) -> Certificate:
    told = known.get(arn, {})
    here = arn == papers.arn
    return Certificate(
        certificate_id(arn),
        arn,
        str(told.get("status", "UNKNOWN")),
        told.get("creationDate"),
        papers.expires_at if here else None,
        (policy,),
        here,
    )


def _certificates(iot: Any) -> dict[str, Any]:
    pages = iot.get_paginator("list_certificates").paginate(PaginationConfig=LONG)
    return {str(one["certificateArn"]): one for page in pages for one in page["certificates"]}


def _end(path: Path) -> datetime | None:
    try:
        return _end_of(path.read_bytes())
    except OSError:
        return None


def _end_of(pem: bytes) -> datetime | None:
    from cryptography import x509  # noqa: PLC0415 - 40 ms that only this needs

    try:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc.astimezone(UTC)
    except ValueError:
        return None
