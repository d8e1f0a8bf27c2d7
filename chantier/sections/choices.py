"""What people change without generating the template again: its parameters, and where they go.

What concerns one resource goes to its builder, as a `Choices`: references in the whole
template, the site file's own figures in the minimal one, which has no room for more. What
every function and every log shares is set in one place, so that a new one cannot miss it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from troposphere import AWSHelperFn, If, NoValue, Ref, Template
from troposphere.awslambda import Environment, Function
from troposphere.logs import LogGroup

from chantier.resources import parameters, storage
from chantier.site import Site

HAS_ACCESS_LOGS = "HasAccessLogs"
IS_PROTECTED = "IsProtected"
IS_RESERVED = "IsReserved"
# Concurrent executions. Detect: 50 x 20 messages a second each at 50 ms are a thousand
# machines at one message a second. Watch: the schedule's call and the stream's.
RESERVED = {"Detect": 50, "Watch": 2}
# A function that runs by the hour, or by hand: its own call and a retry of the one before.
RESERVED_ELSE = 2


class Choices(NamedTuple):
    """What the core's builders are given.

    Attributes:
        raw_seconds: of telemetry in one raw object.
        raw_days: how long raw telemetry is kept.
        access_logs: of the data bucket, if any.
        expiring: days by prefix of the data bucket.
        protected: whether the alerts table refuses to be deleted.
    """

    raw_seconds: Ref
    raw_days: int | Ref
    access_logs: AWSHelperFn | None = None
    expiring: Mapping[str, int] = storage.NOTHING
    protected: AWSHelperFn | None = None


def of_site(template: Template, site: Site) -> Choices:
    """As the site file says; the one parameter is the core's own."""
    seconds = template.add_parameter(parameters.raw_buffer_seconds())
    return Choices(Ref(seconds), site.retention.raw_days)


def add(template: Template, site: Site) -> Choices:
    """As parameters say, which this puts in a template with their conditions."""
    seconds = template.add_parameter(parameters.raw_buffer_seconds())
    days = template.add_parameter(parameters.raw_retention_days(site))
    target = template.add_parameter(parameters.access_log_bucket())
    protection = template.add_parameter(parameters.deletion_protection())
    template.add_condition(HAS_ACCESS_LOGS, parameters.is_given(target))
    template.add_condition(IS_PROTECTED, parameters.is_on(protection))
    access_logs = storage.access_logs(Ref(target), site=site)
    return Choices(
        raw_seconds=Ref(seconds),
        raw_days=Ref(days),
        access_logs=If(HAS_ACCESS_LOGS, access_logs, NoValue),
        expiring=storage.EXPIRING,
        protected=If(IS_PROTECTED, True, False),  # noqa: FBT003 - CloudFormation's own form
    )


def everywhere(template: Template, site: Site) -> None:
    """What every function and every log of a template shares; and how the console shows it all.

    To be called when every section stands in the template.
    """
    level = template.add_parameter(parameters.log_level())
    days = template.add_parameter(parameters.log_retention_days(site))
    reserved = template.add_parameter(parameters.reserved_concurrency())
    template.add_condition(IS_RESERVED, parameters.is_on(reserved))
    for name, resource in template.resources.items():
        if isinstance(resource, LogGroup):
            resource.RetentionInDays = Ref(days)
        elif isinstance(resource, Function):
            variables = getattr(resource, "Environment", Environment(Variables={})).Variables
            resource.Environment = Environment(Variables={**variables, "LOG_LEVEL": Ref(level)})
            share = RESERVED.get(name, RESERVED_ELSE)
            resource.ReservedConcurrentExecutions = If(IS_RESERVED, share, NoValue)
    template.set_metadata(
        {"AWS::CloudFormation::Interface": parameters.interface(template.parameters)}
    )
