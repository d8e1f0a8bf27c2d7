"""What the detect function logged: one JSON line a message."""

from __future__ import annotations

import json
from typing import Any

from chantier.cloud import Cloud

# Every line that the function writes tells when it was done.
OWN_LINES = '"stored_at"'


def read_log(cloud: Cloud, group: str, *, since_ms: int = 0) -> list[dict[str, Any]]:
    """The function's own lines of a log group since a moment (epoch ms), oldest first.

    It goes on by time and not by page token, which the embedded AWS does not give.
    """
    client, start = cloud.client("logs"), since_ms
    seen: set[tuple[str, int, str]] = set()
    lines: list[dict[str, Any]] = []
    while True:
        found = client.filter_log_events(
            logGroupName=group, filterPattern=OWN_LINES, startTime=start
        )
        told = [(e["logStreamName"], e["timestamp"], e["message"]) for e in found["events"]]
        fresh = [event for event in told if event not in seen]
        if not fresh and not found.get("nextToken"):
            return lines
        seen.update(fresh)
        lines += [json.loads(message) for _, _, message in fresh]
        start = max((timestamp for _, timestamp, _ in fresh), default=start + 1)
