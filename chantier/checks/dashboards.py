"""QuickSight dashboards: what `chantier.dashboard_checks` finds, as places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.reading import Place, resources
from chantier.dashboard_checks import check_dashboards


def in_dashboards(body: Mapping[str, Any]) -> Iterator[tuple[str, Place]]:
    """The rule's id, and the place, of everything that is found in the template's dashboards.

    What has not even the shape of a dashboard is left to cfn-lint, which knows its schema.
    """
    try:
        found = check_dashboards(resources(body))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return
    for one in found:
        path = ("Resources", one.resource, "Properties", *_steps(one.path))
        yield one.rule, Place(path, one.message.rstrip("."))


def _steps(path: str) -> Iterator[str | int]:
    for part in path.removeprefix("Properties.").split("."):
        yield int(part) if part.isdigit() else part
