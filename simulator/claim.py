"""A machine that has a claim only: it asks for its own certificate, and registers.

One short MQTT session over mTLS. The private key is made and kept elsewhere; here
passes a signing request, and what AWS IoT answers to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any

import aiomqtt

from chantier.enrolment import (
    ACCEPTED,
    MACHINE_PARAMETER,
    REJECTED,
    REQUEST_TOPIC,
    SERIAL_PARAMETER,
    provisioning_topic,
)
from chantier.errors import ChantierError
from simulator.link import Line, tls_context

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())
# How long the broker may take to let a claim in; and to answer: AWS IoT waits 5 s for
# the hook, and has the thing to make after it.
CONNECT_S, ANSWER_S = 6.0, 15.0
# MQTT 5 section 3.9.3; 3.1.1 has 0x80 alone: the broker refuses a subscription.
_REFUSED = 0x80


async def enrol_by_claim(  # noqa: PLR0913 - what a machine brings with it
    line: Line,
    *,
    template: str,
    machine: str,
    serial: str,
    request: str,
    keep: Callable[[str], None],
) -> str:
    """Exchange a claim for a certificate of the machine's own; returns the certificate's id.

    Args:
        line: the broker, with the claim's certificate and key.
        template: name of the provisioning template.
        machine: machine id.
        serial: the machine's serial number; empty where nobody gave one.
        request: certificate signing request, PEM.
        keep: is given the certificate, PEM, before it is registered: one that cannot be
            kept must not open the door.

    Raises:
        ChantierError: the claim does not open the door, or AWS IoT refuses the machine.
    """
    parameters = {MACHINE_PARAMETER: machine} | ({SERIAL_PARAMETER: serial} if serial else {})
    try:
        async with _session(line) as client:
            made = await _ask(client, REQUEST_TOPIC, {"certificateSigningRequest": request})
            keep(str(made["certificatePem"]))
            token = made["certificateOwnershipToken"]
            await _ask(
                client,
                provisioning_topic(template),
                {"certificateOwnershipToken": token, "parameters": parameters},
            )
    except _Rejected as refused:
        raise ChantierError(
            f"AWS IoT refuses to enrol {machine}: {refused}.",
            "The log of the enrol function says why: its name in the site file, its serial "
            "number, or a certificate that it has already.",
        ) from None
    except (aiomqtt.MqttError, TimeoutError) as error:
        raise ChantierError(
            f"{machine} has no answer from {line.host}:{line.port} to its claim: "
            f"{str(error) or 'too slow'}.",
            "Is the claim's certificate active, and is its policy attached?",
        ) from error
    return str(made["certificateId"])


class _Rejected(Exception):
    """AWS IoT said no; the text is its code and its words."""


def _session(line: Line) -> contextlib.AbstractAsyncContextManager[aiomqtt.Client]:
    return aiomqtt.Client(
        line.host,
        line.port,
        identifier=line.client_id,
        tls_context=tls_context(line),
        timeout=CONNECT_S,
        logger=_LOG,
    )


async def _ask(client: aiomqtt.Client, topic: str, question: dict[str, Any]) -> dict[str, Any]:
    """One request and its answer, on the topics beneath it."""
    answers = [(f"{topic}/{name}", 1) for name in (ACCEPTED, REJECTED)]
    granted = await client.subscribe(answers)
    if any(getattr(code, "value", code) >= _REFUSED for code in granted):
        raise aiomqtt.MqttError(f"it may not listen to {topic}")
    await client.publish(topic, json.dumps(question), qos=1)
    async with asyncio.timeout(ANSWER_S):
        async for message in client.messages:
            answer: dict[str, Any] = json.loads(bytes(message.payload))
            if message.topic.matches(f"{topic}/{ACCEPTED}"):
                return answer
            if message.topic.matches(f"{topic}/{REJECTED}"):
                raise _Rejected(f"{answer.get('errorCode')}, {answer.get('errorMessage')}")
    raise aiomqtt.MqttError("the broker closed the line")
