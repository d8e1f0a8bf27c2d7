"""Why a message led to no alert: the rule and the function are asked themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from chantier.proving.probe import CODE, Message
from chantier.proving.promises import Check, broken, holds, unseen
from chantier.proving.stage import Stage
from chantier.telemetry import rule_name


def astray(stage: Stage, message: Message, found: dict[str, Any] | None) -> tuple[Check, ...]:
    """Why the first message led to no alert."""
    unreached = [unseen(name, "the message came not so far") for name in ("stored", "untold")]
    if found is not None:
        return (
            holds("rule", "the function was called"),
            broken("judged", *_not_judged(stage, found)),
            *unreached,
        )
    fault = _rule_fault(stage)
    if fault:
        return (broken("rule", *fault), unseen("judged", "the rule does not act"), *unreached)
    return (*_called_directly(stage, message), *unreached)


def _not_judged(stage: Stage, line: Mapping[str, Any]) -> tuple[str, str]:
    if "quarantined" in line:
        deploy = f"This stack is of another version: chantier deploy{stage.command}"
        return f"put in quarantine: {line['quarantined']}", deploy
    look = f"What else the function said: chantier logs detect{stage.command}"
    return f"the function handled the message and stored no {CODE}", look


def _rule_fault(stage: Stage) -> tuple[str, str] | None:
    """What is wrong with the rule itself, and what mends it."""
    client, name = stage.client("iot"), rule_name(stage.site)
    try:
        rule = client.get_topic_rule(ruleName=name)["rule"]
    except client.exceptions.ClientError as fault:
        return f"{name}: {fault}", f"Make it again: chantier deploy{stage.command}"
    if rule.get("ruleDisabled"):
        return f"{name} is disabled", f"aws iot enable-topic-rule --rule-name {name}"
    return None


def _called_directly(stage: Stage, message: Message) -> tuple[Check, Check]:
    """Whether the function does its work when it is called by hand; it tells why not."""
    event = {
        **json.loads(message.payload),
        "machine": stage.probe,
        "site": stage.site,
        "arrived_at": int(time.time() * 1000),
    }
    name, log = stage.outputs["DetectFunctionName"], stage.outputs["DetectLogName"]
    answer = stage.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        return (
            unseen("rule", "the function fails; whether it was called cannot be seen"),
            broken(
                "judged",
                f"{name} fails: {said.get('errorMessage', 'no reason given')}",
                f"Its log: chantier logs detect{stage.command} (log group {log})",
                f"After its retries a message is in: chantier dead-letters list{stage.command}",
            ),
        )
    return (
        broken(
            "rule",
            f"{rule_name(stage.site)} is on, and the function works when it is called by hand, "
            "but the message did not reach it",
            f"Messages that the rule could not hand on: chantier quarantine{stage.command}",
            f"May the rule call it? aws lambda get-policy --function-name {name}",
        ),
        unseen("judged", "the message came not so far"),
    )
