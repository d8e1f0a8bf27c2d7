"""What stands in no template: macros write it when the stack is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.reading import Path, Place, listed, mapping

EXTENSIONS = "AWS::LanguageExtensions"
LOOP = "Fn::ForEach::"
INLINE = "Fn::Transform"


def uses_extensions(body: Mapping[str, Any]) -> bool:
    """Whether loops are to be written out before the template is read."""
    return EXTENSIONS in listed(body.get("Transform"))


def unseen(body: Mapping[str, Any]) -> Iterator[Place]:
    """What a macro, or a loop that could not be written out, makes of a template is not read."""
    for macro in listed(body.get("Transform")):
        name = macro if isinstance(macro, str) else mapping(macro).get("Name")
        if name != EXTENSIONS:
            yield Place(("Transform",), f"has parts that {name} writes; no check sees them")
    yield from _within(body, ())


def _within(value: Any, path: Path) -> Iterator[Place]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = (*path, key)
            if isinstance(key, str) and (key == INLINE or key.startswith(LOOP)):
                yield Place(here, f"has parts that {key} writes; no check sees them")
            else:
                yield from _within(inner, here)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _within(inner, (*path, number))
