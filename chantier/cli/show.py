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


def clean(text: str) -> str:
    """The text without characters that would move the cursor or colour the terminal.

    What machines send is shown to people, and anybody may have written it.
    """
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The answer as a table; a cell may be a text or rich's own."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(clean(cell)) if isinstance(cell, str) else cell for cell in row))
    Console().print(drawn)
