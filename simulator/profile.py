"""What does not change of a machine while it is simulated; plain data."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.classes import Kind
from simulator.ground import Ground
from simulator.roads import Road


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What does not change of a machine while it is simulated.

    Attributes:
        id: machine id.
        kind: its class.
        tank_l: fuel tank, L.
        voltage: nominal, 12 or 24.
        ground: where it may be; None when its position is not known.
        road: on which it goes to and fro, if it hauls.
        place: what names the ground: machines on the same one stand on the same slopes.
    """

    id: str
    kind: Kind
    tank_l: float
    voltage: int = 24
    ground: Ground | None = None
    road: Road | None = None
    place: str = ""
