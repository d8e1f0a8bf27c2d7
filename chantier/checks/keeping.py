"""What outlives a mistake: data when its resource goes; and whose each resource is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chantier.checks.reading import Place, always, properties, resources

Body = Mapping[str, Any]
HOLDING_DATA = (
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::Table",
)


def data_without_deletion_policy(body: Body) -> Iterator[Place]:
    """What holds data says what becomes of it when the stack goes."""
    yield from _silent(body, "DeletionPolicy")


def data_without_replace_policy(body: Body) -> Iterator[Place]:
    """What holds data says what becomes of it when an update replaces it."""
    yield from _silent(body, "UpdateReplacePolicy")


def _silent(body: Body, attribute: str) -> Iterator[Place]:
    for name, one in resources(body, *HOLDING_DATA).items():
        if not one.get(attribute):
            yield Place(("Resources", name), f"holds data and has no {attribute}")


def untagged(body: Body, tag_property: Callable[[str], str]) -> Iterator[Place]:
    """What can bear a tag bears one.

    Args:
        body: the template.
        tag_property: resource type -> the property that holds its tags; empty if it takes none.
    """
    for name, one in resources(body).items():
        tags = tag_property(str(one.get("Type")))
        if tags and not always(properties(one).get(tags)):
            yield Place(("Resources", name), "bears no tag")
