"""A batch of the queue: each message on its own, oldest first, and nothing fails for ever."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.functions.batch import judge_each
from chantier.resources.functions import source
from chantier.site import EXAMPLE, Site
from chantier.telemetry import format_time

START = 1_790_000_000


def message(machine: str, second: int) -> dict[str, Any]:
    readings = [{"t": format_time(START + second), "seq": second}]
    return {"v": 1, "readings": readings, "machine": machine, "arrived_at": START * 1000}


def record(name: str, body: object, *, received: int = 1) -> dict[str, Any]:
    """A record as SQS gives it to Lambda, with the keys that are read."""
    text = body if isinstance(body, str) else json.dumps(body)
    attributes = {"ApproximateReceiveCount": str(received)}
    return {"messageId": name, "body": text, "attributes": attributes}


class Judge:
    """Takes what it is handed, and fails where it is told to."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.took: list[object] = []

    def __call__(self, body: object) -> None:
        if any(mark in json.dumps(body) for mark in self.failing):
            raise ValueError("cannot be judged")
        self.took.append(body)


def test_messages_are_judged_by_their_oldest_reading_whatever_order_they_came_in() -> None:
    bodies = [message("EX-001", second) for second in (30, 0, 20, 10)]
    judge = Judge()
    assert judge_each([record(str(n), body) for n, body in enumerate(bodies)], judge) == []
    assert judge.took == [bodies[1], bodies[3], bodies[2], bodies[0]]


def test_a_message_that_fails_comes_again_and_the_others_are_kept() -> None:
    judge = Judge("EX-002")
    bodies = {name: message(name, 0) for name in ("EX-001", "EX-002", "EX-003")}
    failed = judge_each([record(name, body) for name, body in bodies.items()], judge)
    assert failed == ["EX-002"]
    assert judge.took == [bodies["EX-001"], bodies["EX-003"]]


def test_newer_messages_of_a_machine_wait_for_one_that_failed_for_the_first_time() -> None:
    judge = Judge('"seq": 10,', '"seq": 10}')
    records = [record(f"{n}", message("EX-001", n)) for n in (20, 10, 0)]
    others = record("other", message("EX-002", 30))
    assert judge_each([*records, others], judge) == ["10", "20"]
    assert judge.took == [message("EX-001", 0), message("EX-002", 30)]


def test_a_message_that_fails_again_holds_nobody_up() -> None:
    judge = Judge('"seq": 10}')
    records = [
        record("poisoned", message("EX-001", 10), received=2),
        record("newer", message("EX-001", 20), received=2),
    ]
    assert judge_each(records, judge) == ["poisoned"]
    assert judge.took == [message("EX-001", 20)]


@pytest.mark.parametrize("text", ["not JSON", "", "[" * 100_000], ids=["text", "empty", "deep"])
def test_a_body_that_is_not_json_is_judged_as_a_text_and_fails_nothing(text: str) -> None:
    judge, good = Judge(), message("EX-001", 0)
    assert judge_each([record("good", good), record("bad", text)], judge) == []
    assert judge.took == [text, good]


def test_every_message_that_fails_is_one_line_of_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    judge_each([record("1", message("EX-001", 0)), record("2", message("EX-001", 9))], Judge("v"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"machine": "EX-001", "failed": "ValueError: cannot be judged"},
        {"machine": "EX-001", "failed": "waits for an older message"},
    ]


def shipped(size: str) -> Any:
    """The handler of the shipped text, as Lambda runs it."""
    module = ModuleType("index")
    text = source(Site.load(EXAMPLE).of_size(size), "detect")
    exec(compile(text, "index.py", "exec"), module.__dict__)  # noqa: S102 - it is the product
    return module.handler


@pytest.fixture
def _lambda_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda sets, with an AWS that does not answer."""
    for name, value in {
        "AWS_REGION": "eu-west-3",
        # Nobody listens on the discard port of the loopback address.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "TABLE": "alerts",
        "BUCKET": "data",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_lambda_settings")
def test_the_fleets_function_reports_what_it_could_not_keep() -> None:
    handler = shipped("fleet")
    machine = Site.load(EXAMPLE).machines[0].id
    event = {"Records": [record("a", message(machine, 0)), record("b", "not JSON")]}
    assert handler(event) == {
        "batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "a"}]
    }


@pytest.mark.usefixtures("_lambda_settings")
def test_an_empty_event_warms_the_fleets_function() -> None:
    assert shipped("fleet")({})["warm"] is True


def test_source_prints_the_code_of_the_size_that_it_is_asked_for() -> None:
    asked = ["source", "detect", "--site", str(EXAMPLE), "--size", "fleet"]
    printed = CliRunner().invoke(main, asked).stdout
    assert printed == source(Site.load(EXAMPLE).of_size("fleet"), "detect")


def test_only_the_fleets_function_knows_of_batches() -> None:
    site = Site.load(EXAMPLE)
    assert "Records" in source(site.of_size("fleet"), "detect")
    assert "Records" not in source(site, "detect")
