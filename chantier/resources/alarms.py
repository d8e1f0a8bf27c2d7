"""What is worth waking somebody for: alarms on what the stack's own services count.

Each tells the operations topic when it begins and when it is over. None is on where there
is nothing to count: a site at night sends nothing, and CloudWatch has no data of a metric
without events, so that missing data is never a breach here. Ten alarms are free.
"""

from __future__ import annotations

from troposphere import GetAtt, Ref
from troposphere.awslambda import EventSourceMapping, Function
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.firehose import DeliveryStream
from troposphere.iot import TopicRule
from troposphere.sns import Topic
from troposphere.sqs import Queue

LAMBDA, SQS, FIREHOSE, IOT = "AWS/Lambda", "AWS/SQS", "AWS/Firehose", "AWS/IoT"
PERIOD_S = 300
# An event that fails with both its retries, which take three minutes; one that a retry mends
# is nobody's trouble. Three over a period's border still end in the dead letters.
ERRORS, ERRORS_S = 3, 900
# Lambda queues what it throttles and tries for hours: a quarter of an hour of it is no burst.
LASTING = 3
# Of a function's timeout: a message that takes so long is near to being lost.
SLOW = 0.5
# One is a message, or a call, that nobody has handled after every retry.
DEAD_LETTERS = 1
# Twice the longest buffer that RawBufferSeconds allows, s.
STALE_S = 2 * 900
# One is a message that detection or the raw store did not get; it lies in quarantine/rule/.
REFUSED = 1
# The stream only wakes the watch up, and is given up after an hour: a quarter of that, ms.
BEHIND_MS = 15 * 60 * 1000


def function_errors(function: Function, topic: Topic, at_least: int = ERRORS) -> Alarm:
    """The function fails, retries and all; `at_least` so often in a quarter of an hour."""
    return _alarm(
        f"{function.title}Errors",
        topic,
        f"{function.title} fails: read its log, then the dead letters.",
        metric=(LAMBDA, "Errors"),
        of=("FunctionName", Ref(function)),
        at_least=at_least,
        Period=ERRORS_S,
    )


def function_throttled(function: Function, topic: Topic) -> Alarm:
    """The function is not let run: the account's concurrency, or its own share, is used up."""
    return _alarm(
        f"{function.title}Throttled",
        topic,
        f"{function.title} waits for concurrency: alerts come late. Ask for a higher quota.",
        metric=(LAMBDA, "Throttles"),
        of=("FunctionName", Ref(function)),
        at_least=1,
        EvaluationPeriods=LASTING,
    )


def function_slow(function: Function, topic: Topic) -> Alarm:
    """The slowest hundredth of its invocations takes half of what it may, and goes on so."""
    return _alarm(
        f"{function.title}Slow",
        topic,
        f"{function.title} takes more than half of its timeout.",
        metric=(LAMBDA, "Duration"),
        of=("FunctionName", Ref(function)),
        at_least=int(function.Timeout * SLOW * 1000),
        statistic="p99",
        EvaluationPeriods=LASTING,
    )


def dead_letters(queue: Queue, topic: Topic) -> Alarm:
    """There is something that nobody could handle."""
    return _alarm(
        f"{queue.title}Waiting",
        topic,
        "Messages or calls that failed after every retry wait in the dead letters for 14 days.",
        metric=(SQS, "ApproximateNumberOfMessagesVisible"),
        of=("QueueName", GetAtt(queue, "QueueName")),
        at_least=DEAD_LETTERS,
        statistic="Maximum",
    )


def oldest_message(queue: Queue, topic: Topic, seconds: int) -> Alarm:
    """A queue is not emptied as fast as it fills: its oldest message has waited so long."""
    return _alarm(
        f"{queue.title}Behind",
        topic,
        f"The oldest message of {queue.title} has waited for more than {seconds} s.",
        metric=(SQS, "ApproximateAgeOfOldestMessage"),
        of=("QueueName", GetAtt(queue, "QueueName")),
        at_least=seconds,
        statistic="Maximum",
    )


def delivery_late(stream: DeliveryStream, topic: Topic) -> Alarm:
    """Raw telemetry does not reach the bucket."""
    return _alarm(
        f"{stream.title}Late",
        topic,
        "Raw telemetry is not written to S3; Firehose keeps it for a day. Read its log.",
        metric=(FIREHOSE, "DeliveryToS3.DataFreshness"),
        of=("DeliveryStreamName", Ref(stream)),
        at_least=STALE_S,
        statistic="Maximum",
    )


def actions_of(rule: TopicRule) -> list[str]:
    """What a rule hands messages to, as AWS/IoT names it in ActionType (spelling not verified)."""
    return [kind for one in rule.TopicRulePayload.Actions for kind in one.properties]


def rule_failures(rule: TopicRule, action: str, topic: Topic) -> Alarm:
    """An action of the rule fails.

    Args:
        rule: the rule.
        action: one of `actions_of(rule)`.
        topic: who is told.
    """
    made = _alarm(
        f"{rule.title}{action}Failures",
        topic,
        f"The rule could not hand messages to {action}; they lie in quarantine/rule/.",
        metric=(IOT, "Failure"),
        of=("RuleName", Ref(rule)),
        at_least=REFUSED,
    )
    made.Dimensions.append(MetricDimension(Name="ActionType", Value=action))
    return made


def stream_behind(mapping: EventSourceMapping, function: Function, topic: Topic) -> Alarm:
    """A function is far behind the stream that it reads."""
    return _alarm(
        f"{mapping.title}Behind",
        topic,
        f"{function.title} is a quarter of an hour behind the alerts table's stream.",
        metric=(LAMBDA, "IteratorAge"),
        of=("FunctionName", Ref(function)),
        at_least=BEHIND_MS,
        statistic="Maximum",
    )


def _alarm(  # noqa: PLR0913 - what one alarm differs by from another
    title: str,
    topic: Topic,
    description: str,
    *,
    metric: tuple[str, str],
    of: tuple[str, Ref | GetAtt],
    at_least: int,
    statistic: str = "Sum",
    **how: int,
) -> Alarm:
    kind = "ExtendedStatistic" if statistic.startswith("p") else "Statistic"
    namespace, name = metric
    periods = {"Period": PERIOD_S, "EvaluationPeriods": 1, **how, kind: statistic}
    return Alarm(
        title,
        AlarmDescription=description,
        Namespace=namespace,
        MetricName=name,
        Dimensions=[MetricDimension(Name=of[0], Value=of[1])],
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=at_least,
        TreatMissingData="notBreaching",
        AlarmActions=[Ref(topic)],
        OKActions=[Ref(topic)],
        **periods,
    )
