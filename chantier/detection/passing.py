"""What no reading can tell: a message that arrives, time that passes, what people do.

Like `observe` these are pure: the moment is handed in.
"""

from __future__ import annotations

from chantier.detection.memory import Event, Memory
from chantier.detection.observe import event_of, keep
from chantier.detection.rules import Rules
from chantier.detection.silence import end_silence, follow_silence
from chantier.detection.told import Told
from chantier.detection.upkeep import follow_inspection, serviced

# Alerts that only a person closes.
LATCHED = ("FUEL_DROP", "TOW")


def hear(memory: Memory, arrived: int) -> tuple[Memory, tuple[Event, ...]]:
    """A message has arrived, whatever it says: its machine is not silent.

    Args:
        memory: what is remembered of the machine.
        arrived: when, epoch seconds by the cloud's clock.
    """
    track = dict(memory.tracks).get("NO_SIGNAL")
    if track is not None and arrived < track.opened_at:
        # It was sent before the silence was one: the same again, or one that was held up.
        track = None
    heard = max(memory.heard, arrived)
    return _apply(memory._replace(heard=heard), [*end_silence(track)], heard)


def pass_time(memory: Memory, now: int, rules: Rules) -> tuple[Memory, tuple[Event, ...]]:
    """Judge a machine at a moment, whether it has said something or not.

    Args:
        memory: what is remembered of the machine; `hear` keeps when it was last heard.
        now: epoch seconds by the cloud's clock.
        rules: the machine's numbers.

    Returns:
        The new memory (its time is still that of the last reading), and what changed.
    """
    tracks = dict(memory.tracks)
    told = [
        *follow_silence(memory, now, rules, tracks.get("NO_SIGNAL")),
        *follow_inspection(now, rules, tracks.get("VGP_DUE")),
    ]
    return _apply(memory, told, now)


def _apply(memory: Memory, told: list[Told], t: int) -> tuple[Memory, tuple[Event, ...]]:
    if not told:
        return memory, ()
    tracks = dict(memory.tracks)
    for one in told:
        keep(tracks, one)
    events = tuple(event_of(one, memory, max(t, one.track.opened_at)) for one in told)
    return memory._replace(tracks=tuple(sorted(tracks.items()))), events


def acknowledge(memory: Memory, code: str) -> Memory:
    """The memory after a person has seen a theft: what is gone or moved counts from now on."""
    if code not in LATCHED:
        return memory
    tracks = tuple(pair for pair in memory.tracks if pair[0] != code)
    if code == "FUEL_DROP":
        return memory._replace(tracks=tracks, levels=memory.levels[-1:])
    known = memory.lat is not None and memory.lon is not None and not memory.engine_on
    parked = (memory.lat or 0.0, memory.lon or 0.0) if known else None
    return memory._replace(tracks=tracks, parked=parked)


def log_service(memory: Memory, hours: float, every_h: float) -> Memory:
    """The memory after a service at `hours` of the meter; the next reading closes its alert."""
    return memory._replace(service_h=serviced(hours, every_h))
