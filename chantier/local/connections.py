"""What the embedded data plane lacks: GetConnection and DeleteConnection, of August 2025.

They tell whether a client is connected, and end its session. This reaches private names of
ministack and runs in its process only.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import iot, iot_data

PATH = "/connections/"
# MQTT 5, 3.14.2.1: closed by an administrative action.
ADMINISTRATIVE = 0x98

Answer = tuple[Any, ...]


def install() -> None:
    """Answer both, beside what the data plane answers by itself."""
    otherwise = iot_data.handle_request

    async def handle_request(
        method: str, path: str, headers: Any, body: bytes, query: Any
    ) -> Answer:
        if path.startswith(PATH) and method in ("GET", "DELETE"):
            key = (get_account_id(), get_region(), unquote(path.removeprefix(PATH)))
            return _told(key) if method == "GET" else await _ended(key)
        answer: Answer = await otherwise(method, path, headers, body, query)
        return answer

    iot_data.handle_request = handle_request


def _told(key: tuple[str, str, str]) -> Answer:
    seen, connected = iot._connectivity.get(key), key in iot._connected_clients  # noqa: SLF001 - the only way in
    if seen is None:
        return _nobody(key)
    since = "connectedSince" if connected else "disconnectedSince"
    return tuple(
        json_response({"clientId": key[2], "connected": connected, since: seen["timestamp"]})
    )


async def _ended(key: tuple[str, str, str]) -> Answer:
    session = iot._connected_clients.get(key)  # noqa: SLF001
    if session is None:
        return _nobody(key)
    # The line may break under either.
    with suppress(Exception):
        if session.protocol_version == iot.MQTT_5:
            await session.send_bytes(iot._make_disconnect(ADMINISTRATIVE))  # noqa: SLF001
    with suppress(Exception):
        await session._send({"type": "websocket.close", "code": 1000})  # noqa: SLF001
    await session.cleanup()
    iot._connected_clients.pop(key, None)  # noqa: SLF001
    return tuple(json_response({}))


def _nobody(key: tuple[str, str, str]) -> Answer:
    return tuple(error_response_json("ResourceNotFoundException", f"No client {key[2]}", 404))
