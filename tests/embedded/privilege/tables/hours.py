"""What the roles of the aggregate function and of its schedule are for."""

from __future__ import annotations

import json
import time
from uuid import uuid4

from chantier.records import RAW
from chantier.telemetry import format_time
from tests.embedded.privilege.behaviours import invoke, message
from tests.embedded.privilege.stage import Stage
from tests.embedded.privilege.ways import Behaviour, Section, Table, Taker, Twin, function


def counts_an_hour(stage: Stage) -> None:
    """A raw message is counted in its hour."""
    now = int(time.time())
    said = {**message(stage.fresh()), "site": stage.site.name, "arrived_at": now * 1000}
    stage.root("s3").put_object(
        Bucket=stage.deployed.outputs["DataBucketName"],
        Key=f"{RAW}dt={format_time(now)[:10]}/{uuid4()}",
        Body=json.dumps(said).encode() + b"\n",
    )
    assert invoke(stage, "Aggregate", {"until": format_time(now + 1)})["messages"]


COUNTS = Behaviour(counts_an_hour)

ROLES: dict[str, Table] = {
    "AggregateRole": function(
        "Aggregate",
        {
            ("s3:ListBucket", "DataBucket"): COUNTS,
            ("s3:GetObject", "DataBucket/raw/*"): COUNTS,
            ("s3:GetObject", "DataBucket/aggregates/*"): COUNTS,
            ("s3:PutObject", "DataBucket/aggregates/*"): COUNTS,
            ("dynamodb:Query", "AlertsTable/index/site"): COUNTS,
            ("ssm:GetParameter", "ssm:parameter/chantier/SITE/fuel-price"): COUNTS,
        },
    ),
    "AggregateScheduleRole": {
        ("lambda:InvokeFunction", "Aggregate"): Twin(
            "the schedule's call; its role is not asked here"
        ),
        ("sqs:SendMessage", "DeadLetters"): Twin("the schedule's, for a call that never arrived"),
    },
}

TAKERS = {
    "AggregateRole": Taker("lambda.amazonaws.com"),
    "AggregateScheduleRole": Taker("scheduler.amazonaws.com", "scheduler:schedule-group/default"),
}

PROVED = Section(ROLES, TAKERS)
