"""How answers look: data on stdout, talk on stderr."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from shutil import get_terminal_size, which
from typing import Any

import click


def say(text: str) -> None:
    """One line of talk."""
    click.echo(text, err=True)


def fold(text: str, *, indent: int = 4) -> str:
    """The text in lines that the terminal holds; as it is where there is none."""
    if not sys.stderr.isatty():
        return text
    after = " " * indent
    return textwrap.fill(
        text, get_terminal_size().columns, subsequent_indent=after, break_on_hyphens=False
    )


def red(text: str) -> str:
    """The text in red, unless NO_COLOR is set (no-color.org)."""
    return text if "NO_COLOR" in os.environ else click.style(text, fg="red")


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


def marked(rows: Iterable[tuple[str, str, str, str, str]]) -> None:
    """Lines that begin with a coloured mark: mark, its style, name, text, and a hint beneath."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for mark, style, name, text, hint in rows:
        grid.add_row(Text(mark, style=style), name, Text(clean(text)))
        if hint:
            grid.add_row("", "", Text(clean(hint), style="dim"))
    Console().print(grid)
