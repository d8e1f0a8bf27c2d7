"""What an operator changes without generating the template again.

One builder a parameter, its default the site's, and one table of how the console groups
and calls them. A parameter stands in a template only where something there uses it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

from troposphere import Equals, Not, Parameter, Ref

from chantier.site import Retention, Site

EMAIL = r"^$|^[^@\s]+@[^@\s]+\.[^@\s]+$"
# 0, or dollars and at most two digits of cents, never 0.00.
AMOUNT = r"^(0|0\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,6}(\.[0-9]{1,2})?)$"
# Of any AWS partition; a user's name may hold an e-mail address and a path.
PRINCIPAL = (
    r"^$|^arn:aws[a-z-]*:quicksight:[a-z0-9-]+:[0-9]{12}:(user|group)"
    r"/[A-Za-z0-9._-]+/[A-Za-z0-9_+=,.@/-]+$"
)
BUCKET = r"^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
# The least that Intelligent-Tiering needs to be of use, as in the site file.
LEAST_RAW_DAYS, MOST_RAW_DAYS = 90, 36_500
HAS_QUICKSIGHT = "HasQuickSight"

# Group of the console -> the parameter's name and its label.
GROUPS: dict[str, dict[str, str]] = {
    "Who is told": {
        "AlertEmail": "E-mail told of alerts of machines",
        "OperationsEmail": "E-mail told of faults of the stack and of its bill",
    },
    "Money": {
        "BudgetAmount": "Monthly budget, USD",
        "BudgetScope": "What the budget counts",
    },
    "Dashboards": {"QuickSightPrincipalArn": "QuickSight user or group"},
    "How long data is kept": {
        "RawRetentionDays": "Raw telemetry, days",
        "LogRetentionDays": "Logs, days",
        "DeletionProtection": "Protect the alerts table",
        "AccessLogBucket": "Bucket for S3 access logs",
    },
    "How it runs": {
        "RawBufferSeconds": "Telemetry in one raw object, seconds",
        "LogLevel": "Log level",
        "IotLogLevel": "Log level of AWS IoT, account-wide",
        "ReservedConcurrency": "Reserve concurrency for the functions",
    },
}


def interface(names: Collection[str]) -> dict[str, Any]:
    """`AWS::CloudFormation::Interface`: groups and labels of these parameters, no others."""
    groups = {
        title: [name for name in labels if name in names] for title, labels in GROUPS.items()
    }
    return {
        "ParameterGroups": [
            {"Label": {"default": title}, "Parameters": present}
            for title, present in groups.items()
            if present
        ],
        "ParameterLabels": {
            name: {"default": GROUPS[title][name]}
            for title, present in groups.items()
            for name in present
        },
    }


def is_given(parameter: Parameter) -> Not:
    """Whether a text was given for a parameter."""
    return Not(Equals(Ref(parameter), ""))


def is_on(parameter: Parameter) -> Equals:
    """Whether a `true` or `false` parameter is true."""
    return Equals(Ref(parameter), "true")


def alert_email() -> Parameter:
    """Who is told by e-mail of alerts; SNS asks that address once to confirm."""
    return _email("AlertEmail", "E-mail address that is told of alerts; empty for none")


def operations_email() -> Parameter:
    """Who is told by e-mail when the stack itself is in trouble, or too dear."""
    return _email(
        "OperationsEmail",
        "E-mail address that is told of failures of the stack and of its bill; empty for none",
    )


def budget_amount(site: Site) -> Parameter:
    """The monthly bill that is worth a warning; a text, so that 0 is written in one way only."""
    usd = f"{max(site.budget.monthly_usd, 0.01):.2f}".removesuffix(".00")
    return Parameter(
        "BudgetAmount",
        Type="String",
        Default=usd,
        AllowedPattern=AMOUNT,
        Description="AWS bill of a month, USD: told at 80 % of it, and when a month is forecast "
        "to pass it; 0 for no budget",
        ConstraintDescription="dollars such as 25 or 25.50, up to 9999999; 0 for no budget",
    )


def budget_scope() -> Parameter:
    """Whether the budget counts the whole account, which is safe, or this site alone."""
    return Parameter(
        "BudgetScope",
        Type="String",
        Default="account",
        AllowedValues=["account", "site"],
        Description="account: everything in this AWS account. site: what bears the tag "
        "chantier:site, which must first be activated as a cost allocation tag in the billing "
        "console, or the budget counts nothing",
        ConstraintDescription="account or site",
    )


def quicksight_principal() -> Parameter:
    """Who owns the QuickSight dashboard; without one there is none, and nothing to pay."""
    return Parameter(
        "QuickSightPrincipalArn",
        Type="String",
        Default="",
        AllowedPattern=PRINCIPAL,
        MaxLength=1024,
        Description="ARN of the QuickSight user or group that gets the dashboard; empty for none. "
        "QuickSight costs 24 USD a month for each author and 3 USD for each reader",
        ConstraintDescription="an ARN such as "
        "arn:aws:quicksight:us-east-1:123456789012:user/default/chef, or nothing",
    )


def has_quicksight(principal: Parameter) -> tuple[str, Not]:
    """The condition's name, and whether a principal is given."""
    return HAS_QUICKSIGHT, is_given(principal)


