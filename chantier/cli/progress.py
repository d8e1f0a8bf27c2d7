"""Progress of a run: one line that is rewritten on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chantier.cli.show import say

if TYPE_CHECKING:
    from chantier.site import Site

EVERY_S = 10.0


@contextmanager
def run_progress(site: Site) -> Iterator[Callable[[int, int, int], None]]:
    """Gives a function to call with site time (epoch s), messages sent and acknowledged."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console, zone = Console(stderr=True), ZoneInfo(site.site.timezone)
    told = time.monotonic()

    def line(t: int, sent: int, acked: int) -> str:
        clock = datetime.fromtimestamp(t, zone).strftime("%d/%m %H:%M")
        return f"  site time {clock}   {sent} messages sent, {acked} acknowledged"

    if not console.is_terminal:

        def now_and_then(t: int, sent: int, acked: int) -> None:
            nonlocal told
            if time.monotonic() - told >= EVERY_S:
                told = time.monotonic()
                say(line(t, sent, acked))

        yield now_and_then
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield lambda t, sent, acked: live.update(Text(line(t, sent, acked)))


@contextmanager
def count_progress(unit: str) -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with what is going on, how much is done, and how much there is.

    0 for what there is where nobody knows it yet.
    """
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console, told = Console(stderr=True), time.monotonic()

    def line(what: str, done: int, there: int) -> str:
        return f"  {what}: {done}{f' of {there}' if there else ''} {unit}".rstrip()

    if not console.is_terminal:

        def now_and_then(what: str, done: int, there: int) -> None:
            nonlocal told
            if time.monotonic() - told >= EVERY_S:
                told = time.monotonic()
                say(line(what, done, there))

        yield now_and_then
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield lambda what, done, there: live.update(Text(line(what, done, there)))


@contextmanager
def steps_progress() -> Iterator[tuple[Callable[[str], None], Callable[[str, int, int], None]]]:
    """Gives what says a line that stays, and what `count_progress` gives for one that does not."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        with count_progress("") as tell:
            yield say, tell
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:

        def stays(text: str) -> None:
            live.update(Text(""))
            console.print(Text(text), soft_wrap=True)

        def goes(what: str, done: int, there: int) -> None:
            live.update(Text(f"  {what}: {done}{f' of {there}' if there else ''}"))

        yield stays, goes
