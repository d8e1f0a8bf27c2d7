"""A delivery stream as it is deployed, and the objects that it asks for.

Values only: what writes them is given from elsewhere.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from chantier.local import naming
from chantier.local.buffering import Batch, Hints

ERROR_TYPE = "delivery-failed"
"""What `!{firehose:error-output-type}` says of a write that the bucket refused."""


class Refusal(Exception):
    """A write that did not happen.

    Args:
        reason: what the store said.
        final: whether asking again is of no use before someone changes something.
    """

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True)
class Write:
    """One object to write.

    Attributes:
        role: ARN of the role that writes it.
        service: the service principal that takes the role.
        source: ARN of the resource that it is taken for.
        bucket: where.
        key: under which name.
        body: the bytes.
        spare_key: where it goes when the bucket refuses `key`; empty for nowhere.
    """

    role: str
    service: str
    source: str
    bucket: str
    key: str
    body: bytes
    spare_key: str = ""


@dataclass(frozen=True)
class Stream:
    """A delivery stream as it is deployed.

    Attributes:
        name: its name.
        arn: its ARN.
        version: its configuration's version.
        role: ARN of the role that it writes with.
        bucket: its destination.
        prefix: as deployed, with its expressions.
        error_prefix: the same for what fails; may be empty.
        gzip: whether objects are compressed.
        hints: its buffering hints.
    """

    name: str
    arn: str
    version: str
    role: str
    bucket: str
    prefix: str
    error_prefix: str
    gzip: bool
    hints: Hints

    def write(self, batch: Batch) -> Write:
        """The object that holds `batch`.

        Raises:
            ValueError: a prefix has an expression that is unknown.
        """
        when = datetime.fromtimestamp(batch.opened, UTC)
        name = naming.object_name(self.name, self.version, when)
        spare = ""
        if self.error_prefix:
            spare = naming.prefix(self.error_prefix, when, error_type=ERROR_TYPE) + name
        return Write(
            role=self.role,
            service="firehose.amazonaws.com",
            source=self.arn,
            bucket=self.bucket,
            key=naming.prefix(self.prefix, when) + name + (".gz" if self.gzip else ""),
            body=gzip.compress(batch.body) if self.gzip else batch.body,
            spare_key=spare,
        )


class Store(Protocol):
    """Where objects go."""

    def put(self, write: Write) -> None:
        """Write one object; raise `Refusal` when it was not written."""
