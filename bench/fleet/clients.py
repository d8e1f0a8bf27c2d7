# ruff: noqa: D102 - `Client` says what each method does
"""The MQTT clients that are compared, each as its own documentation has it used.

Every one connects with its own certificate, publishes with QoS 1, and returns when the
broker has acknowledged. A library that is not installed raises ImportError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from simulator.papers import Line, tls_context, trust

KEEPALIVE_S = 120
TIMEOUT_S = 30.0


class Client(Protocol):
    """What is measured of a client."""

    async def connect(self) -> None:
        """Return when the broker has let it in."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Return when the broker has acknowledged."""


class Ours:
    """chantier: simulator.link, that is asyncio with the packets of mqtt5."""

    def __init__(self, line: Line) -> None:
        from simulator.link import Link  # noqa: PLC0415 - others run without it

        self._link = Link(line, tries=1, timeout_s=TIMEOUT_S)
        self.connect, self.publish = self._link.connect, self._link.publish


class Aiomqtt:
    """aiomqtt: asyncio around paho."""

    def __init__(self, line: Line) -> None:
        import aiomqtt  # noqa: PLC0415

        self._client = aiomqtt.Client(
            line.host,
            line.port,
            identifier=line.client_id,
            tls_context=tls_context(line),
            timeout=TIMEOUT_S,
            keepalive=KEEPALIVE_S,
        )

    async def connect(self) -> None:
        await self._client.__aenter__()

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._client.publish(topic, payload, qos=1)


class Paho:
    """paho-mqtt: its own network loop, which is a thread for each client."""

    def __init__(self, line: Line) -> None:
        from paho.mqtt.client import Client as Paho_  # noqa: PLC0415
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        self._line = line
        self._loop = asyncio.get_running_loop()
        self._up = self._loop.create_future()
        self._acks: dict[int, asyncio.Future[None]] = {}
        self._client = Paho_(CallbackAPIVersion.VERSION2, client_id=line.client_id)
        self._client.tls_set(str(line.ca), str(line.certificate), str(line.key))
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    async def connect(self) -> None:
        line = self._line
        await self._loop.run_in_executor(
            None, lambda: self._client.connect(line.host, line.port, KEEPALIVE_S)
        )
        self._client.loop_start()
        await self._up

    async def publish(self, topic: str, payload: bytes) -> None:
        said = self._client.publish(topic, payload, qos=1)
        acked = self._acks.setdefault(said.mid, self._loop.create_future())
        await acked
        del self._acks[said.mid]

    def _on_connect(self, *_about: object) -> None:
        self._loop.call_soon_threadsafe(self._up.set_result, None)

    def _on_publish(self, _client: object, _data: object, mid: int, *_about: object) -> None:
        self._loop.call_soon_threadsafe(self._settle, mid)

    def _settle(self, mid: int) -> None:
        self._acks.setdefault(mid, self._loop.create_future()).set_result(None)


class Gmqtt:
    """gmqtt: asyncio of its own; given our shared TLS context, as it has none."""

    def __init__(self, line: Line) -> None:
        import gmqtt  # noqa: PLC0415
        from gmqtt.storage import PersistentStorage  # noqa: PLC0415

        acks = self._acks = dict[int, asyncio.Future[None]]()

        class Storage(PersistentStorage):  # type: ignore[misc]  # untyped
            """The only place that hears of an acknowledgement."""

            def remove_message_by_mid(self, mid: int) -> None:
                super().remove_message_by_mid(mid)
                if acked := acks.pop(mid, None):
                    acked.set_result(None)

        self._line, self._trust = line, trust(line)
        self._message = gmqtt.Message
        self._client = gmqtt.Client(line.client_id, persistent_storage=Storage())

    async def connect(self) -> None:
        line = self._line
        with self._trust.shows(line):
            await self._client.connect(
                line.host, line.port, ssl=self._trust, keepalive=KEEPALIVE_S
            )

    async def publish(self, topic: str, payload: bytes) -> None:
        message = self._message(topic, payload, qos=1)
        mid, packet = self._client._connection.publish(message)  # noqa: SLF001 - no other id
        self._client._persistent_storage.push_message(mid, packet)  # noqa: SLF001
        acked = self._acks[mid] = asyncio.get_running_loop().create_future()
        await acked


class AwsIot:
    """AWS IoT device SDK for Python v2 (awsiotsdk on awscrt)."""

    def __init__(self, line: Line) -> None:
        from awscrt.mqtt import QoS  # noqa: PLC0415
        from awsiot import mqtt_connection_builder  # noqa: PLC0415

        self._qos = QoS.AT_LEAST_ONCE
        self._connection: Any = mqtt_connection_builder.mtls_from_path(
            endpoint=line.host,
            port=line.port,
            cert_filepath=str(line.certificate),
            pri_key_filepath=str(line.key),
            ca_filepath=str(line.ca),
            client_id=line.client_id,
            clean_session=True,
            keep_alive_secs=KEEPALIVE_S,
        )

    async def connect(self) -> None:
        await asyncio.wrap_future(self._connection.connect())

    async def publish(self, topic: str, payload: bytes) -> None:
        acked, _ = self._connection.publish(topic, payload, self._qos)
        await asyncio.wrap_future(acked)


class Nothing:
    """No client: what the measuring itself takes of the figures of the others."""

    def __init__(self, _line: Line) -> None: ...

    async def connect(self) -> None:
        await asyncio.sleep(0)

    async def publish(self, topic: str, payload: bytes) -> None:
        del topic, payload
        await asyncio.sleep(0.0001)


CLIENTS: dict[str, Callable[[Line], Client]] = {
    "chantier": Ours,
    "aiomqtt": Aiomqtt,
    "paho-mqtt": Paho,
    "gmqtt": Gmqtt,
    "awsiotsdk": AwsIot,
    "nothing": Nothing,
}
