"""What cfn-lint cannot see in a template: each check is a function over the loaded template.

`CHECKS` is the one place to put another: its rule has an id, a sentence, and what
to do about it. A function takes the template as plain dictionaries and lists and yields
a `Place` for each thing that it finds; nothing here reads a file or knows a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from chantier.checks import (
    answers,
    conditions,
    failures,
    figures,
    keeping,
    logs,
    macros,
    size,
    wildcards,
)
from chantier.checks.dashboards import in_dashboards
from chantier.checks.reading import Place
from chantier.dashboard_checks import RULES as DASHBOARD_RULES

Body = Mapping[str, Any]


class Rule(NamedTuple):
    """One thing that a template must show.

    Attributes:
        id: CH and three digits; the hundreds are the family (0 size, 1 dashboards, 2 logs,
            3 access, 4 keeping, 6 failures, 9 answers).
        says: what must hold, one line.
        todo: what to do where it does not.
    """

    id: str
    says: str
    todo: str


class Check(NamedTuple):
    """A rule, and what gives a place for each thing that is otherwise."""

    rule: Rule
    find: Callable[[Body], Iterable[Place]]


CHECKS: tuple[Check, ...] = (
    Check(
        Rule(
            "CH011",
            "A template has at most 500 resources, 200 parameters and 200 outputs.",
            "Split the site, or put a part in a stack of its own.",
        ),
        size.too_many,
    ),
    Check(
        Rule(
            "CH012",
            "A template says itself what it holds.",
            "Check what the macro writes too, or answer with the reason.",
        ),
        macros.unseen,
    ),
    Check(
        Rule(
            "CH121",
            "The body of a CloudWatch dashboard is JSON.",
            "Mend DashboardBody.",
        ),
        figures.unreadable_dashboard,
    ),
    Check(
        Rule(
            "CH122",
            "A metric on a CloudWatch dashboard is a service's, or a metric filter counts it.",
            "Name the metric as the filter does, or answer with who counts it.",
        ),
        figures.uncounted_metric,
    ),
    Check(
        Rule(
            "CH123",
            "A CloudWatch dashboard shows resources and alarms of its template.",
            "Name one that the template has, or answer with where it is.",
        ),
        figures.figure_of_nothing,
    ),
    Check(
        Rule(
            "CH201",
            "A log group has a retention.",
            "Add RetentionInDays.",
        ),
        logs.log_without_retention,
    ),
    Check(
        Rule(
            "CH202",
            "A function has a log group of its own in the template.",
            "Add an AWS::Logs::LogGroup and point LoggingConfig.LogGroup to it.",
        ),
        logs.function_without_own_log,
    ),
    Check(
        Rule(
            "CH301",
            "A policy allows named actions.",
            "Name the actions, or answer with the reason.",
        ),
        wildcards.wild_action,
    ),
    Check(
        Rule(
            "CH302",
            "A policy allows on named resources; only an S3 key may end with * below a prefix.",
            "Name the resource, or answer with the reason why it cannot be narrower.",
        ),
        wildcards.wild_resource,
    ),
    Check(
        Rule(
            "CH303",
            "A policy that allows everybody says under which condition.",
            "Name the principal, or add a Condition.",
        ),
        wildcards.wild_principal,
    ),
    Check(
        Rule(
            "CH304",
            "A role takes no policy that AWS manages.",
            "Write the few statements that it needs, or answer with the reason.",
        ),
        wildcards.managed_policy,
    ),
    Check(
        Rule(
            "CH311",
            "A role is taken by a service for this account's own resource alone.",
            "Add both conditions to AssumeRolePolicyDocument.",
        ),
        conditions.trust_without_source,
    ),
    Check(
        Rule(
            "CH312",
            "A service calls a function for this account's own resource alone.",
            "Add SourceAccount and SourceArn to the permission.",
        ),
        conditions.permission_without_source,
    ),
    Check(
        Rule(
            "CH313",
            "Buckets, queues and topics refuse plain text.",
            "Add a policy that denies everybody where aws:SecureTransport is false.",
        ),
        conditions.plain_text_allowed,
    ),
    Check(
        Rule(
            "CH401",
            "What holds data has a DeletionPolicy.",
            "Add DeletionPolicy: RetainExceptOnCreate for data, Delete for logs.",
        ),
        keeping.data_without_deletion_policy,
    ),
    Check(
        Rule(
            "CH402",
            "What holds data has an UpdateReplacePolicy.",
            "Add UpdateReplacePolicy: Retain for data, Delete for logs.",
        ),
        keeping.data_without_replace_policy,
    ),
    Check(
        Rule(
            "CH601",
            "An IoT rule has an error action.",
            "Add TopicRulePayload.ErrorAction: S3, SQS or another rule.",
        ),
        failures.rule_without_error_action,
    ),
    Check(
        Rule(
            "CH602",
            "A function has an on-failure destination, or queues with a redrive policy feed it.",
            "Add an AWS::Lambda::EventInvokeConfig with DestinationConfig.OnFailure.",
        ),
        failures.function_without_destination,
    ),
    Check(
        Rule(
            "CH603",
            "An event source mapping has a failure destination, or its queue a redrive policy.",
            "Add DestinationConfig.OnFailure, or RedrivePolicy to the queue.",
        ),
        failures.mapping_without_destination,
    ),
    Check(
        Rule(
            "CH604",
            "A schedule has a dead-letter queue.",
            "Add Target.DeadLetterConfig.",
        ),
        failures.schedule_without_dead_letters,
    ),
)
# These need more than the template alone, or what the others found.
SIZE = Rule(
    "CH001",
    "A template has at most 1,000,000 bytes.",
    "Split the site, or put a part in a stack of its own.",
)
TAGS = Rule(
    "CH403",
    "What can bear a tag bears one.",
    "Add Tags.",
)
DASHBOARDS = {
    name: Rule(name, f"No dashboard has {what}.", "Mend its definition.")
    for name, what in DASHBOARD_RULES.items()
}
REASON = Rule("CH901", "An answer says why.", "Write the reason after the id.")
NOTHING = Rule("CH902", "An answer is to something that was found.", "Take the answer out.")
RULES = tuple(
    sorted((*(one.rule for one in CHECKS), *DASHBOARDS.values(), SIZE, TAGS, REASON, NOTHING))
)


def check(
    body: Body, *, text: str, tag_property: Callable[[str], str]
) -> list[tuple[Rule, Place]]:
    """Everything that the checks find and nobody answered.

    Args:
        body: the template, loaded.
        text: the same as it is written.
        tag_property: resource type -> the property that holds its tags; empty if it takes none.
    """
    found = [(one.rule, place) for one in CHECKS for place in one.find(body)]
    found += [(SIZE, place) for place in size.too_long(text)]
    found += [(TAGS, place) for place in keeping.untagged(body, tag_property)]
    found += [(DASHBOARDS[name], place) for name, place in in_dashboards(body)]
    by_id = [(rule.id, place) for rule, place in found]
    left = [(rule, place) for rule, place in found if not answers.answered(body, rule.id, place)]
    left += [(REASON, place) for place in answers.without_reason(body)]
    left += [(NOTHING, place) for place in answers.to_nothing(body, by_id)]
    return left
