"""How long an asynchronous invocation is tried, as AWS does it.

Values in, values out: nothing here invokes or waits.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

RETRIES = 2
"""AWS's default number of retries of a function that failed."""

OLDEST_SECONDS = 6 * 3600
"""AWS's default age at which an invocation is given up."""

# AWS waits one minute, then two; a developer at a terminal does not.
_FIRST_PAUSE = 1.0
_FIRST_THROTTLE_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
_MOST_DOUBLINGS = 10


@dataclass(frozen=True)
class Limits:
    """How long a function's asynchronous invocations are tried.

    Attributes:
        retries: after how many failures the next one is the last.
        seconds: after which age no retry follows.
        destination: ARN of the on-failure destination; may be empty.
    """

    retries: int
    seconds: float
    destination: str


@dataclass(frozen=True)
class Tries:
    """How an invocation went so far.

    Attributes:
        since: when it was accepted.
        failures: how often the function failed.
        throttles: how often there was no worker for it.
    """

    since: float
    failures: int = 0
    throttles: int = 0


def read_limits(function: dict[str, Any]) -> Limits:
    """The limits in a function's event invoke configuration."""
    settings = (
        function.get("event_invoke_config")
        or (function.get("event_invoke_configs") or {}).get("$LATEST")
        or {}
    )
    retries = settings.get("MaximumRetryAttempts")
    target = (settings.get("DestinationConfig") or {}).get("OnFailure") or {}
    letters = function["config"].get("DeadLetterConfig") or {}
    return Limits(
        retries=RETRIES if retries is None else int(retries),
        seconds=float(settings.get("MaximumEventAgeInSeconds") or OLDEST_SECONDS),
        destination=target.get("Destination") or letters.get("TargetArn") or "",
    )


def again(
    tries: Tries, limits: Limits, *, throttled: bool, now: float
) -> tuple[Tries, float] | None:
    """What follows a failure: the next try and the pause before it, or None to give up."""
    if now - tries.since > limits.seconds:
        return None
    if throttled:
        pause = _FIRST_THROTTLE_PAUSE * 2.0 ** min(tries.throttles, _MOST_DOUBLINGS)
        return replace(tries, throttles=tries.throttles + 1), min(pause, _LONGEST_PAUSE)
    if tries.failures >= limits.retries:
        return None
    pause = _FIRST_PAUSE * 2.0**tries.failures
    return replace(tries, failures=tries.failures + 1), min(pause, _LONGEST_PAUSE)
