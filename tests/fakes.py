"""The alerts table in memory: what the live path and settling write, and nothing of how."""

from __future__ import annotations

from collections.abc import Iterable

from chantier.comparing import WRITTEN, Change, Span, Stored, compare
from chantier.detection import Event, Memory, Rules, hear, material, observe
from chantier.detection.memory import worth_telling
from chantier.functions.alerts import alert_of
from chantier.functions.keeping import last_of_each_life
from chantier.records import Alert
from chantier.telemetry import Reading

MACHINE = "EX-001"


class Shelf:
    """One machine's memory and alerts, by key.

    Args:
        rules: its numbers.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.memory = Memory()
        self.held: dict[str, Stored] = {}

    def judge(self, message: Iterable[Reading], arrived: int) -> None:
        """One message, as the detect function takes it."""
        memory, told = hear(self.memory, arrived)
        for reading in sorted(message, key=lambda one: (one.t, one.seq)):
            memory, events = observe(memory, reading, self.rules)
            told += events
        if material(self.memory, memory, told):
            worth = worth_telling(self.memory, memory, last_of_each_life(told))
            self.memory = memory
            for event in worth:
                alert = spoken(event)
                self.held[alert.key] = Stored(alert)

    def settle(self, lives: Iterable[Alert], span: Span) -> tuple[Change, ...]:
        """Compare and carry out; what was compared."""
        changes = compare(lives, self.held.values(), span)
        for change in changes:
            if change.what in WRITTEN:
                for one in change.gone:
                    del self.held[one.alert.key]
                self.held[change.alert.key] = Stored(change.alert, change.told_at)
        return changes


def spoken(event: Event) -> Alert:
    """The alert after an event, without a sentence."""
    return alert_of(event, machine=MACHINE, site="site", said="")
