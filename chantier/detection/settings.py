"""The machines of a site as its functions know them: JSON in, rules out.

`chantier.site_settings` writes what is read here; machines that share
everything stand together in a group.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chantier.detection.catalogue import rules_for
from chantier.detection.rules import Opening, Rules


class Watched(NamedTuple):
    """A machine that the site file names.

    Attributes:
        zone: the label of its zone; may be empty.
        rules: its numbers.
    """

    zone: str
    rules: Rules


def opening_of(settings: dict[str, Any]) -> Opening:
    """When the site is open, and how its clock goes."""
    return Opening(
        offsets=tuple((since, offset) for since, offset in settings["offsets"]),
        week=tuple((first, last) for first, last in settings["week"]),
        off=frozenset(settings["off"]),
    )


def watched_machines(settings: dict[str, Any]) -> dict[str, Watched]:
    """Every machine of a site by its id."""
    opening = opening_of(settings)
    works = any(first < last for first, last in opening.week)
    zones = {
        name: tuple(tuple((lat, lon) for lat, lon in ring) for ring in rings)
        for name, rings in settings["zones"].items()
    }
    found: dict[str, Watched] = {}
    for group in settings["groups"]:
        rules = rules_for(
            group.get("limits"),
            volts=group["volts"],
            tank_l=group["tank_l"],
            zones=tuple(zones[name] for name in group["in"]),
            opening=opening if works else None,
            vgp_due=group["vgp_due"],
        )
        found.update(dict.fromkeys(group["machines"], Watched(group["zone"], rules)))
    return found
