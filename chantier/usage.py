"""How much of each meter a site uses in a month.

Quantities come from the site file, from the template's resources, and from the
assumptions named here, each with its source. Prices are elsewhere.

Left out, each under a cent in a hundred machine-months or not from this template: point-in-
time recovery, the transitions of Intelligent-Tiering, KMS requests, data read back, AWS
Support, and what the machines' own mobile network costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chantier.aggregates import DASHBOARD_DAYS, ROWS_A_DAY, dashboard_bytes
from chantier.prices import HOME
from chantier.site import Calendar, Site

# 365 days in 12 months; AWS's own calculator has 730 hours a month too.
HOURS_A_MONTH, WEEKS_A_MONTH = 730.0, 365 / 7 / 12
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# The agent sends six readings a minute in one message. Simulated shifts have 42 messages an
# hour and machine, since engines are off at times: this is the upper end.
MESSAGES_AN_HOUR = 60
# Six readings at the 400 bytes that one may have; the simulated mean is 1.8 KB.
MESSAGE_BYTES = 2_400
KB, MB, GB, TB = 1_024, 1_024**2, 1_024**3, 1_024**4
FIREHOSE_STEP = 5 * KB
# To detection and to the raw store.
ACTIONS = 2
# Defaults of the template: Firehose's buffer.
BUFFER_S, BUFFER_BYTES = 300, 64 * MB
# Memory of the functions (the template's), and billed time: 5 ms in the function on the
# embedded AWS, taken three times for a slower core and real network. Not verified on AWS.
DETECT_GB, DETECT_MESSAGE_S = 0.5, 0.012
CALL_S = 0.003
WATCH_GB, WATCH_CALL_S, LOOK_S = 0.25, 0.02, 0.0005
WATCH_CALLS = HOURS_A_MONTH * 60
# Every machine is looked at each five minutes, half a read unit each (not consistent).
LOOKS, LOOK_UNITS = HOURS_A_MONTH * 12, 0.5
# bench/memory.py, healthy fleet: a consistent read and 0.444 write units a message.
READ_UNITS, WRITE_UNITS = 1.0, 0.444
# A memory, and a month's alerts of a machine with what stands in the indexes.
STORED_BYTES = 10 * KB
# One JSON line a message, with the 26 bytes that CloudWatch adds to each.
LINE_BYTES = 180
# chantier evaluate: 0.07 notified alerts of a healthy machine in a shift of 8 hours.
TOLD_AN_HOUR = 0.07 / 8
# Mean messages in a batch of the queue: between 1 and 10, it depends on how often Lambda's
# readers ask. Not verified; at 1 the queue costs half more, at 10 two fifths less.
MESSAGES_A_BATCH = 2
# Each of Lambda's five first readers waits 20 s in an empty queue, and asks again.
IDLE_RECEIVES = 5 * HOURS_A_MONTH * 3600 / 20
# The hourly aggregates: a function that reads an hour of raw data and folds it again (360
# readings a machine at 17 microseconds and their JSON, on a third of a core), and three
# objects. Not verified on AWS.
AGGREGATE, AGGREGATE_GB, AGGREGATE_S, AGGREGATE_MACHINE_S = "Aggregate", 1.0, 5.0, 0.03
AGGREGATE_OBJECTS = 3
# QuickSight reads two tables an hour into SPICE, the alerts and the hours; Athena counts 10 MB
# a query at least, and reads an object an hour of each.
LEAST_QUERY_BYTES = 10 * MB


class Use(NamedTuple):
    """How a site is used.

    Attributes:
        machines: how many send.
        hours: hours a month in which they do.
        size: "starter" or "fleet".
        region: AWS region.
        resources: of the template, CloudFormation type by logical id; what is not in it costs
            nothing.
        months: of raw data that the bucket holds.
        authors: of QuickSight, which is off until somebody asks for it.
        readers: of QuickSight.
    """

    machines: int
    hours: float = HOURS_A_MONTH
    size: str = "starter"
    region: str = HOME
    resources: Mapping[str, str] = {}
    months: int = 1
    authors: int = 0
    readers: int = 0

    @property
    def messages(self) -> float:
        """Messages a month."""
        return self.machines * self.hours * MESSAGES_AN_HOUR

    @property
    def aggregates(self) -> float:
        """Hours a month that are counted into aggregates."""
        return HOURS_A_MONTH if AGGREGATE in self.resources else 0.0

    def count(self, kind: str) -> int:
        """Resources of a CloudFormation type."""
        return sum(one == kind for one in self.resources.values())


def open_hours(calendar: Calendar) -> float:
    """Hours a month that the site is open; all of them where the calendar has none."""
    week = sum(_hours(mark) for day in DAYS for mark in getattr(calendar, day))
    return week * WEEKS_A_MONTH or HOURS_A_MONTH


def _hours(mark: str) -> float:
    first, last = (int(at[:2]) + int(at[3:]) / 60 for at in mark.split("-"))
    return last - first


def use_of(site: Site, *, resources: Mapping[str, str]) -> Use:
    """How a site is used, by its file.

    Args:
        site: the site file.
        resources: of its template, CloudFormation type by logical id.
    """
    return Use(
        machines=len(site.machines),
        hours=open_hours(site.calendar),
        size=site.site.size,
        region=site.site.region,
        resources=resources,
    )


def quantities(use: Use) -> dict[str, float]:
    """Units a month, by the name of the meter."""
    return {**_messages(use), **_stored(use), **_watched(use), **_asked_for(use)}


def _messages(use: Use) -> dict[str, float]:
    """What every message costs on its way to an alert and to the raw data."""
    messages = use.messages
    queued = use.size == "fleet"
    calls = messages / MESSAGES_A_BATCH if queued else messages
    # A message is sent once; a batch is received and deleted in one request each.
    requests = messages + 2 * calls + IDLE_RECEIVES if queued else 0.0
    looks = use.machines * LOOKS
    seconds = messages * DETECT_MESSAGE_S + calls * CALL_S
    aggregating = use.aggregates * (AGGREGATE_S + use.machines * AGGREGATE_MACHINE_S)
    return {
        "iot_minutes": use.machines * use.hours * 60,
        "iot_rules": messages,
        "iot_actions": messages * ACTIONS,
        "sqs": requests,
        "lambda_calls": calls + WATCH_CALLS + use.aggregates,
        "lambda_gb_s": seconds * DETECT_GB
        + (WATCH_CALLS * WATCH_CALL_S + looks * LOOK_S) * WATCH_GB
        + aggregating * AGGREGATE_GB,
        "dynamodb_reads": messages * READ_UNITS + looks * LOOK_UNITS,
        "dynamodb_writes": messages * WRITE_UNITS,
    }


def _stored(use: Use) -> dict[str, float]:
    """What is kept, and what keeping it costs."""
    raw = use.messages * MESSAGE_BYTES
    objects = max(use.hours * 3600 / BUFFER_S, raw / BUFFER_BYTES)
    return {
        "dynamodb_gb": use.machines * STORED_BYTES / GB,
        "firehose_gb": use.messages * FIREHOSE_STEP / GB,
        "s3_puts": objects + use.aggregates * AGGREGATE_OBJECTS,
        "s3_gb": raw * use.months / GB,
        "s3_watched": objects * use.months,
    }


def _watched(use: Use) -> dict[str, float]:
    """What tells people and operators."""
    told = use.machines * use.hours * TOLD_AN_HOUR
    return {
        "logs_gb": (use.messages + WATCH_CALLS) * LINE_BYTES / GB,
        "alarms": use.count("AWS::CloudWatch::Alarm"),
        "dashboards": use.count("AWS::CloudWatch::Dashboard"),
        "metrics": use.count("AWS::Logs::MetricFilter"),
        "sns": told,
        "emails": told,
        "schedules": WATCH_CALLS + use.aggregates,
        "budgets": use.count("AWS::Budgets::Budget"),
    }


def _asked_for(use: Use) -> dict[str, float]:
    """QuickSight, and what it asks Athena."""
    asked = HOURS_A_MONTH * bool(use.authors or use.readers)
    hours = max(LEAST_QUERY_BYTES, dashboard_bytes(use.machines, use.size))
    return {
        "quicksight_authors": use.authors,
        "quicksight_readers": use.readers,
        "athena_tb": asked * (hours + LEAST_QUERY_BYTES) / TB,
        "s3_gets": asked * 2 * ROWS_A_DAY * DASHBOARD_DAYS[use.size],
    }
