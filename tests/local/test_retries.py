"""How long an invocation is tried."""

from __future__ import annotations

from chantier.local.retries import Limits, Tries, again, read_limits

LIMITS = Limits(retries=2, seconds=60, destination="")


def test_a_function_that_fails_is_tried_three_times() -> None:
    tries, pauses = Tries(since=0), []
    while found := again(tries, LIMITS, throttled=False, now=1):
        tries, pause = found
        pauses.append(pause)
    assert pauses == [1, 2]
    assert tries.failures == 2


def test_a_throttle_is_not_a_failure_and_waits_longer_each_time() -> None:
    tries = Tries(since=0, failures=2)
    pauses = []
    for _ in range(12):
        found = again(tries, LIMITS, throttled=True, now=1)
        assert found
        tries, pause = found
        pauses.append(pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30
    assert tries.failures == 2


def test_an_event_too_old_is_given_up() -> None:
    assert again(Tries(since=0), LIMITS, throttled=True, now=61) is None


def test_a_function_without_settings_has_awss_defaults() -> None:
    assert read_limits({"config": {}}) == Limits(retries=2, seconds=21_600, destination="")


def test_a_functions_settings_are_read() -> None:
    settings = {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:queue"}},
    }
    found = read_limits({"config": {}, "event_invoke_config": settings})
    assert found == Limits(retries=0, seconds=60, destination="arn:queue")
