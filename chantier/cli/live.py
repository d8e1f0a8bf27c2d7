"""A run of the fleet while it goes on: a small table on a terminal, a line now and then elsewhere.

It reads the numbers that the run keeps from a thread of its own, so that a run that is
busy is still shown, and one that has nothing to say is too.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from chantier.cli.show import clean, say

if TYPE_CHECKING:
    from rich.table import Table

    from chantier.records import Alert
    from chantier.site import Site
    from simulator.pulse import Pulse

REDRAW_S, LINE_S, ALERTS_S = 0.25, 10.0, 5.0
# Messages a second are those of the last so many seconds.
_WINDOW_S = 10.0
_NAMED = 3
ReadAlerts = Callable[[], "list[Alert]"]


class Shown(NamedTuple):
    """What is shown of a run, in words.

    Attributes:
        site: its name, and the time there.
        machines: who is connected.
        messages: what is sent and acknowledged.
        waiting: what machines hold.
        delay: from publish to acknowledgement.
        errors: tries that failed.
        alerts: what the stack has found.
        network: how often it was made to fail; empty when nobody asked for that.
    """

    site: str
    machines: str
    messages: str
    waiting: str
    delay: str
    errors: str
    alerts: str
    network: str = ""


class View:
    """A run in words, read as often as one likes.

    Args:
        site: what runs.
        pulse: its numbers.
        read_alerts: asks the stack for the site's open alerts.
    """

    def __init__(self, site: Site, pulse: Pulse, read_alerts: ReadAlerts) -> None:
        self._site = site
        self._zone = ZoneInfo(site.site.timezone)
        self._pulse = pulse
        self._read_alerts = read_alerts
        self._alerts, self._asked_at = "not asked yet", 0.0
        self._acked: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def ask(self) -> None:
        """Ask the stack for its alerts, if the last answer is old; a deaf one is shown as such."""
        from botocore.exceptions import BotoCoreError, ClientError

        if time.monotonic() - self._asked_at < ALERTS_S:
            return
        try:
            found = self._read_alerts()
        except (BotoCoreError, ClientError) as error:
            self._alerts = f"no answer ({type(error).__name__})"
        else:
            critical = sum(one.severity == "critical" for one in found)
            self._alerts = f"{len(found):,} open, {critical:,} critical"
        self._asked_at = time.monotonic()

    def shown(self) -> Shown:
        """The run as it is now."""
        pulse = self._pulse
        middle, slowest = pulse.delay_ms(0.5), pulse.delay_ms(0.99)
        first = next(iter(pulse.failures.most_common(1)), None)
        begun = datetime.fromtimestamp(pulse.site_t, self._zone) if pulse.site_t else None
        return Shown(
            site=f"{self._site.name}, {begun:%d/%m %H:%M}" if begun else self._site.name,
            machines=f"{pulse.online:,} of {pulse.machines:,} connected" + _refused(pulse),
            messages=f"{self._rate():,.1f}/s, {pulse.acked:,} acknowledged",
            waiting=f"{pulse.waiting:,} messages, {pulse.stored:,} on disk",
            delay="-" if middle is None else f"{middle:g} ms, 99 %: {slowest:g} ms",
            errors=f"{pulse.errors:,}" + (f": {clean(first[0])}" if first else ""),
            alerts=self._alerts,
            network=", ".join(f"{name} {count:,}" for name, count in list(pulse.faults.items())),
        )

    def _rate(self) -> float:
        now, acked = time.monotonic(), self._pulse.acked
        while len(self._acked) > 1 and now - self._acked[0][0] > _WINDOW_S:
            self._acked.popleft()
        then, before = self._acked[0]
        self._acked.append((now, acked))
        return (acked - before) / max(now - then, REDRAW_S)


def _refused(pulse: Pulse) -> str:
    """Whom the broker does not let in: somebody has to look at the certificate or the policy."""
    refused = sorted(pulse.refused)
    more = " ..." if len(refused) > _NAMED else ""
    return f", {len(refused):,} refused: {' '.join(refused[:_NAMED])}{more}" if refused else ""


def drawn(shown: Shown, width: int) -> Table:
    """The table; one line a number, whatever fits."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=max(width - 14, 20))
    for name, value in shown._asdict().items():
        if not value:
            continue
        troubled = name == "errors" and value != "0"
        grid.add_row(f"  {name}", Text(value, style="yellow" if troubled else ""))
    return grid


def line(shown: Shown) -> str:
    """The same in one line."""
    return (
        f"  {shown.site}   {shown.machines}   {shown.messages}   waiting {shown.waiting}   "
        f"errors {shown.errors}   alerts {shown.alerts}"
        + (f"   network {shown.network}" if shown.network else "")
    )


@contextmanager
def fleet_view(site: Site, pulse: Pulse, read_alerts: ReadAlerts) -> Iterator[None]:
    """Show a run until it ends."""
    from rich.console import Console
    from rich.live import Live

    console, over = Console(stderr=True), threading.Event()
    view = View(site, pulse, read_alerts)

    def tell() -> None:
        while not over.wait(LINE_S):
            view.ask()
            say(line(view.shown()))

    def draw(live: Live) -> None:
        while not over.wait(REDRAW_S):
            live.update(drawn(view.shown(), console.width), refresh=True)

    def ask() -> None:
        while not over.wait(REDRAW_S):
            view.ask()

    if not console.is_terminal:
        with _running(over, tell):
            yield
        return
    with (
        Live(console=console, auto_refresh=False, transient=True) as live,
        _running(over, lambda: draw(live), ask),
    ):
        yield


@contextmanager
def _running(over: threading.Event, *acts: Callable[[], None]) -> Iterator[None]:
    threads = [threading.Thread(target=act, daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(1)
