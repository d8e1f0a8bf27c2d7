"""What a template's author answers to a check, as cfn-lint's own `ignore_checks`, with a reason.

    Metadata:
      chantier:
        answers:
          CH201: The audit keeps these lines for ever.
          CH302/ReadMetrics: CloudWatch has no resource for this action.

It stands in the resource's Metadata, or in the template's for what is no resource's.
The key is a check's id; where a check looks at statements, a `/` and the statement's
Sid follow, so that no answer covers what is added later. An answer without a reason,
or to nothing that was found, is a finding itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chantier.checks.reading import Path, Place, resources, within

KEYS = ("Metadata", "chantier", "answers")
Found = Sequence[tuple[str, Place]]


def key_of(check: str, place: Place) -> str:
    """What an answer to this finding is called."""
    return f"{check}/{place.part}" if place.part else check


def answered(body: Mapping[str, Any], check: str, place: Place) -> bool:
    """Whether the finding's resource, or the template for what is none's, gives a reason."""
    given = within(_bearer(body, place.resource), *KEYS, key_of(check, place))
    return isinstance(given, str) and bool(given.strip())


def without_reason(body: Mapping[str, Any]) -> Iterator[Place]:
    """An answer says why."""
    for name, key, reason in _answers(body):
        if not isinstance(reason, str) or not reason.strip():
            yield Place(_path(name, key), f"answers {key} without a reason")


def to_nothing(body: Mapping[str, Any], found: Found) -> Iterator[Place]:
    """An answer is to something that a check finds there."""
    open_keys = {(place.resource, key_of(check, place)) for check, place in found}
    for name, key, _ in _answers(body):
        if (name, key) not in open_keys:
            yield Place(_path(name, key), f"answers {key}, which nothing there calls for")


def _answers(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for name in ("", *resources(body)):
        given = within(_bearer(body, name), *KEYS)
        if isinstance(given, Mapping):
            yield from ((name, str(key), reason) for key, reason in given.items())


def _bearer(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The resource of that logical id; for none, the template."""
    return resources(body).get(name, {}) if name else body


def _path(name: str, key: str) -> Path:
    return (*(("Resources", name) if name else ()), *KEYS, key)
