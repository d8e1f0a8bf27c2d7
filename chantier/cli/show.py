"""How answers look: data on stdout, talk on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from shutil import which
from typing import Any

import click


def say(text: str) -> None:
    """One line of talk."""
    click.echo(text, err=True)


def program() -> str:
    """What to type to run this again: `chantier`, or its path where it is not on the PATH."""
    started = sys.argv[0]
    if which("chantier") or not started.endswith("chantier"):
        return "chantier"
    return os.path.relpath(started)


def answer(value: Any) -> None:
    """The answer as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The answer as a table; a cell may be a text or rich's own."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    Console().print(drawn)
