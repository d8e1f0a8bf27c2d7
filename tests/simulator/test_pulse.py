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


def test_what_an_earlier_run_left_counts_as_handed_over_and_waits() -> None:
    pulse = Pulse(machines=1)
    pulse.inherit(3)
    pulse.hand_over(10)
    pulse.settle(sent(2.0))
    said = pulse.as_dict()
    assert (said["sent"], said["acknowledged"]) == (4, 1)
    assert said["queue"] == {
        "left_over": 3,
        "spooled": 0,
        "dropped": 0,
        "waiting": 3,
        "on_disk": 3,
    }


def test_a_session_that_takes_the_place_of_another_is_no_reconnection() -> None:
    pulse = Pulse(machines=2)
    for _ in range(4):
        pulse.connected()
    pulse.renewed()
    assert (pulse.reconnects, pulse.most) == (1, 2)
