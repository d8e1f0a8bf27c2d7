"""What counts hours, fuel and cost: the aggregate function, its role, its schedule, the price."""

from __future__ import annotations

import json

import awacs.awslambda
import awacs.dynamodb
import awacs.s3
import awacs.ssm
from awacs.aws import Allow, Condition, Statement, StringLike
from troposphere import GetAtt, Ref, Sub
from troposphere.awslambda import Function
from troposphere.dynamodb import Table
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.scheduler import (
    DeadLetterConfig,
    FlexibleTimeWindow,
    RetryPolicy,
    Schedule,
    Target,
)
from troposphere.sqs import Queue
from troposphere.ssm import Parameter

from chantier.aggregates import AGGREGATES
from chantier.records import RAW, SITE_INDEX
from chantier.resources.functions import (
    RETRIES,
    function,
    function_name,
    keep_failures,
    write_log,
)
from chantier.resources.policies import allow, regional_arn, role
from chantier.site import Rates, Site

NAME = "aggregate"
# CPU comes with memory, and reading JSON is all that takes time: `bench/aggregate.py`.
MEMORY_MB = 1024
# As long as a function may run: 10,000 machines take minutes, a dozen a second.
TIMEOUT_S = 900
# Ten past: an hour's last messages wait up to five minutes for their raw object.
EVERY_HOUR = "cron(10 * * * ? *)"
DUE_AT = "<aws.scheduler.scheduled-time>"
# A call that could not be delivered is tried for so long, s; the next one makes up for it.
KEPT_S = 1_800
# A number such as 1.20, as the site file's rates have them.
PRICE = r"^\d{1,5}(\.\d{1,4})?$"


def price_name(site: Site) -> str:
    """The parameter that holds the price of fuel."""
    return f"/chantier/{site.name}/fuel-price"


def fuel_price(site: Site, rates: Rates) -> Parameter:
    """The price of a litre of fuel, which changes more often than the site file.

    It begins as the site file says. A deployment leaves what was set since as it is, unless
    the site file's price changed.
    """
    return Parameter(
        "FuelPrice",
        Name=price_name(site),
        Description=f"{rates.currency} a litre of fuel of {site.name}; hours to come count by it",
        Type="String",
        Value=f"{rates.fuel_per_l:.4f}".rstrip("0").rstrip("."),
        AllowedPattern=PRICE,
    )


def aggregate_role(
    site: Site, *, bucket: Bucket, table: Table, queue: Queue, log: LogGroup
) -> Role:
    """What the function may do: read raw data and alerts, read and write aggregates."""
    return role(
        "AggregateRole",
        service="lambda.amazonaws.com",
        description="Lets the aggregate function count hours, fuel and cost, and log",
        statements=[
            Statement(
                Sid="FindRawAndAggregates",
                Effect=Allow,
                Action=[awacs.s3.ListBucket],
                Resource=[GetAtt(bucket, "Arn")],
                Condition=Condition(StringLike({"s3:prefix": [f"{RAW}*", f"{AGGREGATES}*"]})),
            ),
            allow(
                "ReadRawAndAggregates",
                [awacs.s3.GetObject],
                [_under(bucket, RAW), _under(bucket, AGGREGATES)],
            ),
            allow("WriteAggregates", [awacs.s3.PutObject], [_under(bucket, AGGREGATES)]),
            allow(
                "FindAlerts",
                [awacs.dynamodb.Query],
                [Sub(f"${{{table.title}.Arn}}/index/{SITE_INDEX}")],
            ),
            *_read_price(site),
            keep_failures(queue),
            write_log(log),
        ],
    )


def _under(bucket: Bucket, prefix: str) -> Sub:
    return Sub(f"${{{bucket.title}.Arn}}/{prefix}*")


def _read_price(site: Site) -> tuple[Statement, ...]:
    """Nothing where the site file has no rates: there is no parameter then."""
    if site.rates is None:
        return ()
    arn = regional_arn("ssm", f"parameter{price_name(site)}")
    return (allow("ReadFuelPrice", [awacs.ssm.GetParameter], [arn]),)


def aggregate_function(  # noqa: PLR0913 - the parts that it is wired to
    site: Site,
    *,
    role: Role,
    bucket: Bucket,
    table: Table,
    price: Parameter | None,
    log: LogGroup,
) -> Function:
    """The function itself."""
    return function(
        site,
        NAME,
        description="Counts hours, fuel and cost of each machine, hour by hour",
        role=role,
        log=log,
        memory_mb=MEMORY_MB,
        timeout_s=TIMEOUT_S,
        variables={
            "TABLE": Ref(table),
            "BUCKET": Ref(bucket),
            **({"FUEL_PRICE": Ref(price)} if price else {}),
        },
    )


def schedule_role(function: Function, queue: Queue) -> Role:
    """What the schedule may do: call the function, and keep what it could not deliver."""
    return role(
        "AggregateScheduleRole",
        service="scheduler.amazonaws.com",
        description="Lets the schedule call the aggregate function",
        # Scheduler names the group of a schedule, never the schedule.
        source=regional_arn("scheduler", "schedule-group/default"),
        statements=[
            allow("Call", [awacs.awslambda.InvokeFunction], [GetAtt(function, "Arn")]),
            keep_failures(queue),
        ],
    )


def schedule(site: Site, *, function: Function, role: Role, queue: Queue) -> Schedule:
    """Every hour, ten minutes past it; what was missed is made up for by the next one."""
    return Schedule(
        "AggregateSchedule",
        Name=function_name(site, NAME),
        Description="Counts the hour that has ended",
        ScheduleExpression=EVERY_HOUR,
        FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
        State="ENABLED",
        Target=Target(
            Arn=GetAtt(function, "Arn"),
            RoleArn=GetAtt(role, "Arn"),
            Input=json.dumps({"until": DUE_AT}),
            RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=KEPT_S, MaximumRetryAttempts=RETRIES),
            DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(queue, "Arn")),
        ),
    )
