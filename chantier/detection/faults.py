"""Fault codes: J1939 DM1, one alert a fault and not one a message.

DM1 repeats every second while a fault lives; the lamp says how bad it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.memory import Track
from chantier.telemetry import Reading

DTC = "DTC"
FAULT_CODE = {"absent_for_s": 60.0}
# Controllers take a moment after the key to tell what is wrong.
RESTART_S = 30

# By level. A fault without a lamp is a warning: shown rather than hidden.
FAULT_SEVERITIES = ("warning", "critical")


def lamp_level(lamps: tuple[str, ...]) -> int:
    """1 for a warning, 2 for critical (red stop lamp)."""
    return 2 if "RSL" in lamps else 1


def follow_faults(
    tracks: dict[str, Track], reading: Reading, *, engine_on: int, absent_for_s: int
) -> Iterator[tuple[str, str, Track]]:
    """Judge the fault codes of one reading.

    Args:
        tracks: the tracks named `DTC:<spn>-<fmi>`.
        reading: of which `dtc` lists every active fault; an absent list means none.
        engine_on: since when the engine runs, 0 if it does not.
        absent_for_s: how long a fault must be gone to be over.

    Yields:
        What happened (open, escalate, update, close), `spn-fmi`, and where it stands;
        for a close the last state.
    """
    level = lamp_level(reading.lamp)
    active = {f"{spn}-{fmi}": count for spn, fmi, count in reading.dtc}
    for fault, count in active.items():
        track = tracks.get(f"{DTC}:{fault}", Track())
        if not track.level:
            yield (
                "open",
                fault,
                Track(level, since=reading.t, opened_at=reading.t, worst=count, readings=1),
            )
            continue
        worst = max(count, int(track.worst or 0))
        seen = track._replace(calm=0, worst=worst, readings=track.readings + 1)
        if level > track.level:
            yield "escalate", fault, seen._replace(level=level)
        else:
            yield "update", fault, seen
    for name, track in tracks.items():
        fault = name.removeprefix(f"{DTC}:")
        if fault not in active:
            yield _absent(fault, track, reading, engine_on=engine_on, absent_for_s=absent_for_s)


def _absent(
    fault: str, track: Track, reading: Reading, *, engine_on: int, absent_for_s: int
) -> tuple[str, str, Track]:
    """A fault that is not told: over after a while, but an engine that is off cannot say so."""
    if reading.eng is False or (reading.eng is None and reading.rpm == 0):
        return "wait", fault, track._replace(calm=0)
    calm = track.calm or reading.t
    # Absent since the very start: a restart without it.
    needed = min(RESTART_S, absent_for_s) if calm == engine_on else absent_for_s
    over = reading.t - calm >= needed
    return "close" if over else "wait", fault, track._replace(calm=calm)
