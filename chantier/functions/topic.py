"""Publishing to an SNS topic, which hands a message to whoever subscribed."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from chantier.functions.signed import Service


def publish(
    service: Service,
    topic: str,
    *,
    subject: str,
    message: str,
    attributes: Sequence[tuple[str, str, str]],
) -> None:
    """Publish one message; raises `CallFailed`.

    Args:
        service: SNS.
        topic: ARN of the topic.
        subject: at most 99 ASCII characters; e-mails carry it.
        message: at most 256 KB together with the attributes.
        attributes: (name, data type, value) of each; subscribers filter by them.
    """
    said = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("TopicArn", topic),
        ("Subject", subject),
        ("Message", message),
    ]
    for number, parts in enumerate(attributes, 1):
        entry = f"MessageAttributes.entry.{number}."
        fields = ("Name", "Value.DataType", "Value.StringValue")
        said += [(entry + field, part) for field, part in zip(fields, parts, strict=True)]
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    service.call("POST", "/", headers, urlencode(said).encode())
