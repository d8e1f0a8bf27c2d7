"""A new key and certificate for a machine that goes on working.

    1  a key and a signing request are made here; AWS issues a certificate, inactive
    2  it is activated, and gets policy and thing
    3  it is proven: a session over mTLS, with the new papers, under the machine's name
    4  the files change places at one moment (`chantier.machines.swapping`)
    5  a session with the files as they lie; a running machine that loses its own comes back
       with what it finds there
    6  every other certificate of the thing is deactivated, detached and deleted

Until 4 the old papers lie there, from 4 on the new; both open the door until 6. So whatever
is interrupted, the machine gets in, and the next `rotate` goes on from where it stopped.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chantier.cloud import Broker
from chantier.errors import ChantierError
from chantier.identity import (
    ABOUT_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    PRIVATE,
    Identity,
    find,
    key_and_request,
    noted_arn,
    write_private,
)
from chantier.machines.retiring import certificate_id, principals_of, retire
from chantier.machines.swapping import NEW, settle, swap
from chantier.machines.yard import Yard
from simulator.link import Line, Link
from simulator.outbox import LinkLost

LOCK = ".rotating"
# A policy that was just attached may not be known everywhere yet.
PROOFS, PROOF_PAUSE_S = 6, 1.5


class Rotated(NamedTuple):
    """A rotation that is done.

    Attributes:
        machine: machine id.
        certificate_arn: of the new certificate.
        resumed: whether an earlier rotation was finished, instead of a new one begun.
        withdrawn: ids of the certificates that were deleted.
        kept: ids of those that still open the door, as asked.
    """

    machine: str
    certificate_arn: str
    resumed: bool
    withdrawn: tuple[str, ...]
    kept: tuple[str, ...]


def rotate(yard: Yard, machine: str, *, keep_old: bool = False) -> Rotated:
    """Give a machine a new key and certificate, and take the old one back.

    Args:
        yard: the site's machines.
        machine: id of one whose papers lie on this computer.
        keep_old: leave the old certificate open, for a box that has copies of its papers;
            `finish` takes it back.

    Raises:
        ChantierError: its papers are not here, or the new certificate does not get in; then
            the old one is untouched.
    """
    iot, at = yard.iot, yard.papers(machine)
    with _alone(at, machine):
        known = _need(yard, machine)
        resumed = _stopped(iot, at)
        if not resumed:
            _refuse_shut(iot, known)
            _draft(iot, at, machine, yard.site.name)
        arn = noted_arn(at / NEW / ABOUT_FILE)
        if arn != known.certificate_arn:
            _open(iot, arn, policy=yard.policy, thing=machine)
            try:
                _prove(yard.broker, at / NEW, machine)
            except ChantierError:
                # It was never anybody's: nothing but the attempt is lost.
                retire(iot, arn, things=[machine], policies=[yard.policy])
                shutil.rmtree(at / NEW)
                raise
            swap(at)
        _prove(yard.broker, at, machine)
        withdrawn, kept = _others(yard, machine, arn, keep=keep_old)
        settle(at)
    return Rotated(machine, arn, resumed, withdrawn, kept)


def finish(yard: Yard, machine: str) -> Rotated:
    """Take back every certificate of a machine but the one that lies here.

    Raises:
        ChantierError: its papers are not here, or do not open the door.
    """
    with _alone(yard.papers(machine), machine):
        known = _need(yard, machine)
        if not _works(yard.iot, known.certificate_arn, machine):
            raise ChantierError(
                f"The certificate of {machine} that lies here does not open the door: the "
                "others stay.",
                f"Look at them: chantier machine show {machine}",
            )
        withdrawn, kept = _others(yard, machine, known.certificate_arn, keep=False)
    return Rotated(machine, known.certificate_arn, resumed=True, withdrawn=withdrawn, kept=kept)


def _need(yard: Yard, machine: str) -> Identity:
    known = find(yard.home, yard.cloud, yard.site.name, machine)
    if known is None:
        raise ChantierError(
            f"The papers of {machine} are not on this computer.",
            "A key is changed where it lies: run this there. If it is lost, give the machine "
            f"another: chantier machine add {machine}",
        )
    return known


def _refuse_shut(iot: Any, known: Identity) -> None:
    """A machine that may not get in stays out: a rotation is no pardon."""
    if not _works(iot, known.certificate_arn, known.machine):
        raise ChantierError(
            f"The certificate of {known.machine} does not open the door: it is revoked, or not "
            "its thing's.",
            f"If the machine may get in again: chantier machine add {known.machine}",
        )


def _stopped(iot: Any, at: Path) -> bool:
    """Whether a rotation stopped half-way, with a certificate that AWS still has."""
    arn = noted_arn(at / NEW / ABOUT_FILE)
    if arn:
        try:
            iot.describe_certificate(certificateId=certificate_id(arn))
        except iot.exceptions.ResourceNotFoundException:
            arn = ""
    if not arn:
        # What lies there leads nowhere; files that are links already are made plain first.
        settle(at)
    return bool(arn)


def _draft(iot: Any, at: Path, machine: str, site: str) -> None:
    """Step 1: the new papers in `.new`, its note last."""
    key, request = key_and_request(machine)
    write_private(at / NEW / KEY_FILE, key)
    # Inactive: if this stops here, nobody knows of it, and it opens nothing.
    made = iot.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=False)
    write_private(at / NEW / CERTIFICATE_FILE, made["certificatePem"].encode())
    about = {"machine": machine, "site": site, "certificate_arn": made["certificateArn"]}
    write_private(at / NEW / ABOUT_FILE, (json.dumps(about, indent=2) + "\n").encode())


def _open(iot: Any, arn: str, *, policy: str, thing: str) -> None:
    iot.attach_policy(policyName=policy, target=arn)
    iot.attach_thing_principal(thingName=thing, principal=arn)
    iot.update_certificate(certificateId=certificate_id(arn), newStatus="ACTIVE")


def _prove(broker: Broker, at: Path, machine: str) -> None:
    """A session with the papers of a folder; refused ones are tried again for a while."""
    line = Line(
        host=broker.host,
        port=broker.port,
        ca=broker.ca,
        certificate=at / CERTIFICATE_FILE,
        key=at / KEY_FILE,
        client_id=machine,
    )

    async def connect() -> None:
        async with Link(line, tries=2):
            pass

    for left in reversed(range(PROOFS)):
        try:
            asyncio.run(connect())
        except LinkLost as lost:
            if not left:
                raise ChantierError(
                    f"The new certificate of {machine} does not get in: {lost.message}",
                    "Nothing is lost: the old one still opens the door. Run it again later.",
                ) from lost
            time.sleep(PROOF_PAUSE_S)
        else:
            return


def _others(
    yard: Yard, thing: str, arn: str, *, keep: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the other certificates that were withdrawn, and of those that were kept."""
    others = [other for other in principals_of(yard.iot, thing) if other != arn]
    if keep:
        return (), tuple(certificate_id(other) for other in others)
    ended = [retire(yard.iot, other, things=[thing], policies=[yard.policy]) for other in others]
    return (
        tuple(one.certificate_id for one in ended if not one.why),
        tuple(one.certificate_id for one in ended if one.why),
    )


def _works(iot: Any, arn: str, thing: str) -> bool:
    if arn not in principals_of(iot, thing):
        return False
    told = iot.describe_certificate(certificateId=certificate_id(arn))
    return bool(told["certificateDescription"]["status"] == "ACTIVE")


@contextmanager
def _alone(at: Path, machine: str) -> Iterator[None]:
    """One rotation of a machine at a time, on this computer."""
    if not at.is_dir():
        yield
        return
    lock = at / LOCK
    descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ChantierError(
            f"Another command is rotating {machine} at this moment.", "Wait until it is done."
        ) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)
