"""What really happened to a machine, whatever its sensors said and detection made of it.

A machine writes it down while it is stepped; who judges detection reads it, to
tell an alert that ordinary life explains from one that nothing explains.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass
class Facts:
    """The diary of one machine; every time in epoch seconds.

    Attributes:
        states: (from when, state), in order of time.
        refuels: when fuel came into the tank, in order of time.
        hours: (when, hour meter in h) at the first step and at the latest.
        cycles: how long each load cycle took, s.
    """

    states: list[tuple[int, str]] = field(default_factory=list)
    refuels: list[int] = field(default_factory=list)
    hours: list[tuple[int, float]] = field(default_factory=list)
    cycles: list[float] = field(default_factory=list)

    def entered(self, t: int, state: str) -> None:
        """It is in another state from now on."""
        self.states.append((t, state))

    def refuelled(self, t: int) -> None:
        """Fuel has come in."""
        self.refuels.append(t)

    def cycled(self, seconds: float) -> None:
        """It has gone through a load cycle."""
        self.cycles.append(seconds)

    def metered(self, t: int, hours: float) -> None:
        """Its hour meter says so much."""
        self.hours[1:] = [(t, hours)]
        self.hours[:1] = self.hours[:1] or [(t, hours)]

    def seconds_in(self, state: str, start: int, end: int) -> int:
        """How long it was in a state between two moments, s."""
        spells = [*self.states, (max(end, start), "")]
        first = max(bisect_right(spells, (start, "\uffff")) - 1, 0)
        return sum(
            max(min(after, end) - max(since, start), 0)
            for (since, now), (after, _) in zip(spells[first:-1], spells[first + 1 :], strict=True)
            if now == state
        )

    def refuelled_between(self, start: int, end: int) -> bool:
        """Whether fuel came in between two moments, both included."""
        at = bisect_right(self.refuels, end)
        return at > 0 and self.refuels[at - 1] >= start


class Forgotten(Facts):
    """The diary of a machine that nobody judges: it stays empty, however long it runs."""

    def entered(self, t: int, state: str) -> None:
        """Write nothing down."""

    def refuelled(self, t: int) -> None:
        """Write nothing down."""

    def cycled(self, seconds: float) -> None:
        """Write nothing down."""

    def metered(self, t: int, hours: float) -> None:
        """Write nothing down."""
