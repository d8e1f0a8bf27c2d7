"""What the embedded AWS lacks between an IoT rule and its actions. Deleted when it does not.

    firehose action   -> buffered and written as Firehose would, from the deployed stream
    s3 action         -> an object under a key with substitution templates
    lambda action     -> queued and retried
    sqs action        -> sent as over TLS, which a queue's policy may ask for
    unreadable payload -> the rule's error action, and no other

It takes the place of private functions of ministack and runs in its process
only. How things are buffered, named and judged is written elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import pin_request_origin
from ministack.services import iot

from chantier.local import naming, payloads
from chantier.local.aws import Aws, Unusable, rule_arn
from chantier.local.delivery import Delivery
from chantier.local.lambdas import Functions
from chantier.local.ports import LOOPBACK
from chantier.local.streams import Write

log = logging.getLogger("chantier.local.gap")

EVALUATION = "RuleEvaluation"
"""`failedAction` of a message that no action was tried for."""


@dataclass(frozen=True)
class _Message:
    topic: str
    client_id: str | None


_message: ContextVar[_Message] = ContextVar("chantier_rule_message")


class Gap:
    """The stand-ins, with what they need.

    Args:
        aws: calls to the embedded AWS.
        delivery: buffers and writes.
        functions: invocations.
    """

    def __init__(self, aws: Aws, delivery: Delivery, functions: Functions) -> None:
        self._aws = aws
        self._delivery = delivery
        self._functions = functions
        self._looking: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._run_rule_actions = iot._run_rule_actions  # noqa: SLF001 - what we stand before
        self._rule_event = iot._rule_event  # noqa: SLF001
        self._dispatch = iot._dispatch_rule_action  # noqa: SLF001

    def install(self) -> None:
        """Take the places, and begin to work."""
        iot._rule_message = _rule_message  # noqa: SLF001 - the only way in
        iot._rule_event = self.rule_event  # noqa: SLF001
        iot._run_rule_actions = self.run_rule_actions  # noqa: SLF001
        iot._dispatch_rule_action = self.dispatch  # noqa: SLF001
        iot._dispatch_rule_to_lambda = self._functions.invoke  # noqa: SLF001
        iot._RULE_ACTION_RESOURCE_KEYS |= {  # noqa: SLF001
            "firehose": ("deliveryStreamName",),
            "s3": ("bucketName",),
        }
        self._delivery.start()
        self._functions.start()

    def close(self, seconds: float) -> None:
        """End what was accepted; the API must still answer."""
        self._functions.close(seconds)
        self._delivery.close(seconds)

    async def run_rule_actions(  # noqa: PLR0913, PLR0917 - the signature it stands for
        self,
        account: str,
        region: str,
        rule: dict[str, Any],
        payload: bytes,
        topic: str = "",
        client_id: str | None = None,
    ) -> None:
        """Evaluate one rule; a payload that it cannot read goes to its error action."""
        token = _message.set(_Message(topic, client_id))
        try:
            await self._run_rule_actions(account, region, rule, payload, topic, client_id)
        except payloads.Refused as reason:
            name = rule.get("ruleName", "")
            log.warning("rule %s: %s", name, reason)
            failure = {
                "failedAction": EVALUATION,
                "failedResource": name,
                "errorMessage": str(reason),
            }
            await iot._dispatch_rule_error_action(  # noqa: SLF001
                account, region, rule, topic, payload[: payloads.LIMIT], client_id, [failure]
            )
        finally:
            _message.reset(token)

    def rule_event(
        self, sql: str, topic: str, payload: bytes, client_id: str | None, message: Any
    ) -> Any:
        """Apply a SELECT, to a JSON object where it takes fields from one."""
        items = iot._split_select_items(iot._rule_select_clause(sql))  # noqa: SLF001
        if payloads.needs_object(items or ["*"]):
            payloads.require_object(payloads.NOT_TEXT if message is iot._MISSING else message)  # noqa: SLF001
        return self._rule_event(sql, topic, payload, client_id, message)

    async def dispatch(
        self, account: str, region: str, rule: str, action: dict[str, Any], event: Any
    ) -> None:
        """Run one action; what is known to the embedded AWS is left to it."""
        if "firehose" in action:
            await self._to_firehose(rule_arn(region, rule), action["firehose"], event)
        elif "s3" in action:
            self._to_s3(rule_arn(region, rule), action["s3"], event)
        else:
            if "sqs" in action:
                # It sends within its own process, and forgets that AWS IoT would use TLS.
                pin_request_origin(LOOPBACK, secure_transport=True)
            await self._dispatch(account, region, rule, action, event)

    async def _to_firehose(self, source: str, action: dict[str, Any], event: Any) -> None:
        batch = bool(action.get("batchMode"))
        permission = "firehose:PutRecordBatch" if batch else "firehose:PutRecord"
        known = (action["deliveryStreamName"], action.get("roleArn", ""), permission)
        stream, due = self._aws.known(*known)
        if stream is None:
            stream = await asyncio.to_thread(self._aws.look, *known, source)
        elif due and known not in self._looking:
            self._looking[known] = asyncio.create_task(self._look(known, source))
        separator = action.get("separator", "").encode()
        records = event if batch and isinstance(event, list) else [event]
        self._delivery.accept(stream, [payloads.dump(record) + separator for record in records])

    async def _look(self, known: tuple[str, str, str], source: str) -> None:
        """Look again while the last description serves; the next message meets what is wrong."""
        try:
            with suppress(Unusable):
                await asyncio.to_thread(self._aws.look, *known, source)
        finally:
            self._looking.pop(known, None)

    def _to_s3(self, source: str, action: dict[str, Any], event: Any) -> None:
        message = _message.get()
        trace_id = iot._rule_message_identity.get()[1]  # noqa: SLF001
        origin = naming.Origin(message.topic, message.client_id, trace_id)
        self._delivery.put(
            Write(
                role=action["roleArn"],
                service="iot.amazonaws.com",
                source=source,
                bucket=action["bucketName"],
                key=naming.substitute(action["key"], origin),
                body=payloads.dump(event),
            )
        )


def _rule_message(payload: bytes) -> Any:
    message = payloads.parse(payload or b"")
    return iot._MISSING if message is payloads.NOT_TEXT else message  # noqa: SLF001
