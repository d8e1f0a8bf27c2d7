"""What a run looks like while it goes on."""

from __future__ import annotations

import io
import time

import pytest
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from chantier.cli import live
from chantier.cli.live import View, drawn, fleet_view, line
from chantier.records import Alert
from chantier.site import EXAMPLE, Site
from simulator.pulse import Pulse
from simulator.report import Sent
from tests.test_telling import alert

SITE = Site.load(EXAMPLE)


def busy() -> Pulse:
    pulse = Pulse(machines=10_000, site_t=1_791_968_400)
    for _ in range(9_999):
        pulse.connected()
    for n in range(1200):
        pulse.hand_over(1_791_968_400 + n)
        if n % 400:
            pulse.settle(Sent("EX-001", n, n, 6, n % 9 == 0, 0.0, 1.5))
    pulse.failed("no acknowledgement within 6 s " + "\x1b[31m" + "x" * 200)
    return pulse


def alerts() -> list[Alert]:
    return [alert("EX-001", "COOLANT_HIGH", "critical"), alert("EX-002", "FUEL_LOW")]


def test_the_view_tells_everything_that_an_operator_asks_about_a_run() -> None:
    view = View(SITE, busy(), alerts)
    view.ask()
    shown = view.shown()
    assert shown.site == "zac-des-tilleuls, 14/10 11:19"
    assert shown.machines == "9,999 of 10,000 connected"
    assert shown.messages.endswith("/s, 1,197 acknowledged")
    assert shown.waiting == "3 messages, 0 on disk"
    assert shown.delay.startswith("1.5")
    assert shown.errors.startswith("1: no acknowledgement within 6 s")
    assert shown.alerts == "2 open, 1 critical"
    assert "\x1b" not in line(shown)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_number_has_one_line_that_fits_the_terminal(width: int) -> None:
    paper = io.StringIO()
    view = View(SITE, busy(), alerts)
    Console(file=paper, width=width).print(drawn(view.shown(), width))
    lines = paper.getvalue().splitlines()
    assert len(lines) == 7
    assert max(map(len, lines)) <= width


def test_before_the_first_message_nothing_is_made_up() -> None:
    shown = View(SITE, Pulse(), alerts).shown()
    assert (shown.delay, shown.errors, shown.alerts) == ("-", "0", "not asked yet")


def test_a_stack_that_does_not_answer_is_shown_and_the_run_goes_on() -> None:
    def deaf() -> list[Alert]:
        raise EndpointConnectionError(endpoint_url="https://example.org")

    view = View(SITE, busy(), deaf)
    view.ask()
    assert view.shown().alerts == "no answer (EndpointConnectionError)"


def test_without_a_terminal_a_line_comes_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LINE_S", 0.02)
    with fleet_view(SITE, busy(), alerts):
        time.sleep(0.3)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("9,999 of 10,000 connected") >= 2
    assert "2 open, 1 critical" in told.err


def test_machines_that_are_shut_out_and_faults_that_were_asked_for_are_shown() -> None:
    pulse = busy()
    assert "network" not in line(View(SITE, pulse, alerts).shown())
    pulse.refused |= {f"EX-{n:03d}": "EX-000 has no line: Not authorized" for n in range(5)}
    pulse.stored = 2
    pulse.faults |= {"loss": 1200, "skew": 1}
    shown = View(SITE, pulse, alerts).shown()
    assert shown.machines == "9,999 of 10,000 connected, 5 refused: EX-000 EX-001 EX-002 ..."
    assert shown.waiting == "3 messages, 2 on disk"
    assert line(shown).endswith("network loss 1,200, skew 1")
