"""An incident: a scenario on a machine after a while, and the alert that must be found.

It reads what a person types and says the ground truth; what a scenario does is
in `scenarios`, when it can begin on a machine is decided in `shift`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from chantier.errors import ChantierError
from simulator.scenarios import SCENARIOS

_EXAMPLE = "surchauffe@EX-001+5m"
_FORM = re.compile(r"(?P<scenario>[^@+\s]+)@(?P<machine>[^@+\s]+)(?:\+(?P<after>[^@+\s]+))?")
_AFTER = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?")
_LISTED = 12


@dataclass(frozen=True)
class Incident:
    """A scenario to play.

    Attributes:
        scenario: a key of `SCENARIOS`.
        machine: machine id.
        after_s: seconds from the start of the run.
    """

    scenario: str
    machine: str
    after_s: int = 0

    def __str__(self) -> str:
        minutes, seconds = divmod(self.after_s, 60)
        after = f"{minutes}m{seconds}s" if seconds else f"{minutes}m"
        return f"{self.scenario}@{self.machine}+{after}"


class Expected(NamedTuple):
    """The alert that an incident must lead to: the ground truth.

    Attributes:
        machine: machine id.
        code: the catalogue's code.
        severity: the worst that it must reach.
        onset: when its cause begins, epoch seconds; the alert opens after that.
        closes: whether it must have closed by the end of the run.
        fault: what tells it from other alerts of its code; empty for any.
        by: the latest site time by which it must have opened, epoch seconds: its
            condition, the persistence of its rule, and one message unless it is urgent.
        over: when its cause has gone, epoch seconds.
        also: other codes that its cause leads to, rightly.
    """

    machine: str
    code: str
    severity: str
    onset: int
    closes: bool
    fault: str = ""
    by: int = 0
    over: int = 0
    also: tuple[str, ...] = ()


def parse(text: str, machines: Iterable[str]) -> Incident:
    """Read `scenario@machine+after`, for example `surchauffe@EX-001+5m`.

    Args:
        text: as typed; the time is hours, minutes and seconds as in 1h5m30s, 0 when left out.
        machines: the ids that there are.

    Raises:
        ChantierError: it is of another form, or names what is not known.
    """
    said = _FORM.fullmatch(text.strip())
    if said is None:
        raise ChantierError(
            f"{text!r} is not an incident.",
            f"Write scenario@machine+time, for example {_EXAMPLE}",
        )
    scenario = _known("scenario", said["scenario"], SCENARIOS, most=len(SCENARIOS))
    machine = _known("machine", said["machine"], machines, most=_LISTED)
    return Incident(scenario, machine, _seconds(said["after"]))


def _known(what: str, name: str, names: Iterable[str], *, most: int) -> str:
    there = tuple(names)
    if name in there:
        return name
    nearest = sorted(there, key=lambda one: _likeness(name, one), reverse=True)
    more = f" and {len(nearest) - most} more" if len(nearest) > most else ""
    raise ChantierError(
        f"There is no {what} {name!r}.", f"Known: {', '.join(nearest[:most])}{more}."
    )


def _likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, name.lower(), other.lower()).ratio()


def _seconds(text: str | None) -> int:
    if text is None:
        return 0
    said = _AFTER.fullmatch(text)
    if said is None or not any(said.groups()):
        raise ChantierError(
            f"{text!r} is not a time after the start.", "Write it as 5m, 90s, 1h or 1h5m30s."
        )
    hours, minutes, seconds = (int(part or 0) for part in said.groups())
    return hours * 3600 + minutes * 60 + seconds
