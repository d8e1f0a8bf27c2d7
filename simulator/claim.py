"""A machine that has a claim only: it asks for its own certificate, and registers.

One short MQTT session over mTLS. The private key is made and kept elsewhere; here
passes a signing request, and what AWS IoT answers to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

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


class Issued(NamedTuple):
    """A certificate that AWS IoT issued, and that waits to be registered.

    Attributes:
        certificate_id: its id.
        token: proves to AWS IoT whose it is.
        certificate: PEM.
    """

    certificate_id: str
    token: str
    certificate: str


class Refused(ChantierError):
    """AWS IoT does not admit the machine; to ask the same again is of no use."""


async def enrol_by_claim(  # noqa: PLR0913 - what a machine brings with it
    line: Line,
    *,
    template: str,
    machine: str,
    serial: str,
    request: str,
    keep: Callable[[Issued], None],
) -> Issued:
    """Exchange a claim for a certificate of the machine's own.

    Args:
        line: the broker, with the claim's certificate and key.
        template: name of the provisioning template.
        machine: machine id.
        serial: the machine's serial number; empty where nobody gave one.
        request: certificate signing request, PEM.
        keep: is given the certificate before it is registered: one that cannot be kept
            must not open the door.

    Raises:
        Refused: AWS IoT does not admit the machine.
        ChantierError: there is no answer, or the claim does not open the door.
    """
    with _told(line, machine):
        async with _session(line) as client:
            made = await _ask(client, REQUEST_TOPIC, {"certificateSigningRequest": request})
            issued = Issued(
                certificate_id=str(made["certificateId"]),
                token=str(made["certificateOwnershipToken"]),
                certificate=str(made["certificatePem"]),
            )
            keep(issued)
            await _register(client, issued, template, machine, serial)
    return issued


async def register_by_claim(
    line: Line, issued: Issued, *, template: str, machine: str, serial: str
) -> None:
    """Register a certificate that was issued in an earlier session; as `enrol_by_claim`."""
    with _told(line, machine):
        async with _session(line) as client:
            await _register(client, issued, template, machine, serial)


async def opens(line: Line) -> bool:
    """Whether a machine's own certificate opens the door; False too when nobody answers."""
    try:
        async with _session(line):
            return True
    except (aiomqtt.MqttError, TimeoutError):
        return False


async def _register(
    client: aiomqtt.Client, issued: Issued, template: str, machine: str, serial: str
) -> None:
    parameters = {MACHINE_PARAMETER: machine} | ({SERIAL_PARAMETER: serial} if serial else {})
    await _ask(
        client,
        provisioning_topic(template),
        {"certificateOwnershipToken": issued.token, "parameters": parameters},
    )


@contextlib.contextmanager
def _told(line: Line, machine: str) -> Iterator[None]:
    """What goes wrong meanwhile, in a sentence."""
    try:
        yield
    except _Rejected as refused:
        raise Refused(
            f"AWS IoT refuses to enrol {machine}: {refused}.",
            "The log of the enrol function says why: its name in the site file, its serial "
            "number, or a certificate that it has already.",
        ) from None
    except (aiomqtt.MqttError, TimeoutError) as error:
        raise ChantierError(
            f"{machine} has no answer from {line.host}:{line.port} to its claim: "
            f"{str(error) or 'too slow'}.",
            "Is the claim's certificate active, and is its policy attached? The same command "
            "goes on where this one stopped.",
        ) from error


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
