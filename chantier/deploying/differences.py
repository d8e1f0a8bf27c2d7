"""Where two values differ, deep inside, as paths that a person can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# What tells one item of a list from the others, the best first.
NAMES = ("Sid", "PolicyName", "Id", "Name", "Key", "AttributeName", "IndexName", "Namespace")


class Difference(NamedTuple):
    """One value that is not what it was.

    Attributes:
        path: `Policies[own-work].PolicyDocument.Version`.
        before: None where there was nothing.
        after: None where there is nothing any more.
    """

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Every difference, as deep as both sides have the same form."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key), after.get(key), inner)
    elif _items(before) and _items(after):
        was, is_ = _by_name(before), _by_name(after)
        for key in [*was, *(key for key in is_ if key not in was)]:
            yield from differences(was.get(key), is_.get(key), f"{path}[{key}]")
    elif (was := _data(before)) and (is_ := _data(after)):
        yield from differences(was, is_, path)
    else:
        yield Difference(path, before, after)


def _data(value: Any) -> Any:
    """The data in a text that holds some, as the body of a dashboard does; else None."""
    if not (isinstance(value, str) and value.lstrip().startswith("{")):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def _items(value: Any) -> bool:
    """Whether it is a list of mappings, whose items are worth telling apart."""
    return isinstance(value, list) and bool(value) and all(isinstance(o, Mapping) for o in value)


def _by_name(items: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Items by what names them; by their place where nothing does, or not each its own."""
    for name in NAMES:
        named = {str(item[name]): item for item in items if name in item}
        if len(named) == len(items):
            return named
    return {str(place): item for place, item in enumerate(items)}
