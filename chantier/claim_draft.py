"""A machine's identity while it is being claimed: a folder beside the place where it will lie.

The private key is in it alone, and a machine is admitted once: from the moment a
certificate is issued the draft is all that can finish an enrolment that was interrupted.
It goes when AWS IoT has refused it, or by becoming the identity. One process at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chantier.errors import ChantierError
from chantier.identity import CERTIFICATE_FILE, KEY_FILE, match, write_private
from simulator.claim import Issued

ISSUED_FILE = "issued.json"


@contextmanager
def drafting(at: Path, machine: str) -> Iterator[Path]:
    """The folder of a machine's draft, made if need be, for this process alone.

    Args:
        at: where the machine's identity will lie.
        machine: its id.

    Raises:
        ChantierError: another process is claiming the machine's identity.
    """
    draft = at.with_name(f".{machine}.claiming")
    draft.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(draft, os.O_RDONLY)
    try:
        if not _mine(held, draft):
            raise ChantierError(
                f"{machine} is being enrolled here by another command.",
                "Wait until that one has ended; if it did not enrol the machine, run this again.",
            )
        yield draft
    finally:
        os.close(held)


def _mine(held: int, draft: Path) -> bool:
    """Whether nobody else holds the folder, and it still is the one that lies there."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(held), draft.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def begin(draft: Path, key: bytes) -> None:
    """Begin anew, with another key."""
    # Without this file the others count for nothing.
    (draft / ISSUED_FILE).unlink(missing_ok=True)
    write_private(draft / KEY_FILE, key)


def keep(draft: Path, issued: Issued) -> None:
    """Keep what AWS IoT issued for the draft's key."""
    write_private(draft / CERTIFICATE_FILE, issued.certificate.encode())
    facts = {"certificate_id": issued.certificate_id, "token": issued.token}
    write_private(draft / ISSUED_FILE, (json.dumps(facts, indent=2) + "\n").encode())


def issued_before(draft: Path) -> Issued | None:
    """What was issued for the draft's key by a run that did not come to its end."""
    key, certificate = draft / KEY_FILE, draft / CERTIFICATE_FILE
    try:
        facts = json.loads((draft / ISSUED_FILE).read_text("utf-8"))
        said = str(facts["certificate_id"]), str(facts["token"])
        issued = Issued(*said, certificate=certificate.read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return issued if match(key, certificate) else None
