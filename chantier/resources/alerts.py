"""Where alerts live: one on-demand table with its two indexes."""

from __future__ import annotations

from troposphere import AWSHelperFn
from troposphere.dynamodb import (
    AttributeDefinition,
    GlobalSecondaryIndex,
    KeySchema,
    PointInTimeRecoverySpecification,
    Projection,
    SSESpecification,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)

from chantier.records import (
    EXPIRES_AT,
    KEY,
    MACHINE,
    OPEN_INDEX,
    OPEN_SITE,
    OPENED_AT,
    SITE,
    SITE_INDEX,
    TELL_AT,
    TELL_INDEX,
    TELL_SITE,
)


def table(*, protected: AWSHelperFn | None = None) -> Table:
    """The alerts table; keys and indexes are those of `chantier.records`.

    It bears no name of its own: it outlives its stack, and the next one could not make it again.

    Args:
        protected: whether DynamoDB refuses to delete it; None leaves that to DynamoDB, which
            does not.
    """
    made = Table(
        "AlertsTable",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            AttributeDefinition(AttributeName=name, AttributeType="S")
            for name in (MACHINE, KEY, OPEN_SITE, SITE, OPENED_AT, TELL_SITE, TELL_AT)
        ],
        KeySchema=_keys(MACHINE, KEY),
        GlobalSecondaryIndexes=[
            _index(OPEN_INDEX, OPEN_SITE, OPENED_AT),
            _index(SITE_INDEX, SITE, OPENED_AT),
            _index(TELL_INDEX, TELL_SITE, TELL_AT),
        ],
        StreamSpecification=StreamSpecification(StreamViewType="NEW_IMAGE"),
        TimeToLiveSpecification=TimeToLiveSpecification(AttributeName=EXPIRES_AT, Enabled=True),
        SSESpecification=SSESpecification(SSEEnabled=True),
        PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(
            PointInTimeRecoveryEnabled=True
        ),
    )
    if protected is not None:
        made.DeletionProtectionEnabled = protected
    return made


def _index(name: str, partition: str, sort: str) -> GlobalSecondaryIndex:
    return GlobalSecondaryIndex(
        IndexName=name,
        KeySchema=_keys(partition, sort),
        Projection=Projection(ProjectionType="ALL"),
    )


def _keys(partition: str, sort: str) -> list[KeySchema]:
    return [
        KeySchema(AttributeName=partition, KeyType="HASH"),
        KeySchema(AttributeName=sort, KeyType="RANGE"),
    ]
