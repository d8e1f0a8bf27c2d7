"""Whether CloudFormation takes a template of this size at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.reading import Place, mapping

# CloudFormation quotas: template body size in an S3 object; entries a template.
MAX_BYTES = 1_000_000
MAX_ENTRIES = {"Resources": 500, "Parameters": 200, "Outputs": 200}


def too_long(text: str) -> Iterator[Place]:
    """The template's text passes what CloudFormation reads from S3."""
    size = len(text.encode())
    if size > MAX_BYTES:
        yield Place((), f"has {size:,} bytes; CloudFormation takes {MAX_BYTES:,} at most")


def too_many(body: Mapping[str, Any]) -> Iterator[Place]:
    """More resources, parameters or outputs than a template may have."""
    for kind, most in MAX_ENTRIES.items():
        count = len(mapping(body.get(kind)))
        if count > most:
            yield Place(
                (kind,), f"has {count} {kind.lower()}; CloudFormation takes {most} at most"
            )
