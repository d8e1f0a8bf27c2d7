"""What the detect function logged: one JSON line a message."""

from __future__ import annotations

import json
from typing import Any

from chantier.cloud import Cloud


def read_log(cloud: Cloud, group: str) -> list[dict[str, Any]]:
    """The JSON lines of a log group, oldest first; other lines are left out."""
    pages = cloud.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = (event["message"].strip() for page in pages for event in page["events"])
    return [json.loads(line) for line in lines if line.startswith("{")]
