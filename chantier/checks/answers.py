"""What a template's author answers to a check, as cfn-lint's own `ignore_checks`, with a reason.

    Metadata:
      chantier:
        answers:
          CH201: The audit keeps these lines for ever.
          CH302/ReadMetrics: CloudWatch has no resource for this action.

The key is a check's id; where a check looks at statements, a `/` and the statement's
Sid follow, so that no answer covers what is added later. An answer without a reason,
or to nothing that was found, is a finding itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chantier.checks.reading import Place, resources, within

KEYS = ("Metadata", "chantier", "answers")
Found = Sequence[tuple[str, Place]]


def key_of(check: str, place: Place) -> str:
    """What an answer to this finding is called."""
    return f"{check}/{place.part}" if place.part else check


def answered(body: Mapping[str, Any], check: str, place: Place) -> bool:
    """Whether the finding's resource answers it with a reason."""
    resource = resources(body).get(place.resource, {})
    given = within(resource, *KEYS, key_of(check, place))
    return isinstance(given, str) and bool(given.strip())


def without_reason(body: Mapping[str, Any]) -> Iterator[Place]:
    """An answer says why."""
    for name, key, reason in _answers(body):
        if not isinstance(reason, str) or not reason.strip():
            yield Place(("Resources", name, *KEYS, key), f"answers {key} without a reason")


def to_nothing(body: Mapping[str, Any], found: Found) -> Iterator[Place]:
    """An answer is to something that a check finds there."""
    open_keys = {(place.resource, key_of(check, place)) for check, place in found}
    for name, key, _ in _answers(body):
        if (name, key) not in open_keys:
            yield Place(
                ("Resources", name, *KEYS, key), f"answers {key}, which nothing there calls for"
            )


def _answers(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for name, one in resources(body).items():
        given = within(one, *KEYS)
        if isinstance(given, Mapping):
            yield from ((name, str(key), reason) for key, reason in given.items())
