"""What AWS asks for a unit of each meter, by region, and what of it is always free.

Read in 2026-11 from AWS's price list and from dated copies of it; nothing here asks AWS.
A region has its own price where one was found, and us-east-1's otherwise, which is then
marked as not verified. USD, without taxes.
"""

from __future__ import annotations

from typing import NamedTuple

DATE = "2026-11"
HOME = "us-east-1"
MILLION, THOUSAND = 1_000_000, 1_000


class Meter(NamedTuple):
    """Something that AWS counts.

    Attributes:
        service: whose bill it stands on.
        name: what is counted.
        usd: price in us-east-1 of `per` units.
        per: units that the price is for.
        free: units a month that no account ever pays.
        verified: whether the price was found in a source.
    """

    service: str
    name: str
    usd: float
    per: int = 1
    free: float = 0
    verified: bool = True


METERS: dict[str, Meter] = {
    "iot_minutes": Meter("IoT Core", "connected minutes", 0.08, MILLION),
    "iot_rules": Meter("IoT Core", "rules triggered", 0.15, MILLION),
    "iot_actions": Meter("IoT Core", "rule actions", 0.15, MILLION),
    "sqs": Meter("SQS", "requests", 0.40, MILLION, MILLION),
    "lambda_calls": Meter("Lambda", "requests", 0.20, MILLION, MILLION),
    "lambda_gb_s": Meter("Lambda", "GB-s, arm64", 0.0000133334, 1, 400_000),
    "dynamodb_reads": Meter("DynamoDB", "read units", 0.125, MILLION),
    "dynamodb_writes": Meter("DynamoDB", "write units", 0.625, MILLION),
    "dynamodb_gb": Meter("DynamoDB", "GB stored", 0.25, 1, 25, verified=False),
    "firehose_gb": Meter("Firehose", "GB, 5 KB a record", 0.029),
    "s3_puts": Meter("S3", "PUT requests", 0.005, THOUSAND),
    "s3_gets": Meter("S3", "GET requests", 0.0004, THOUSAND, verified=False),
    "s3_gb": Meter("S3", "GB stored", 0.023),
    "s3_watched": Meter("S3", "tiered objects", 0.0025, THOUSAND),
    "logs_gb": Meter("CloudWatch", "GB of logs", 0.50, 1, 5),
    "alarms": Meter("CloudWatch", "alarms", 0.10, 1, 10),
    "dashboards": Meter("CloudWatch", "dashboards", 3.00, 1, 3),
    "metrics": Meter("CloudWatch", "custom metrics", 0.30, 1, 10),
    "sns": Meter("SNS", "publishes", 0.50, MILLION, MILLION),
    "emails": Meter("SNS", "e-mails", 2.00, 100_000, 1_000),
    "schedules": Meter("EventBridge", "scheduled calls", 1.00, MILLION, 14 * MILLION),
    "athena_tb": Meter("Athena", "TB scanned", 5.00),
    "budgets": Meter("Budgets", "budgets", 0.0),
    "quicksight_authors": Meter("QuickSight", "authors", 24.00),
    "quicksight_readers": Meter("QuickSight", "readers", 3.00),
    "kinesis_shard_h": Meter("Kinesis", "shard hours", 0.015, verified=False),
    "kinesis_puts": Meter("Kinesis", "PUT units of 25 KB", 0.014, MILLION, verified=False),
    "kinesis_fan_out_h": Meter("Kinesis", "fan-out shard hours", 0.015, verified=False),
    "kinesis_fan_out_gb": Meter("Kinesis", "fan-out GB", 0.013, verified=False),
}
# (region, meter): its own price, and whether that was found in a source.
ELSEWHERE: dict[str, dict[str, tuple[float, bool]]] = {
    "eu-central-1": {"iot_minutes": (0.096, True)},
    "eu-west-3": {
        "dynamodb_reads": (0.1487, True),
        "dynamodb_writes": (0.7423, True),
        "s3_puts": (0.0053, True),
        "s3_gb": (0.024, True),
        "athena_tb": (7.00, False),
    },
}


def meter(name: str, region: str) -> Meter:
    """A meter with its price in a region; us-east-1's, not verified, where none is known."""
    found = METERS[name]
    if region == HOME:
        return found
    usd, verified = ELSEWHERE.get(region, {}).get(name, (found.usd, False))
    return found._replace(usd=usd, verified=verified and found.verified)
