"""What the roles of ingest, detection and raw delivery are for."""

from __future__ import annotations

from tests.embedded.privilege import behaviours
from tests.embedded.privilege.ways import (
    FIREHOSE_ASKS,
    LOGS,
    Behaviour,
    Section,
    Table,
    Taker,
    Twin,
    function,
)

ROLES: dict[str, Table] = {
    # The first line must stay the first: only before a message has passed is the stream unknown,
    # and the local AWS remembers for half a minute that the rule may use it.
    "IngestRole": {
        ("firehose:PutRecord", "RawDelivery"): Behaviour(behaviours.keeps_a_raw_message),
        ("s3:PutObject", "DataBucket/quarantine/rule/*"): Behaviour(
            behaviours.keeps_what_the_rule_cannot_read
        ),
    },
    "RawDeliveryRole": {
        ("s3:PutObject", "DataBucket/raw/*"): Behaviour(behaviours.keeps_a_raw_message),
        ("s3:PutObject", "DataBucket/raw-errors/*"): Behaviour(
            behaviours.keeps_what_raw_refuses, given=(("s3:PutObject", "DataBucket/raw/*"),)
        ),
        ("s3:AbortMultipartUpload", "DataBucket/raw/*"): FIREHOSE_ASKS,
        ("s3:AbortMultipartUpload", "DataBucket/raw-errors/*"): FIREHOSE_ASKS,
        ("s3:GetBucketLocation", "DataBucket"): FIREHOSE_ASKS,
        ("s3:ListBucket", "DataBucket"): FIREHOSE_ASKS,
        ("s3:ListBucketMultipartUploads", "DataBucket"): FIREHOSE_ASKS,
        ("logs:PutLogEvents", "RawDeliveryLog"): LOGS,
    },
    "DetectRole": function(
        "Detect",
        {
            ("dynamodb:GetItem", "AlertsTable"): Behaviour(behaviours.hears_a_machine),
            ("dynamodb:PutItem", "AlertsTable"): Behaviour(behaviours.hears_a_machine),
            ("dynamodb:UpdateItem", "AlertsTable"): Behaviour(behaviours.opens_an_alert),
            ("s3:PutObject", "DataBucket/quarantine/dt=*"): Behaviour(
                behaviours.quarantines_a_message
            ),
        },
    ),
}

TAKERS = {
    "IngestRole": Taker("iot.amazonaws.com", "iot:rule/chantier_SITE"),
    "RawDeliveryRole": Taker(
        "firehose.amazonaws.com", "firehose:deliverystream/chantier-SITE-raw"
    ),
    # Lambda says nothing of the function when it takes a role.
    "DetectRole": Taker("lambda.amazonaws.com"),
}

POLLED = Twin("Lambda's own call on the queue, not made under the role here")

FLEET: dict[str, Table] = {
    "IngestRole": {
        ("sqs:SendMessage", "IngestQueue"): Twin("the rule's call; its role is not asked here")
    },
    "DetectRole": {
        ("sqs:ReceiveMessage", "IngestQueue"): POLLED,
        ("sqs:DeleteMessage", "IngestQueue"): POLLED,
        ("sqs:GetQueueAttributes", "IngestQueue"): POLLED,
    },
}

PROVED = Section(ROLES, TAKERS, FLEET)
