"""chantier prove, what of it needs no stack: promises, times, what the probe says, its names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chantier.decoding import decode
from chantier.detection import Memory, observe
from chantier.detection.catalogue import DEFAULT_RULES
from chantier.errors import SiteError
from chantier.gathering import Gathered
from chantier.proving.keeping import refuses_plain_text
from chantier.proving.probe import CODE, Script
from chantier.proving.promises import PROMISES
from chantier.proving.proof import Proof, in_time
from chantier.proving.timing import Spoken, ahead_ms, spread, timing
from chantier.raw import RawObject
from chantier.site import EXAMPLE, Site
from chantier.telemetry import format_time, other_name, probe_name

README = Path(__file__).parents[1] / "README.md"
START = 1_790_000_000


@pytest.mark.parametrize("name", PROMISES)
def test_every_promise_stands_in_the_readme(name: str) -> None:
    assert PROMISES[name].words in " ".join(README.read_text("utf-8").split())


def test_each_message_of_the_probe_opens_one_alert_of_which_nobody_is_told() -> None:
    script, memory, told = Script(Site.load(EXAMPLE), START), Memory(), []
    said = [script.opening(claims=True), script.opening(), script.closing()]
    for message in said:
        for reading in decode(json.loads(message.payload)).readings:
            memory, events = observe(memory, reading, DEFAULT_RULES)
            told += [(event.kind, event.code, event.severity) for event in events]
            if events and events[-1].kind == "open":
                assert format_time(events[-1].opened_at) == message.opens
    lives = ("open", CODE, "info"), ("close", CODE, "info")
    assert [one for one in told if one[0] != "update"] == [*lives, *lives]
    assert memory.tracks == ()


def test_a_broken_message_of_the_probe_cannot_be_read() -> None:
    message = Script(Site.load(EXAMPLE), START).broken()
    assert decode(json.loads(message.payload)).rejected == ("readings[0]: t is missing",)
    assert f'"seq": {message.seq}' in message.payload.decode()


def test_two_runs_of_the_probe_share_no_number() -> None:
    site = Site.load(EXAMPLE)
    first, second = Script(site, START), Script(site, START + 1)
    early = {first.opening().seq for _ in range(300)}
    assert not early & {second.opening().seq for _ in range(300)}


@pytest.mark.parametrize("name", [probe_name("zac-des-tilleuls"), other_name("zac-des-tilleuls")])
def test_no_machine_may_be_called_as_the_probe(name: str, tmp_path: Path) -> None:
    file = tmp_path / "chantier.toml"
    file.write_text(EXAMPLE.read_text("utf-8").replace('"EX-001"', f'"{name}"'), "utf-8")
    with pytest.raises(SiteError, match="chantier prove goes by that name"):
        Site.load(file)


def test_a_settled_day_does_not_see_the_probe(tmp_path: Path) -> None:
    lines = [
        {"site": "s", "machine": machine, "v": 1, "readings": [{"t": format_time(START)}]}
        for machine in ("M", "unknown", probe_name("s"))
    ]
    gathered = Gathered(tmp_path, ["M"], first=START, end=START + 1)
    gathered.take([RawObject("raw/dt=2026-09-21/1", tuple(lines))])
    assert (gathered.messages, gathered.unread) == (2, 1)


def test_percentiles_of_one_time_are_that_time() -> None:
    assert spread([7.0]) == (1, 7.0, 7.0, 7.0, 7.0, 7.0)


def test_percentiles_of_a_hundred_times() -> None:
    assert spread([float(one) for one in range(101)]) == (101, 50.0, 95.0, 99.0, 0.0, 100.0)


def spoken(*pairs: tuple[float, float]) -> list[Spoken]:
    return [Spoken(seq, left, acked) for seq, (left, acked) in enumerate(pairs)]


def test_clocks_that_may_agree_are_taken_to_agree() -> None:
    one, two = spoken((1000, 1030), (2000, 2010))
    assert ahead_ms([(one, 1012), (two, 2004)]) == 0
    assert ahead_ms([(one, 1033), (two, 2012)]) == 0


def test_a_clock_that_is_ahead_is_found_within_the_quickest_acknowledgement() -> None:
    one, two = spoken((1000, 1030), (2000, 2010))
    assert ahead_ms([(one, 1513), (two, 2504)]) == pytest.approx(500, abs=5)
    assert ahead_ms([(one, 513), (two, 1504)]) == pytest.approx(-500, abs=5)


def test_the_whole_way_is_told_by_one_clock() -> None:
    line = {"alerts": [{}], "arrived_at": 1505.0, "began_at": 1510.0, "stored_at": 1520.0}
    told = timing(spoken((1000, 1010)), {0: line})
    assert told is not None
    assert (told.acknowledged.p50, told.in_cloud.p50, told.in_function.p50) == (10, 15, 10)
    assert told.whole.p50 == pytest.approx(20, abs=5)


def test_a_message_without_an_alert_has_no_time() -> None:
    assert timing(spoken((1000, 1010)), {0: {"alerts": [], "arrived_at": 1}}) is None
    assert timing(spoken((1000, 1010)), {}) is None


@pytest.mark.parametrize(("within_ms", "holds"), [(16, True), (15, False)])
def test_ninety_five_of_a_hundred_alerts_must_be_in_time(within_ms: float, *, holds: bool) -> None:
    line = {"alerts": [{}], "arrived_at": 1005.0, "began_at": 1010.0, "stored_at": 1020.0}
    told = timing(spoken((1000, 1010)), {0: line})
    assert told is not None
    check = in_time(told, within_ms)
    assert check.holds is holds
    assert Proof((check,), told, (), 1.0).ok is holds


def test_what_is_left_behind_is_a_broken_promise() -> None:
    assert Proof((), None, (), 1.0).ok
    assert not Proof((), None, ("a thing",), 1.0).ok


DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("change", "refuses"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Effect": "Allow"}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Condition": {"StringEquals": {"a": "b"}}}, False),
    ],
)
def test_a_policy_refuses_plain_text_from_everybody(
    change: dict[str, object], *, refuses: bool
) -> None:
    assert refuses_plain_text({"Statement": [{**DENY, **change}]}) is refuses
    assert not refuses_plain_text({})
