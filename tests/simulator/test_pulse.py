"""The numbers of a run."""

from __future__ import annotations

import pytest

from simulator.pulse import Pulse
from simulator.report import Sent


def sent(delay_ms: float | None, *, urgent: bool = False) -> Sent:
    acked_at = None if delay_ms is None else 1000.0 + delay_ms
    return Sent("EX-001", 5, 1, 6, urgent, 1000.0, acked_at)


def test_what_boxes_hand_over_waits_until_the_broker_has_it_or_it_is_given_up() -> None:
    pulse = Pulse()
    for t in (10, 30, 20):
        pulse.hand_over(t)
    assert (pulse.waiting, pulse.site_t) == (3, 30)
    pulse.settle(sent(2.0, urgent=True))
    pulse.settle(sent(None))
    assert (pulse.waiting, pulse.acked, pulse.given_up) == (1, 1, 1)
    assert (pulse.readings, pulse.urgent) == (6, 1)


def test_most_connected_is_not_what_is_connected_now() -> None:
    pulse = Pulse()
    pulse.connected()
    pulse.connected()
    pulse.disconnected()
    pulse.connected()
    assert (pulse.online, pulse.most, pulse.connections) == (2, 2, 3)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.99, 80.0)])
def test_delays_are_told_to_within_a_twentieth(share: float, expected: float) -> None:
    pulse = Pulse()
    for delay in (*[2.0] * 97, *[80.0] * 3):
        pulse.settle(sent(delay))
    assert pulse.delay_ms(share) == pytest.approx(expected, rel=0.05)


def test_without_a_message_there_is_no_delay() -> None:
    assert Pulse().delay_ms(0.5) is None


def test_the_most_frequent_reasons_stand_first_in_the_report() -> None:
    pulse = Pulse()
    for why in ("a", "b", "b"):
        pulse.failed(why)
    assert pulse.errors == 3
    assert list(pulse.as_dict()["errors"].items()) == [("b", 2), ("a", 1)]
