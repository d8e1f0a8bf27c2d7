"""Watch and tell: silence, dates, and notices to people."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import AWSObject, Output, Ref, Template
from troposphere.awslambda import EventSourceMapping, Function
from troposphere.logs import LogGroup
from troposphere.sns import Topic

from chantier.resources import functions, notice, parameters, watch
from chantier.sections.core import Core
from chantier.site import Site

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "6. Watch and tell: silence, dates, notices to people",
        (
            "Watch",
            "WatchRole",
            "WatchLog",
            "WatchOnFailure",
            "WatchSchedule",
            "WatchScheduleRole",
            "WatchStream",
            "AlertsTopic",
            "AlertsTopicPolicy",
            "AlertsByEmail",
        ),
    ),
)


class Telling(NamedTuple):
    """What the other sections build on."""

    function: Function
    log: LogGroup
    topic: Topic
    stream: EventSourceMapping


def add(template: Template, site: Site, core: Core) -> Telling:
    """Put what watches silence and dates, and tells people, in a template."""
    email = template.add_parameter(parameters.alert_email())
    template.add_condition(*notice.has_email(email))
    topic, log = notice.topic(site), functions.log_group(site, watch.NAME)
    watching = _watching(site, core, topic, log)
    template.add_resource([*watching, log, topic, notice.tls_only(topic)])
    template.add_resource(notice.email_subscription(topic, email))
    function, stream = watching[0], watching[-1]
    for name, description, value in (
        ("WatchFunctionName", "Finds silence and dates, tells people", Ref(function)),
        ("AlertsTopicArn", "What people are told; subscribe to it", Ref(topic)),
    ):
        template.add_output(Output(name, Description=description, Value=value))
    return Telling(function, log, topic, stream)


def _watching(site: Site, core: Core, topic: Topic, log: LogGroup) -> tuple[AWSObject, ...]:
    table, queue = core.table, core.dead_letters
    role = watch.watch_role(table, topic, queue, log)
    function = watch.watch_function(site, role=role, table=table, topic=topic, log=log)
    caller = watch.schedule_role(function, queue)
    return (
        function,
        role,
        functions.on_failure(function, queue),
        watch.schedule(site, function=function, role=caller, queue=queue),
        caller,
        watch.stream_mapping(function, table, queue),
    )
