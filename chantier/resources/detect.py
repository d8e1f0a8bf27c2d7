"""What finds alerts: the detect function, its role, and where failures go."""

from __future__ import annotations

import awacs.dynamodb
import awacs.s3
import awacs.sqs
from awacs.aws import Statement
from troposphere import GetAtt, Ref, Sub
from troposphere.awslambda import Function
from troposphere.dynamodb import Table
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.sqs import Queue, QueuePolicy

from chantier.records import QUARANTINE
from chantier.resources.functions import function, keep_failures, write_log
from chantier.resources.policies import allow, refuse_plain_text, role
from chantier.site import Site

NAME = "detect"
# CPU comes with memory; the time to a stored alert stops falling at about here (not verified).
MEMORY_MB = 512
TIMEOUT_S = 10
FORTNIGHT_S = 1_209_600


def dead_letters() -> Queue:
    """Where a message goes that the function could not handle after every retry."""
    return Queue(
        "DeadLetters",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=FORTNIGHT_S,
        SqsManagedSseEnabled=True,
    )


def dead_letters_tls_only(queue: Queue) -> QueuePolicy:
    """The queue's policy: nobody reads or writes in plain text."""
    return QueuePolicy(
        "DeadLettersPolicy",
        Queues=[Ref(queue)],
        PolicyDocument=refuse_plain_text(awacs.sqs.Action("*"), [GetAtt(queue, "Arn")]),
    )


def detect_role(
    bucket: Bucket, table: Table, queue: Queue, log: LogGroup, *also: Statement
) -> Role:
    """What the function may do: its log, its table, the quarantine, the dead letters, `also`."""
    return role(
        "DetectRole",
        service="lambda.amazonaws.com",
        description="Lets the detect function store alerts, quarantine messages, and log",
        statements=[
            allow(
                "RememberMachinesAndStoreAlerts",
                [awacs.dynamodb.GetItem, awacs.dynamodb.PutItem, awacs.dynamodb.UpdateItem],
                [GetAtt(table, "Arn")],
            ),
            allow(
                "QuarantineMessages",
                [awacs.s3.PutObject],
                [Sub(f"${{{bucket.title}.Arn}}/{QUARANTINE}dt=*")],
            ),
            keep_failures(queue),
            write_log(log),
            *also,
        ],
    )


def detect_function(
    site: Site, *, role: Role, bucket: Bucket, table: Table, log: LogGroup
) -> Function:
    """The function itself."""
    return function(
        site,
        NAME,
        description="Finds alerts in a message of one machine and stores them",
        role=role,
        log=log,
        memory_mb=MEMORY_MB,
        timeout_s=TIMEOUT_S,
        variables={"TABLE": Ref(table), "BUCKET": Ref(bucket)},
    )
