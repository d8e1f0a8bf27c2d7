"""The eye: `observe(memory, reading) -> (memory, events)`.

A fold over frozen values. Nothing here reads a clock, opens a socket, imports
anything outside the standard library, or remembers anything by itself: what
must be remembered between two readings is the `Memory` that the caller keeps.
"""

from chantier.detection.catalogue import DEFAULTS, rules_for
from chantier.detection.memory import Event, Memory, Track, dump, load
from chantier.detection.observe import observe

__all__ = ["DEFAULTS", "Event", "Memory", "Track", "dump", "load", "observe", "rules_for"]
