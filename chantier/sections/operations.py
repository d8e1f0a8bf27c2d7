"""Operations: what tells whoever runs the stack that it is in trouble, or too dear."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import Output, Parameter, Ref, Template
from troposphere.cloudwatch import Alarm
from troposphere.sns import Topic, TopicPolicy

from chantier.resources import alarms, budget, cloudwatch, operations, parameters
from chantier.sections.core import Core
from chantier.sections.reporting import Reporting
from chantier.sections.telling import Telling
from chantier.site import Site

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "9. Operations: alarms, dashboard, budget",
        (
            "OperationsTopic",
            "OperationsTopicPolicy",
            "OperationsByEmail",
            "DetectErrors",
            "DetectThrottled",
            "DetectSlow",
            "DeadLettersWaiting",
            "RawDeliveryLate",
            "IngestRuleLambdaFailures",
            "IngestRuleSqsFailures",
            "IngestQueueBehind",
            "IngestRuleFirehoseFailures",
            "WatchErrors",
            "WatchStreamBehind",
            "AggregateErrors",
            "MessagesQuarantined",
            "MessagesWithAlerts",
            "ReadingsLate",
            "Dashboard",
            "Budget",
        ),
    ),
)


# A message that fails comes again after a minute, five times: only what waits for longer is
# a queue that fills faster than it is emptied.
BEHIND_S = 360


class Operations(NamedTuple):
    """What the other sections build on."""

    topic: Topic
    alarms: tuple[Alarm, ...]


def add(
    template: Template, site: Site, core: Core, telling: Telling, reporting: Reporting
) -> Operations:
    """Put what watches the stack itself in a template."""
    email = template.add_parameter(parameters.operations_email())
    template.add_condition(operations.HAS_EMAIL, parameters.is_given(email))
    topic = operations.topic(site)
    policy = operations.policy(topic)
    ringing = _alarms(core, telling, reporting, topic)
    shown = cloudwatch.Shown(
        rule=core.rule,
        functions=(core.detection.function, telling.function, reporting.function),
        stream=core.stream,
        queue=core.dead_letters,
        waiting=core.queue,
        follower=telling.function,
        alarms=ringing,
    )
    dashboard = cloudwatch.dashboard(site, shown)
    template.add_resource([topic, policy, operations.email_subscription(topic, email)])
    template.add_resource([*ringing, *cloudwatch.metric_filters(site, core.detection.log)])
    template.add_resource(dashboard)
    _add_budget(template, site, topic, policy)
    for name, description, value in (
        ("OperationsTopicArn", "Faults of the stack and of its bill; subscribe to it", Ref(topic)),
        ("DashboardUrl", "How the stack is, in CloudWatch", cloudwatch.dashboard_url(dashboard)),
    ):
        template.add_output(Output(name, Description=description, Value=value))
    return Operations(topic, ringing)


def _alarms(core: Core, telling: Telling, reporting: Reporting, topic: Topic) -> tuple[Alarm, ...]:
    """Ten, which is what CloudWatch gives for nothing; a fleet's queue has an eleventh."""
    detect, watch = core.detection.function, telling.function
    waiting = (alarms.oldest_message(core.queue, topic, BEHIND_S),) if core.queue else ()
    return (
        alarms.function_errors(detect, topic),
        alarms.function_throttled(detect, topic),
        alarms.function_slow(detect, topic),
        alarms.dead_letters(core.dead_letters, topic),
        alarms.delivery_late(core.stream, topic),
        *(alarms.rule_failures(core.rule, kind, topic) for kind in alarms.actions_of(core.rule)),
        *waiting,
        alarms.function_errors(watch, topic),
        alarms.stream_behind(telling.stream, watch, topic),
        # It runs once an hour, and may take a whole period: three never meet in one.
        alarms.function_errors(reporting.function, topic, at_least=1),
    )


def _add_budget(template: Template, site: Site, topic: Topic, policy: TopicPolicy) -> None:
    amount: Parameter = template.add_parameter(parameters.budget_amount(site))
    scope: Parameter = template.add_parameter(parameters.budget_scope())
    template.add_condition(*budget.has_budget(amount))
    template.add_condition(*budget.counts_site(scope))
    template.add_resource(budget.budget(site, amount=amount, topic=topic, policy=policy))
