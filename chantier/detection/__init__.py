"""The eye: `observe(memory, reading) -> (memory, events)`.

A fold over frozen values. Nothing here reads a clock, opens a socket, imports
anything outside the standard library, or remembers anything by itself: what
must be remembered between two readings is the `Memory` that the caller keeps.
"""

from chantier.detection.catalogue import DEFAULTS, rules_for
from chantier.detection.memory import Event, Memory, Track, dump, load, material
from chantier.detection.observe import observe
from chantier.detection.passing import acknowledge, hear, log_service, pass_time
from chantier.detection.rules import Opening, Rules

__all__ = [
    "DEFAULTS",
    "Event",
    "Memory",
    "Opening",
    "Rules",
    "Track",
    "acknowledge",
    "dump",
    "hear",
    "load",
    "log_service",
    "material",
    "observe",
    "pass_time",
    "rules_for",
]
