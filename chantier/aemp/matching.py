"""Which machine of the site an equipment of a snapshot is.

By PIN, else by serial number (and make, where both name one), else by EquipmentID, which is
then the machine's id. Blanks and case do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chantier.aemp.equipment import Equipment
from chantier.site import Machine


class Match(NamedTuple):
    """What was found.

    Attributes:
        machine: its id in the site file; None if it is none of the site's, or several.
        by: the key that told.
        why: why there is none; empty when there is.
    """

    machine: str | None
    by: str = ""
    why: str = ""


def match(equipment: Equipment, machines: Sequence[Machine]) -> Match:
    """Find the machine of an equipment."""
    header = {name: _key(said) for name, said in equipment.header.items()}
    make = header.get("OEMName", "")
    tried = (
        ("PIN", [m for m in machines if m.pin and _key(m.pin) == header.get("PIN")]),
        (
            "SerialNumber",
            [
                m
                for m in machines
                if m.serial
                and _key(m.serial) == header.get("SerialNumber")
                and (not make or not m.make or _key(m.make) == make)
            ],
        ),
        ("EquipmentID", [m for m in machines if _key(m.id) == header.get("EquipmentID")]),
    )
    for by, found in tried:
        if len(found) == 1:
            return Match(found[0].id, by)
        if found:
            names = ", ".join(one.id for one in found)
            return Match(None, why=f"its {by} is that of {names}: mend the site file")
    return Match(None, why=_stranger(equipment))


def _stranger(equipment: Equipment) -> str:
    for name, key in (("PIN", "pin"), ("SerialNumber", "serial")):
        if said := equipment.header.get(name):
            return f"no machine of the site file has {key} = {said!r}"
    return "it has neither PIN nor serial number, and its id is none of the site file"


def _key(text: str) -> str:
    return "".join(text.split()).casefold()
