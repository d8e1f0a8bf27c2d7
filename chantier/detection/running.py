"""Whether an engine runs, by whichever of a machine's sensors says so."""

from __future__ import annotations

from chantier.telemetry import Reading


def engine_runs(reading: Reading) -> bool | None:
    """By the switch, else by the engine speed, else by the state; None where nothing tells."""
    if reading.eng is not None:
        # A switch that says off beside a turning engine is a broken wire: nobody knows.
        return None if not reading.eng and (reading.rpm or 0) > 0 else reading.eng
    if reading.rpm is not None:
        return reading.rpm > 0
    return None if reading.st is None else reading.st != "OFF"
