"""What an operator changes without generating the template again."""

from __future__ import annotations

from troposphere import Equals, Not, Parameter, Ref

HAS_QUICKSIGHT = "HasQuickSight"


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


def quicksight_principal() -> Parameter:
    """Who sees the dashboard; QuickSight is paid by the user, so nobody does by default."""
    return Parameter(
        "QuickSightPrincipalArn",
        Type="String",
        Default="",
        AllowedPattern=(
            r"^$|^arn:aws[a-z-]*:quicksight:[a-z]{2}(-[a-z]+)+-\d:\d{12}:(user|group)/[^/\s]+/.+$"
        ),
        MaxLength=256,
        Description=(
            "ARN of the QuickSight user or group that owns the dashboard; empty for none. "
            "A user costs 24 USD a month as author, 3 USD as reader; subscribe to QuickSight first"
        ),
        ConstraintDescription="the whole ARN of a QuickSight user or group, or nothing",
    )


def has_quicksight(principal: Parameter) -> tuple[str, Not]:
    """The condition's name, and whether somebody is named."""
    return HAS_QUICKSIGHT, Not(Equals(Ref(principal), ""))
