"""A snapshot file as one kind of tree, whichever dialect it is written in.

XML of any namespace and JSON of any case become dictionaries with plain lower-case names;
attributes and children are told apart no more, so that a time is found in either.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from defusedxml import ElementTree as SafeET
from defusedxml.common import DefusedXmlException

from chantier.errors import ChantierError

MAX_BYTES = 64 * 1024 * 1024
TEXT = "#text"
Node = dict[str, Any]

_NOT_A_NAME = re.compile(r"[^a-z0-9#]")
_HINT = "Give a fleet snapshot of ISO 15143-3 (AEMP 2.0), as XML or JSON."
_DEEPEST = 40


def read_tree(content: bytes, name: str) -> Node:
    """The fleet of a snapshot file.

    Args:
        content: of the file.
        name: of the file, for what is said of it.

    Returns:
        The fleet: `equipment` is a list; the rest as the file has it.

    Raises:
        ChantierError: it is no snapshot, or broken; with the line where that can be told.
    """
    if len(content) > MAX_BYTES:
        raise ChantierError(
            f"{name} is {len(content) / 1e6:.0f} MB, at most {MAX_BYTES / 1e6:.0f} are read.",
            "Ask the portal for its pages one by one.",
        )
    begins = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not begins:
        raise ChantierError(f"{name} is empty.", _HINT)
    root = _json(content, name) if begins in b"{[" else _xml(content, name)
    return _fleet(root, name)


def plain(name: str) -> str:
    """A name without namespace, case and punctuation: `{urn:x}DateTime` is `datetime`."""
    return _NOT_A_NAME.sub("", name.rpartition("}")[2].rpartition(":")[2].lower())


def _xml(content: bytes, name: str) -> Node:
    try:
        root = SafeET.fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ChantierError(
            f"{name} declares a document type or entities, which no snapshot needs: {error}.",
            "It is not read: ask whoever made it for plain XML.",
        ) from error
    except ET.ParseError as error:
        line, column = error.position
        what = str(error).partition(":")[0]
        raise ChantierError(
            f"{name}, line {line}, column {column + 1}: broken XML: {what}.", _HINT
        ) from error
    except (LookupError, ValueError) as error:
        raise ChantierError(f"{name} cannot be decoded: {error}.", _HINT) from error
    return {plain(root.tag): _element(root, name)}


def _element(element: ET.Element, name: str, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise ChantierError(f"{name} is nested deeper than any snapshot.", _HINT)
    text = (element.text or "").strip()
    found: Node = {plain(key): value.strip() for key, value in element.attrib.items()}
    for child in element:
        _put(found, plain(child.tag), _element(child, name, depth + 1))
    if not found:
        return text
    return found | {TEXT: text} if text else found


def _json(content: bytes, name: str) -> Any:
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ChantierError(
            f"{name}, line {error.lineno}, column {error.colno}: broken JSON: {error.msg}.", _HINT
        ) from error
    except (ValueError, RecursionError) as error:
        raise ChantierError(f"{name} cannot be decoded: {error}.", _HINT) from error
    return _named(said, name)


def _named(said: Any, name: str, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise ChantierError(f"{name} is nested deeper than any snapshot.", _HINT)
    if isinstance(said, list):
        return [_named(one, name, depth + 1) for one in said]
    if not isinstance(said, dict):
        return said
    found: Node = {}
    for key, value in said.items():
        _put(found, plain(key), _named(value, name, depth + 1))
    return found


def _put(into: Node, key: str, value: Any) -> None:
    """Two of the same name become a list."""
    if key not in into:
        into[key] = value
        return
    before = into[key]
    into[key] = [*(before if isinstance(before, list) else [before]), value]


def _fleet(root: Any, name: str) -> Node:
    if isinstance(root, list):
        root = {"equipment": root}
    if isinstance(root, dict):
        fleet = root.get("fleet", root)
        if isinstance(fleet, dict) and "equipment" in fleet:
            some = fleet["equipment"]
            # An equipment alone: the answer of a portal that was asked for one machine.
            return fleet | {"equipment": some if isinstance(some, list) else [some]}
        if "equipmentheader" in root:
            return {"equipment": [root]}
        if "fleet" in root:
            raise ChantierError(f"{name} is a fleet without any equipment.", _HINT)
    raise ChantierError(f"{name} holds neither a Fleet nor an Equipment.", _HINT)
