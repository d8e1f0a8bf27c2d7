"""The log of AWS IoT itself: connections refused, rules that failed.

There is one such setting an account and region, which every site in it shares. It is
off until a level is given; give it in one stack alone, for the last word counts.
"""

from __future__ import annotations

import awacs.logs
from troposphere import AccountId, Equals, GetAtt, Not, Parameter, Ref
from troposphere.iam import Role
from troposphere.iot import Logging

from chantier.resources.policies import allow, regional_arn, role

HAS_IOT_LOG = "HasIotLog"
# AWS IoT writes to no other, and makes it when it first has something to say.
LOG_GROUP = "log-group:AWSIotLogsV2"


def has_iot_log(level: Parameter) -> tuple[str, Not]:
    """The condition's name, and whether a level is given."""
    return HAS_IOT_LOG, Not(Equals(Ref(level), "DISABLED"))


def logging_role() -> Role:
    """What AWS IoT may do: make its log and write to it."""
    made = role(
        "IotLoggingRole",
        service="iot.amazonaws.com",
        description="Lets AWS IoT write its own log",
        # The account's setting is no resource with a name of its own.
        source=regional_arn("iot", "*"),
        statements=[
            # AWS's reference says the group, its refusals name the streams of the group.
            allow(
                "MakeTheLog",
                [awacs.logs.CreateLogGroup],
                [regional_arn("logs", LOG_GROUP), regional_arn("logs", f"{LOG_GROUP}:*")],
            ),
            allow(
                "Log",
                [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
                [regional_arn("logs", f"{LOG_GROUP}:*")],
            ),
        ],
    )
    made.Condition = HAS_IOT_LOG
    return made


def logging(level: Parameter, role: Role) -> Logging:
    """The account's setting in this region."""
    return Logging(
        "IotLogging",
        Condition=HAS_IOT_LOG,
        AccountId=AccountId,
        DefaultLogLevel=Ref(level),
        RoleArn=GetAtt(role, "Arn"),
    )
