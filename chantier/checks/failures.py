"""Nothing is lost silently: where each message goes that could not be handled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.reading import Place, always, properties, resources, target, within

Body = Mapping[str, Any]
FUNCTION, MAPPING = "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"
INVOKE, QUEUE = "AWS::Lambda::EventInvokeConfig", "AWS::SQS::Queue"


def rule_without_error_action(body: Body) -> Iterator[Place]:
    """An IoT rule has an action for what its own actions could not do."""
    for name, rule in resources(body, "AWS::IoT::TopicRule").items():
        if not always(within(properties(rule), "TopicRulePayload", "ErrorAction")):
            yield Place(("Resources", name), "has no ErrorAction")


def function_without_destination(body: Body) -> Iterator[Place]:
    """A function has an on-failure destination, or is fed by queues that keep what fails."""
    for name, function in resources(body, FUNCTION).items():
        conditions = (None, function.get("Condition"))
        kept = [
            config
            for config in resources(body, INVOKE).values()
            if target(properties(config).get("FunctionName")) == name
            and config.get("Condition") in conditions
            and always(within(properties(config), "DestinationConfig", "OnFailure", "Destination"))
        ]
        dead_letters = within(properties(function), "DeadLetterConfig", "TargetArn")
        if not kept and not always(dead_letters) and not _fed_by_safe_queues(body, name):
            yield Place(
                ("Resources", name), "has no on-failure destination for asynchronous calls"
            )


def _fed_by_safe_queues(body: Body, function: str) -> bool:
    sources = [
        target(properties(one).get("EventSourceArn"))
        for one in resources(body, MAPPING).values()
        if target(properties(one).get("FunctionName")) == function
    ]
    return bool(sources) and all(_redrives(body, source) for source in sources)


def _redrives(body: Body, name: str) -> bool:
    queue = resources(body, QUEUE).get(name)
    return queue is not None and always(
        within(properties(queue), "RedrivePolicy", "deadLetterTargetArn")
    )


def mapping_without_destination(body: Body) -> Iterator[Place]:
    """What an event source mapping gives up is kept: its destination, or the queue's redrive."""
    for name, one in resources(body, MAPPING).items():
        given = properties(one)
        destination = within(given, "DestinationConfig", "OnFailure", "Destination")
        if not always(destination) and not _redrives(body, target(given.get("EventSourceArn"))):
            yield Place(
                ("Resources", name), "has no failure destination and its source no RedrivePolicy"
            )


def schedule_without_dead_letters(body: Body) -> Iterator[Place]:
    """A call that Scheduler could not deliver is kept."""
    for name, schedule in resources(body, "AWS::Scheduler::Schedule").items():
        if not always(within(properties(schedule), "Target", "DeadLetterConfig", "Arn")):
            yield Place(("Resources", name), "has no dead-letter queue")
