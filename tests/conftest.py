"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_children() -> None:
    """A background shell has its children ignore Ctrl-C, and theirs inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings, which are not part of the project; skips without it."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CHANTIER_DATA", default))
    if not (folder / "truck_idle.jsonl").is_file():
        pytest.skip(f"no real recordings at {folder}: set CHANTIER_DATA to their folder")
    return folder
