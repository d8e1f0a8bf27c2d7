"""The rules of one machine: its numbers, and what of its site matters to detection.

Plain frozen values; `catalogue` fills them in. No family of alerts is known here.
"""

from __future__ import annotations

from typing import NamedTuple

from chantier.detection.condition import Condition

Limits = dict[str, dict[str, float]]
Ring = tuple[tuple[float, float], ...]
# A polygon: its outline, then its holes, as (latitude, longitude) points.
Polygon = tuple[Ring, ...]


class Opening(NamedTuple):
    """When a site is open.

    Attributes:
        offsets: (epoch seconds, s ahead of UTC from then on), oldest first.
        week: (first, last) minute of each day from Monday; equal for a day off.
        off: public holidays, in days since 1970-01-01.
    """

    offsets: tuple[tuple[int, int], ...]
    week: tuple[tuple[int, int], ...]
    off: frozenset[int] = frozenset()


class Rules(NamedTuple):
    """The catalogue with the numbers of one machine.

    Attributes:
        limits: by code, every number.
        conditions: the thresholds with these numbers filled in, in the catalogue's order.
        tank_l: fuel tank, L; 0 where it is not known.
        zones: where it belongs; none where that is not said.
        opening: when its site is open; None where that is not said.
        vgp_due: when its next general inspection is due, epoch seconds; 0 where not known.
    """

    limits: Limits
    conditions: tuple[Condition, ...]
    tank_l: float = 0.0
    zones: tuple[Polygon, ...] = ()
    opening: Opening | None = None
    vgp_due: int = 0
