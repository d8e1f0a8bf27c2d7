"""The box on the machine: which readings it keeps, and when it sends them.

It keeps a reading each 10 s with the engine on and one an hour with it off,
and at once what is news: a change of state, a new fault code, an alert that
opens or gets worse. With the engine off it wakes when it is moved or the tank's
level is, and looks each 10 s until that is over and nothing is about to open.
Six readings make a message; news does not wait. It reads no clock and sends
nothing itself: readings in, messages out.
"""

from __future__ import annotations

from typing import NamedTuple

from chantier.detection import Event, Memory, observe
from chantier.detection.catalogue import DEFAULT_RULES
from chantier.detection.rules import Rules
from chantier.telemetry import Reading
from simulator.batch import pack

CADENCE_S = 10
HEARTBEAT_S = 3600
BATCH = 6
# More than a sender's noise, %.
LEVEL_STEP_PCT = 2.0
_URGENT = ("warning", "critical")


class Outgoing(NamedTuple):
    """A message to send.

    Attributes:
        readings: oldest first.
        urgent: sent before it was full, because its last reading is news.
    """

    readings: tuple[Reading, ...]
    urgent: bool


class Agent:
    """The box of one machine.

    Args:
        rules: the machine's own limits.
        phase: epoch seconds of its first look; the others follow every 10 s.
        seq: the last sequence number that it has used; 0 at power-up. A box with messages of
            an earlier run counts on, so that none of them shares a number with a new one.
    """

    def __init__(self, *, rules: Rules = DEFAULT_RULES, phase: int = 0, seq: int = 0) -> None:
        self._rules = rules
        self._phase = phase
        self._memory = Memory()
        self._seq = seq
        self._last: Reading | None = None
        self._batch: list[Reading] = []
        self._stirred = False

    def next_look(self, t: int) -> int:
        """The next moment after `t` at which a reading is due, whatever happens."""
        if self._last is None or self._last.eng or self._awake:
            return t + CADENCE_S - (t - self._phase) % CADENCE_S
        return max(self._last.t + HEARTBEAT_S, t + 1)

    def collect(self, reading: Reading, *, stirred: bool = False) -> tuple[Outgoing, ...]:
        """Take a look at the sensors.

        Args:
            reading: what they say; its `seq` is set here.
            stirred: whether something moves the machine or its tank while the engine is off.

        Returns:
            The messages that leave now; a look that is neither due nor news leaves no trace.
        """
        numbered = reading._replace(seq=self._seq + 1)
        memory, events = observe(self._memory, numbered, self._rules)
        news = self._is_news(numbered, events)
        stirred = stirred or self._level_jumped(numbered)
        woken, self._stirred = stirred and not self._stirred, stirred
        if news or woken or self._is_due(numbered):
            self._seq, self._memory, self._last = numbered.seq, memory, numbered
            self._batch.append(numbered)
        elif self._last is None or self._last.eng or not self._batch:
            return ()
        # With the engine off and nothing going on, nobody knows when the next look will be.
        resting = not numbered.eng and not self._awake
        if news or resting or len(self._batch) >= BATCH:
            return self._send(urgent=news)
        return ()

    def _level_jumped(self, reading: Reading) -> bool:
        """Whether the tank is another one since the last look with the engine off: look again."""
        before = self._last.fuel_pct if self._last and not self._last.eng else None
        now = None if reading.eng else reading.fuel_pct
        return before is not None and now is not None and abs(now - before) >= LEVEL_STEP_PCT

    def flush(self) -> tuple[Outgoing, ...]:
        """What has not been sent yet, at the end of a shift."""
        return self._send(urgent=False)

    @property
    def _awake(self) -> bool:
        """Whether there is reason to look often with the engine off."""
        return self._stirred or any(not track.level for _, track in self._memory.tracks)

    def _is_due(self, reading: Reading) -> bool:
        if self._last is None:
            return True
        if reading.eng or self._awake:
            return (reading.t - self._phase) % CADENCE_S == 0
        return reading.t - self._last.t >= HEARTBEAT_S

    def _is_news(self, reading: Reading, events: tuple[Event, ...]) -> bool:
        if self._last is None or reading.st != self._last.st:
            return True
        before = {code[:2] for code in self._last.dtc}
        if any(code[:2] not in before for code in reading.dtc):
            return True
        return any(
            event.kind in ("open", "escalate") and event.severity in _URGENT for event in events
        )

    def _send(self, *, urgent: bool) -> tuple[Outgoing, ...]:
        messages = tuple(pack(self._batch, most=BATCH))
        self._batch = []
        return tuple(Outgoing(readings, urgent) for readings in messages)
