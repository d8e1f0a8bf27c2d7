"""The line that a function prints an invocation, as its log level says."""

from __future__ import annotations

import json
import os
from typing import Any

# What makes a line worth its price where only trouble and changes are to be logged.
MATTERS = ("alerts", "quarantined", "late", "told", "trouble", "waiting")


def log_line(said: dict[str, Any]) -> None:
    """Print it as JSON; at LOG_LEVEL WARN only if it says that something happened."""
    if os.environ.get("LOG_LEVEL") != "WARN" or any(map(said.get, MATTERS)):
        print(json.dumps(said, separators=(",", ":")))
