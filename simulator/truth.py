"""The ground truth of a run, as a file: each incident's alert, when it must open, and how bad.

One JSON object a line, times as on the wire; what judges a run reads it instead of this program.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chantier.files import write_whole
from chantier.telemetry import format_time
from simulator.incident import Expected

_TIMES = ("onset", "by", "over")


def told(one: Expected) -> dict[str, Any]:
    """An expected alert as JSON shows it: its fields, with times in UTC."""
    said = one._asdict()
    return said | {name: format_time(said[name]) for name in _TIMES}


def write_truth(path: Path, expected: Iterable[Expected]) -> None:
    """Write what must be found, one object a line; an empty file when nothing was scripted.

    Raises:
        ChantierError: it cannot be written.
    """
    lines = "".join(json.dumps(told(one)) + "\n" for one in expected)
    write_whole(path, lines.encode(), option="--truth")
