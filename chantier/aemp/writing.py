"""A snapshot as XML or JSON; the same snapshot gives the same bytes."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from chantier.aemp.elements import NAMESPACE, VERSION, Machine, Snapshot
from chantier.telemetry import format_time


def as_xml(snapshot: Snapshot) -> bytes:
    """The snapshot as an ISO 15143-3 document: UTF-8, each element's time as its attribute."""
    root = ET.Element(
        "Fleet",
        {"xmlns": NAMESPACE, "version": VERSION, "snapshotTime": format_time(snapshot.t)},
    )
    for machine in snapshot.machines:
        _equipment(ET.SubElement(root, "Equipment"), machine)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def as_json(snapshot: Snapshot) -> bytes:
    """The same as JSON: `Fleet.Equipment[]`, each element's time inside it."""
    equipment = [
        {"EquipmentHeader": machine.header}
        | {one.name: {"datetime": format_time(one.t), **one.parts} for one in machine.elements}
        for machine in snapshot.machines
    ]
    fleet = {
        "version": VERSION,
        "snapshotTime": format_time(snapshot.t),
        "Equipment": equipment,
    }
    return json.dumps({"Fleet": fleet}, indent=2, ensure_ascii=False).encode() + b"\n"


def _equipment(node: ET.Element, machine: Machine) -> None:
    header = ET.SubElement(node, "EquipmentHeader")
    for name, said in machine.header.items():
        ET.SubElement(header, name).text = said
    for one in machine.elements:
        element = ET.SubElement(node, one.name, {"datetime": format_time(one.t)})
        for name, value in one.parts.items():
            ET.SubElement(element, name).text = _text(value)


def _text(value: Any) -> str:
    """As XML Schema writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
