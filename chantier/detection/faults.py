"""Fault codes: J1939 DM1, one alert a fault and not one a message.

DM1 repeats every second while a fault lives; the lamp says how bad it is. At most
`MOST_FAULTS` of a machine are followed, so that what is remembered of it stays small
whatever is on its bus: the DM1 of one controller rarely has more than 20. What comes
while so many are open is told in no alert, unless it is still active when there is room
again; the raw data has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.memory import Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.running import engine_runs
from chantier.detection.told import WAIT, Told
from chantier.telemetry import Reading

DTC = "DTC"
# Controllers take a moment after the key to tell what is wrong: `restart_s`.
FAULT_CODE = {"absent_for_s": 60.0, "restart_s": 30.0}

# By level. A fault without a lamp is a warning: shown rather than hidden.
FAULT_SEVERITIES = ("warning", "critical")
MOST_FAULTS = 50
# J1939-73: the occurrence count is not available.
NO_COUNT = 127


def lamp_level(lamps: tuple[str, ...]) -> int:
    """1 for a warning, 2 for critical (red stop lamp)."""
    return 2 if "RSL" in lamps else 1


def fault_name(code: tuple[int, ...]) -> str:
    """`SPN-FMI` as ISO 15143-3 writes it, or `SPN-FMI@SA` of a source that is told."""
    name = f"{code[0]}-{code[1]}"
    return f"{name}@{code[3]}" if len(code) > 3 else name  # noqa: PLR2004 - SPN, FMI, count


def follow_faults(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge the fault codes of one reading.

    Args:
        now: knows since when the engine runs.
        reading: of which `dtc` lists every active fault; an absent list means none.
        rules: of the machine.
        tracks: of which those named `DTC:<fault>` count.
    """
    level = lamp_level(reading.lamp)
    told = engine_runs(reading) is not None or now.engine_on or now.parked
    active = {
        fault_name(code): None if code[2] == NO_COUNT else float(code[2]) for code in reading.dtc
    }
    followed = {
        name.partition(":")[2]: track._replace(base=1.0) if told else track
        for name, track in tracks.items()
        if name.startswith(f"{DTC}:")
    }
    room = MOST_FAULTS - len(followed)
    for fault, count in active.items():
        if fault in followed:
            yield _active(fault, count, level, followed[fault])
        elif room > 0:
            room -= 1
            fresh = Track(level, (), reading.t, reading.t, base=1.0 if told else 0.0, readings=1)
            severity = FAULT_SEVERITIES[level - 1]
            yield Told("open", DTC, fresh._replace(worst=count), severity, fault)
    absent = [fault for fault in followed if fault not in active]
    for fault in absent[:MOST_FAULTS]:
        yield _absent(fault, followed[fault], now, reading, rules.limits[DTC])


def _active(fault: str, known: float | None, level: int, track: Track) -> Told:
    counts = [one for one in (known, track.worst) if one is not None]
    seen = track._replace(calm=0, worst=max(counts, default=None), readings=track.readings + 1)
    if level > track.level:
        return Told(
            "escalate", DTC, seen._replace(level=level), FAULT_SEVERITIES[level - 1], fault
        )
    return Told("update", DTC, seen, FAULT_SEVERITIES[track.level - 1], fault)


def _absent(
    fault: str, track: Track, now: Memory, reading: Reading, numbers: dict[str, float]
) -> Told:
    """A fault that is not told: over after a while in which the engine runs.

    One that is off cannot say so. Of a machine on which nothing has told of the engine
    since the fault began, any reading counts.
    """
    if not now.engine_on and (track.base or engine_runs(reading) is False):
        return Told(WAIT, DTC, track._replace(calm=0), fault=fault)
    calm = track.calm or reading.t
    needed = numbers["absent_for_s"]
    # Absent since the very start: a restart without it.
    if calm == now.engine_on:
        needed = min(numbers["restart_s"], needed)
    kind = "close" if reading.t - calm >= needed else WAIT
    severity = FAULT_SEVERITIES[track.level - 1]
    return Told(kind, DTC, track._replace(calm=calm), severity, fault)
