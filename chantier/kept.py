"""What takes long to find out and stays the same, kept beside what Python itself keeps.

In `__pycache__`, under the same terms: what does not fit its key any more is worthless,
and where nothing can be written nothing is lost but time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any


def kept(module: Path, name: str, *, key: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, as JSON gives it back.

    Args:
        module: the file beside whose compiled form it is kept.
        name: tells it from what else is kept of that module.
        key: what it depends on; a changed key makes it again. Without one nothing is kept.
        make: gives a value that JSON can carry.
    """
    path = Path(cache_from_source(str(module))).with_suffix(f".{name}.json")
    try:
        found = json.loads(path.read_text("utf-8"))
        if key and found["key"] == key:
            return found["value"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    text = json.dumps({"key": key, "value": make()})
    if key and not sys.dont_write_bytecode:
        _write(path, text)
    return json.loads(text)["value"]


def _write(path: Path, text: str) -> None:
    """Whole or not at all: another process may read it at the same time."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
