"""Logs: each function has one of its own, and none grows for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.failures import FUNCTION
from chantier.checks.reading import Place, always, properties, resources, target, text, within

Body = Mapping[str, Any]
GROUP = "AWS::Logs::LogGroup"


def log_without_retention(body: Body) -> Iterator[Place]:
    """A log group says how long it keeps lines; without, CloudWatch keeps and bills for ever."""
    for name, group in resources(body, GROUP).items():
        if not always(properties(group).get("RetentionInDays")):
            yield Place(("Resources", name), "keeps its lines for ever")


def function_without_own_log(body: Body) -> Iterator[Place]:
    """A function writes to a log group of the template that no other function writes to."""
    written: dict[str, list[str]] = defaultdict(list)
    for name, function in resources(body, FUNCTION).items():
        group = _log_of(body, properties(function))
        if not group:
            yield Place(("Resources", name), "writes to no log group of this template")
        written[group].append(name)
    for group, names in written.items():
        for name in names[1:] if group else []:
            yield Place(("Resources", name), f"writes to {group}, which is the log of {names[0]}")


def _log_of(body: Body, function: Mapping[str, Any]) -> str:
    """The logical id of the function's log group; empty where the template has none."""
    groups = resources(body, GROUP)
    chosen = target(within(function, "LoggingConfig", "LogGroup"))
    if chosen:
        return chosen if chosen in groups else ""
    named = text(within(function, "LoggingConfig", "LogGroup"))
    named = named or f"/aws/lambda/{text(function.get('FunctionName'))}"
    same = (name for name, one in groups.items() if _name(one) == named)
    return next(same, "")


def _name(group: Mapping[str, Any]) -> str:
    return text(properties(group).get("LogGroupName"))
