"""A rule's Lambda action as AWS runs it: queued, retried, sent to its destination.

The embedded AWS starts a thread and a process for each message, loses what is
throttled and never retries. Here a bounded line is served by as many threads
as there are workers. It reaches private names of ministack and runs in its
process only.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from ministack.services import lambda_svc

from chantier.local.line import Full, Line
from chantier.local.retries import Tries, again, read_limits

log = logging.getLogger("chantier.local.lambdas")

WAITING = 10_000
"""Invocations that may wait; beyond them the rule's error action runs."""


class NotInvoked(Exception):
    """An invocation that was not accepted; the text is why."""


@dataclass(frozen=True)
class Invocation:
    """One event for one function.

    Attributes:
        function: ministack's record of the function.
        event: what it is called with.
        tries: how it went so far.
    """

    function: dict[str, Any]
    event: Any
    tries: Tries


class Functions:
    """The line of invocations and the threads that serve it.

    Args:
        workers: how many run at once.
    """

    def __init__(self, workers: int) -> None:
        self._line: Line[Invocation] = Line(WAITING)
        self._threads = [
            threading.Thread(target=self._serve, name=f"rule-lambda-{number}", daemon=True)
            for number in range(workers)
        ]

    def start(self) -> None:
        """Begin to serve."""
        for thread in self._threads:
            thread.start()

    def invoke(self, account: str, region: str, function_arn: str, event: Any) -> None:
        """Accept one asynchronous invocation.

        Raises:
            NotInvoked: there is no such function, or too many wait.
        """
        function, config, _ = lambda_svc._get_func_record_for_ref_in_scope(  # noqa: SLF001 - as the code it stands for
            function_arn, account_id=account, region=region
        )
        if not function or not config:
            raise NotInvoked(f"function {function_arn} not found")
        record = lambda_svc._execution_record_for_config(function, config)  # noqa: SLF001
        try:
            self._line.join(Invocation(record, event, Tries(since=time.monotonic())))
        except Full:
            raise NotInvoked(f"{WAITING} invocations already wait") from None

    def close(self, seconds: float) -> None:
        """Serve what waits, without the pauses between retries."""
        if left := self._line.finish(seconds):
            log.error("%d invocations had not ended when the local AWS stopped", left)

    def _serve(self) -> None:
        while True:
            invocation = self._line.take()
            try:
                self._run(invocation)
            except (ValueError, LookupError, OSError, RuntimeError):
                # From under ministack: this thread must go on to serve the others.
                log.exception("an invocation was lost")
                self._line.done()

    def _run(self, invocation: Invocation) -> None:
        result = lambda_svc._execute_function_with_config_scope(  # noqa: SLF001
            invocation.function, invocation.event
        )
        if result.get("error"):
            limits = read_limits(invocation.function)
            throttled = bool(result.get("throttle"))
            if retry := again(invocation.tries, limits, throttled=throttled, now=time.monotonic()):
                tries, pause = retry
                self._line.again(replace(invocation, tries=tries), pause)
                return
            self._give_up(invocation, result, limits.destination)
        self._line.done()

    def _give_up(self, invocation: Invocation, result: dict[str, Any], destination: str) -> None:
        function = invocation.function
        name = function["config"].get("FunctionName", "?")
        if not destination:
            log.error("%s failed and has no on-failure destination: %s", name, result.get("body"))
            return
        lambda_svc._run_with_function_config_scope(  # noqa: SLF001
            function,
            lambda_svc._route_async_failure,  # noqa: SLF001
            destination,
            name,
            invocation.event,
            result,
        )
