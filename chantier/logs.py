"""What the functions of a site logged: their own JSON lines, and what Lambda says of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.errors import ChantierError

# Every line that the detect function writes tells when it was done.
OWN_LINES = '"stored_at"'
FUNCTIONS = ("detect", "watch", "aggregate", "enrol")
# What a line that tells of trouble has in it: ours, Lambda's, Python's.
_TROUBLE = ("trouble", "quarantined", "errorType", "errorMessage")
_WORDS = ("[ERROR]", "Task timed out", "Traceback", "Runtime.", "Status: error")
_COUNTING = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
_FIRST_WAIT_S, _LAST_WAIT_S, _SLOWER = 1.0, 5.0, 1.5


class Line(NamedTuple):
    """One line of a log.

    Attributes:
        at_ms: epoch milliseconds.
        function: whose it is.
        text: as it was written, without the end of the line.
    """

    at_ms: int
    function: str
    text: str

    @property
    def said(self) -> dict[str, Any] | None:
        """The JSON object of one of our own lines; None for any other."""
        try:
            said = json.loads(self.text)
        except ValueError:
            return None
        return said if isinstance(said, dict) else None

    @property
    def is_lambdas(self) -> bool:
        """Whether Lambda only counts an invocation with it."""
        return self.text.startswith(_COUNTING) and not self.is_trouble

    @property
    def is_trouble(self) -> bool:
        """Whether it tells of something that went wrong."""
        if (said := self.said) is not None:
            return any(said.get(name) for name in _TROUBLE)
        return any(word in self.text for word in _WORDS)


def read_log(cloud: Cloud, group: str, *, since_ms: int = 0) -> list[dict[str, Any]]:
    """The function's own lines of a log group since a moment (epoch ms), oldest first."""
    told = _events(cloud.client("logs"), group, since_ms, set(), pattern=OWN_LINES)
    return [json.loads(message) for _, message in told]


def log_groups(cloud: Cloud, stack: str, functions: tuple[str, ...] = ()) -> dict[str, str]:
    """The log groups of a stack by function.

    Args:
        cloud: where.
        stack: its name.
        functions: of these alone; all for none.

    Raises:
        ChantierError: no function of the stack has that name.
    """
    pages = cloud.client("cloudformation").get_paginator("list_stack_resources")
    there = {
        one["LogicalResourceId"].removesuffix("Log").lower(): one["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == "AWS::Logs::LogGroup"
    }
    known = {name: there[name] for name in FUNCTIONS if name in there}
    if strange := sorted(set(functions) - set(known)):
        raise ChantierError(
            f"{stack} has no function {strange[0]!r} with a log.", f"It has {', '.join(known)}."
        )
    return {name: group for name, group in known.items() if not functions or name in functions}


def lines(
    cloud: Cloud, groups: Mapping[str, str], *, since_ms: int, follow: bool
) -> Iterator[Line]:
    """The lines of some logs, merged by time; with `follow` also what comes, until stopped."""
    client, wait_s = cloud.client("logs"), _FIRST_WAIT_S
    seen: dict[str, set[tuple[str, int, str]]] = {name: set() for name in groups}
    start = dict.fromkeys(groups, since_ms)
    while True:
        found = []
        for name, group in groups.items():
            for at, message in _events(client, group, start[name], seen[name]):
                found.append(Line(at, name, message.rstrip("\n")))
                start[name] = max(start[name], at)
        yield from sorted(found, key=lambda line: line.at_ms)
        if not follow:
            return
        wait_s = _FIRST_WAIT_S if found else min(wait_s * _SLOWER, _LAST_WAIT_S)
        time.sleep(wait_s)


def _events(
    client: Any,
    group: str,
    start: int,
    seen: set[tuple[str, int, str]],
    *,
    pattern: str = "",
) -> Iterator[tuple[int, str]]:
    """Events that were not seen before, as they come.

    It goes on by time and not by page token, which the embedded AWS does not give.
    """
    asked = {"filterPattern": pattern} if pattern else {}
    while True:
        found = client.filter_log_events(logGroupName=group, startTime=start, **asked)
        told = [(e["logStreamName"], e["timestamp"], e["message"]) for e in found["events"]]
        fresh = [event for event in told if event not in seen]
        if not fresh and not found.get("nextToken"):
            return
        seen.update(fresh)
        yield from ((at, message) for _, at, message in fresh)
        start = max((at for _, at, _ in fresh), default=start + 1)
