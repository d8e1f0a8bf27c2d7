"""Ending a machine's session now, and asking whether it has one.

A revoked certificate is refused at the next connection; a session that stands is ended by
AWS IoT "within a few minutes" (page of UpdateCertificate). DeleteConnection, an operation
of the data plane since August 2025, ends it at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.machines.retiring import GONE, code


class Cut(NamedTuple):
    """What became of a session.

    Attributes:
        was_there: whether one stood; None if that could not be found out.
        why: why it could not be ended, as a sentence; else empty.
    """

    was_there: bool | None
    why: str = ""


class Line(NamedTuple):
    """Whether a machine is connected.

    Attributes:
        connected: None if AWS does not say.
        since: of the connection, or of its end if that was in the last half hour.
        why: why AWS does not say; else empty.
    """

    connected: bool | None
    since: datetime | None = None
    why: str = ""


def data_plane(cloud: Cloud) -> Any:
    """A client of AWS IoT's data plane; threads may share it."""
    return cloud.client("iot-data")


def cut(client: Any, machine: str) -> Cut:
    """End the session of a machine, its stored session too.

    Args:
        client: of the data plane.
        machine: machine id, which is its MQTT client id.
    """
    try:
        client.delete_connection(clientId=machine, cleanSession=True)
    except ClientError as error:
        if code(error) in GONE:
            return Cut(was_there=False)
        return Cut(None, f"AWS IoT did not end its session: {code(error)}")
    except (BotoCoreError, AttributeError) as error:
        # A boto3 of before August 2025 does not know the operation.
        return Cut(None, f"its session could not be ended: {error}")
    return Cut(was_there=True)


def line_of(client: Any, machine: str) -> Line:
    """Whether a machine is connected, and since when."""
    try:
        told = client.get_connection(clientId=machine)
    except ClientError as error:
        if code(error) in GONE:
            return Line(connected=False)
        return Line(None, None, f"AWS IoT does not say who is connected: {code(error)}")
    except (BotoCoreError, AttributeError) as error:
        return Line(None, None, f"this boto3 cannot ask who is connected: {error}")
    connected = bool(told["connected"])
    at = told.get("connectedSince" if connected else "disconnectedSince")
    # Milliseconds, by the page of GetConnection.
    return Line(connected, None if at is None else datetime.fromtimestamp(int(at) / 1000, UTC))
