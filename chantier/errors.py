"""Every error that chantier raises on purpose.

    ChantierError
    +-- SiteError        the site file is wrong; carries every fault, not the first
    +-- Malformed        a telemetry message cannot be read; goes to quarantine
    +-- LocalError       the embedded AWS cannot start, answer or stop
    +-- StackError       CloudFormation ended badly; carries what failed first

A message says what happened and where; the hint is the next thing to type.
Nothing here imports anything.
"""

from __future__ import annotations


class ChantierError(Exception):
    """Something the caller can mend.

    Args:
        message: what happened, and where.
        hint: the next thing to do, as a sentence or a command; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class SiteError(ChantierError):
    """The site file is wrong: the author's fault.

    Args:
        message: which file.
        faults: one line a fault, each with its place, what was found, what is allowed.
    """

    def __init__(self, message: str, faults: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__("\n".join((message, *(f"  {fault}" for fault in faults))), hint)
        self.faults = faults


class Malformed(ChantierError):
    """A telemetry message cannot be read: the machine's fault.

    The message is the reason that the quarantine keeps beside the bytes.
    """


class LocalError(ChantierError):
    """The embedded AWS cannot start, answer or stop: this computer's fault."""


class StackError(ChantierError):
    """CloudFormation ended badly: the account's or the template's fault.

    Args:
        message: which stack, and the state it ended in.
        reasons: what failed first, one line a resource.
        status: the state it ended in; empty where nothing was begun.
        causes: the reasons as `chantier.deploying.failures.Failure`, where it was a resource.
    """

    def __init__(
        self,
        message: str,
        reasons: tuple[str, ...] = (),
        hint: str = "",
        *,
        status: str = "",
        causes: tuple[object, ...] = (),
    ) -> None:
        super().__init__("\n".join((message, *(f"  {reason}" for reason in reasons))), hint)
        self.reasons = reasons
        self.status = status
        self.causes = causes