def raw_retention_days(site: Site) -> Parameter:
    """How long raw telemetry is kept."""
    return Parameter(
        "RawRetentionDays",
        Type="Number",
        Default=site.retention.raw_days,
        MinValue=LEAST_RAW_DAYS,
        MaxValue=MOST_RAW_DAYS,
        Description="Days that raw telemetry is kept in S3; less deletes what is older",
        ConstraintDescription="a whole number of days from 90 to 36500",
    )


def log_retention_days(site: Site) -> Parameter:
    """How long logs are kept; CloudWatch takes these figures only."""
    return Parameter(
        "LogRetentionDays",
        Type="Number",
        Default=site.retention.log_days,
        AllowedValues=list(get_args(Retention.model_fields["log_days"].annotation)),
        Description="Days that logs are kept in CloudWatch",
        ConstraintDescription="1, 3, 5, 7, 14, 30, 60, 90, 180 or 365 days",
    )


def deletion_protection() -> Parameter:
    """Whether DynamoDB refuses to delete the alerts table."""
    return _switch(
        "DeletionProtection", "true: DynamoDB refuses to delete the alerts table, whoever asks"
    )


def access_log_bucket() -> Parameter:
    """Where S3 writes down who read or wrote the data bucket."""
    return Parameter(
        "AccessLogBucket",
        Type="String",
        Default="",
        AllowedPattern=BUCKET,
        Description="Name of a bucket of yours in this region and account whose policy lets "
        "logging.s3.amazonaws.com write; it gets the access logs of the data bucket. Empty: none",
        ConstraintDescription="the name of a bucket, 3 to 63 of a-z, 0-9, hyphen and dot, or "
        "nothing",
    )


def raw_buffer_seconds() -> Parameter:
    """How long Firehose collects before it writes a raw object."""
    return Parameter(
        "RawBufferSeconds",
        Type="Number",
        Default=300,
        MinValue=0,
        MaxValue=900,
        Description="Seconds of telemetry that Firehose collects in one raw object",
        ConstraintDescription="a whole number of seconds from 0 to 900",
    )


def log_level() -> Parameter:
    """Whether every invocation is worth a line in the log, or only those that changed anything."""
    return Parameter(
        "LogLevel",
        Type="String",
        Default="INFO",
        AllowedValues=["INFO", "WARN"],
        Description="INFO: one line an invocation. WARN: a line only where something happened "
        "(alerts, quarantine, late readings, trouble), which makes logs cheaper",
        ConstraintDescription="INFO or WARN",
    )


def reserved_concurrency() -> Parameter:
    """Whether functions have their own share of the account's concurrency, and no more."""
    return _switch(
        "ReservedConcurrency",
        "true: each function has its own share of the account's concurrency, and no more than "
        "that. Needs a quota of 200; a new account has 10, and then it fails",
    )


def _email(name: str, description: str) -> Parameter:
    return Parameter(
        name,
        Type="String",
        Default="",
        AllowedPattern=EMAIL,
        MaxLength=254,
        Description=description,
        ConstraintDescription="one e-mail address, or nothing",
    )


def _switch(name: str, description: str) -> Parameter:
    return Parameter(
        name,
        Type="String",
        Default="false",
        AllowedValues=["true", "false"],
        Description=description,
        ConstraintDescription="true or false",
    )


def iot_log_level() -> Parameter:
    """What AWS IoT writes to its own log; one setting for all sites of an account and region."""
    return Parameter(
        "IotLogLevel",
        Type="String",
        Default="DISABLED",
        AllowedValues=["DISABLED", "ERROR", "WARN", "INFO"],
        Description="AWS IoT's own log, for the whole account and region; set it in one stack",
        ConstraintDescription="DISABLED, ERROR, WARN or INFO",
    )
