"""A machine's run judged in memory, message by message, as the cloud would judge it.

`chantier.detection` is used exactly as the functions use it: a message is heard
when it leaves, its readings are observed in their order, and time passes every
five minutes. Nothing here counts or compares; it tells what was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chantier.detection import Event, Memory, hear, observe, pass_time
from simulator.facts import Facts
from simulator.hand import Hand, OnStep
from simulator.incident import Expected

# The scheduled function looks for what no message tells this often, s.
PASS_S = 300
NOTIFIED = ("warning", "critical")


class Found(NamedTuple):
    """One alert of a machine, as it stood at the end of the run.

    Attributes:
        machine: machine id.
        code: the catalogue's code.
        fault: what tells it from others of its code; may be empty.
        severity: the worst that it reached.
        since: when its condition began, epoch seconds.
        opened_at: when it opened.
        told_at: when the cloud could first know.
        closed_at: when it closed; 0 when it did not.
        limit: of its level; None where there is none.
        severities: of its opening and of each time it got worse.
    """

    machine: str
    code: str
    fault: str
    severity: str
    since: int
    opened_at: int
    told_at: int
    closed_at: int
    limit: float | None
    severities: tuple[str, ...]

    @property
    def notified(self) -> int:
        """How often somebody's phone rang."""
        return sum(severity in NOTIFIED for severity in self.severities)


class Life(NamedTuple):
    """What one machine went through in a run.

    Attributes:
        machine: machine id.
        expected: what its incidents must lead to.
        found: what detection said, in order.
        facts: what really happened.
        limits: its numbers, by code.
        usual_kmh: how fast it is driven on an ordinary day.
    """

    machine: str
    expected: tuple[Expected, ...]
    found: tuple[Found, ...]
    facts: Facts
    limits: dict[str, dict[str, float]]
    usual_kmh: float


def rehearse(hand: Hand, on_step: OnStep = lambda _machine, _reading: None) -> Life:
    """Let a machine work through its run, and judge every message when it leaves.

    Args:
        hand: the machine.
        on_step: hears of each step of it, with what its sensors say then.

    Raises:
        ChantierError: an incident needs more than its tank holds.
    """
    facts, ledger, memory = Facts(), _Ledger(hand.profile.id), Memory()
    passes = hand.first + PASS_S
    for t, outgoing in hand.messages(facts, on_step):
        while passes <= t:
            memory, events = pass_time(memory, passes, hand.rules)
            ledger.enter(events, passes)
            passes += PASS_S
        memory, events = hear(memory, t)
        ledger.enter(events, t)
        for reading in outgoing.readings:
            memory, events = observe(memory, reading, hand.rules)
            ledger.enter(events, t)
    while passes <= hand.end:
        memory, events = pass_time(memory, passes, hand.rules)
        ledger.enter(events, passes)
        passes += PASS_S
    return Life(
        machine=hand.profile.id,
        expected=hand.expected(),
        found=tuple(ledger.alerts.values()),
        facts=facts,
        limits=hand.rules.limits,
        usual_kmh=max(hand.profile.kind.work_kmh[1], hand.profile.kind.travel_kmh[1]),
    )


class _Ledger:
    """The alerts of one machine, by what makes them one."""

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self.alerts: dict[tuple[str, str, int], Found] = {}

    def enter(self, events: Iterable[Event], t: int) -> None:
        """Write down what changed; `t` is when the cloud could know."""
        for event in events:
            name = (event.code, event.fault, event.opened_at)
            before = self.alerts.get(name)
            if before is None:
                self.alerts[name] = self._opened(event, t)
            elif event.kind == "close":
                self.alerts[name] = before._replace(closed_at=event.t)
            elif event.kind == "escalate":
                self.alerts[name] = before._replace(
                    severity=event.severity,
                    limit=event.limit,
                    severities=(*before.severities, event.severity),
                )

    def _opened(self, event: Event, t: int) -> Found:
        return Found(
            machine=self._machine,
            code=event.code,
            fault=event.fault,
            severity=event.severity,
            since=event.since,
            opened_at=event.opened_at,
            told_at=t,
            closed_at=0,
            limit=event.limit,
            severities=(event.severity,),
        )
