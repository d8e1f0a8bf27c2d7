"""What an operator changes without generating the template again."""

from __future__ import annotations

from troposphere import Parameter


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
