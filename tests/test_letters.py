"""Dead letters as AWS writes them, and what is made of them. No AWS here."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.cli.letters import PLACE_NAMES
from chantier.cli.letters_shown import as_json_of, show_list, show_outcomes
from chantier.letters import messages, objects
from chantier.letters.dropping import VERSION_DAYS, warning
from chantier.letters.letter import DETECT, WATCH, Letter, Way
from chantier.letters.notes import Note, noted
from chantier.letters.places import CALL, PLACES, QUEUE, RULE, UNREAD
from chantier.letters.replaying import AGAIN, DONE, Outcome
from chantier.letters.wanted import Found, Wanted, counts
from chantier.resources.detect import FORTNIGHT_S
from chantier.resources.ingest import REFUSED_KEY
from chantier.resources.storage import REPLACED_DAYS
from chantier.site import EXAMPLE, Site

AT = "2026-09-21T14:13:20Z"
MS = 1_790_000_000_000
FUNCTIONS = {"chantier-lot-1-detect": "detect", "chantier-lot-1-watch": "watch"}
ARN = "arn:aws:lambda:eu-west-3:123456789012:function:chantier-lot-1-"
MESSAGE = {"v": 1, "readings": [{"t": AT, "seq": 1, "cool_c": 88}]}
EVENT = {**MESSAGE, "site": "lot-1", "machine": "EX-001", "arrived_at": MS}


def rule_error(payload: bytes, *failures: tuple[str, str], **more: Any) -> Letter:
    """AWS IoT's error document, as the rule's error action writes it."""
    said = {
        "ruleName": "chantier_lot_1",
        "topic": "chantier/lot-1/EX-001/telemetry",
        "cloudwatchTraceId": "7e146a2c-95b5-6caf-98b9-50e3969734c7",
        "clientId": "EX-001",
        "base64OriginalPayload": base64.b64encode(payload).decode(),
        "failures": [
            {"failedAction": action, "failedResource": "it", "errorMessage": error}
            for action, error in failures
        ],
    }
    key = f"quarantine/rule/EX-001/{MS}-0b3a.json"
    return objects.read(key, AT, json.dumps({**said, **more}).encode())


def queued(body: Any, attributes: dict[str, str] | None = None, **of_sqs: str) -> Letter:
    """A message of the dead-letter queue, as SQS hands it out."""
    said = {name: {"StringValue": value} for name, value in (attributes or {}).items()}
    message = {
        "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": str(MS), **of_sqs},
        "MessageAttributes": said,
    }
    return messages.read(message, FUNCTIONS, 5)


def failed_invocation(name: str = "detect", **more: Any) -> dict[str, Any]:
    """Lambda's record of an asynchronous call that it gave up."""
    return {
        "version": "1.0",
        "timestamp": "2026-09-21T14:16:20.000Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": f"{ARN}{name}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": EVENT,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {
            "errorMessage": "AccessDeniedException 400",
            "errorType": "CallFailed",
            "stackTrace": ["line 1\n", "line 2\n"],
        },
        **more,
    }


@pytest.mark.parametrize(
    ("failed", "judged", "stored"),
    [
        (["LambdaAction"], True, False),
        (["SqsAction"], True, False),
        (["FirehoseAction"], False, True),
        (["LambdaAction", "FirehoseAction"], True, True),
        (["RuleEvaluation"], True, True),
    ],
)
def test_of_a_rule_error_only_what_the_rule_did_not_do_is_done(
    failed: list[str], *, judged: bool, stored: bool
) -> None:
    letter = rule_error(json.dumps(MESSAGE).encode(), *((name, "no") for name in failed))
    assert letter.way.function == (DETECT if judged else "")
    assert letter.way.event == (EVENT if judged else None)
    assert [json.loads(line) for line in letter.way.raw.splitlines()] == ([EVENT] * stored)


def test_a_rule_error_says_whom_the_message_was_for_and_keeps_what_aws_said() -> None:
    letter = rule_error(b"{}", ("LambdaAction", "Rate Exceeded"), ("FirehoseAction", "denied"))
    assert letter.reason == (
        "AWS IoT could not hand it to detection: Rate Exceeded; "
        "AWS IoT could not hand it to the raw store: denied"
    )
    assert letter.error == "Rate Exceeded; denied"
    assert (letter.machine, letter.at, letter.text, letter.size) == ("EX-001", AT, "{}", 2)
    assert letter.facts["trace"] == "7e146a2c-95b5-6caf-98b9-50e3969734c7"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"[" * 20_000, "nested too deep"),
        (b'{"v": NaN}', "not JSON"),
    ],
)
def test_what_no_rule_can_read_is_not_replayed(payload: bytes, why: str) -> None:
    way = rule_error(payload, ("RuleEvaluation", "payload is not a JSON object")).way
    assert why in way.hindrance
    assert (way.function, way.raw) == ("", "")


def test_a_machine_cannot_speak_for_another_one_through_a_replay() -> None:
    lie = {**MESSAGE, "machine": "EX-002", "site": "other", "arrived_at": 1, "Records": [EVENT]}
    letter = rule_error(json.dumps(lie).encode(), ("LambdaAction", "no"))
    assert letter.way.event == EVENT
    elsewhere = rule_error(
        json.dumps(MESSAGE).encode(),
        ("LambdaAction", "no"),
        topic="chantier/lot-1/EX-002/telemetry",
    )
    assert elsewhere.way.hindrance


def test_what_a_fleets_queue_gave_up_is_a_message_however_much_it_looks_like_a_call() -> None:
    lie = {**EVENT, **failed_invocation("watch", requestPayload={"check": True})}
    arn = "arn:aws:sqs:eu-west-3:123456789012:IngestQueue"
    letter = queued(lie, {"TARGET_ARN": f"{ARN}watch"}, DeadLetterQueueSourceArn=arn)
    assert (letter.place, letter.machine, letter.tries) == (QUEUE.name, "EX-001", 5)
    assert (letter.way.function, letter.way.event) == (DETECT, lie)


def test_a_failed_invocation_is_unwrapped() -> None:
    letter = queued(failed_invocation())
    assert (letter.place, letter.words) == (CALL.name, "failed invocation of detect")
    assert letter.reason == "detect failed: CallFailed: AccessDeniedException 400"
    assert letter.error == "CallFailed: AccessDeniedException 400"
    assert (letter.machine, letter.at, letter.tries) == ("EX-001", AT, 3)
    assert json.loads(letter.text) == EVENT
    assert (letter.way.function, letter.way.event) == (DETECT, EVENT)
    assert letter.facts["request"] == "e4b46cbf-b738-xmpl-8880-a18cdf61200e"


def test_what_aws_said_is_told_shorter_and_kept_whole() -> None:
    role = "arn:aws:sts::123456789012:assumed-role/chantier-lot-1-DetectRole/chantier-lot-1-detect"
    said = f"User: {role} is not authorized to perform: dynamodb:GetItem"
    error = "AccessDeniedException (403): " + json.dumps({"__type": "it", "message": said})
    record = failed_invocation(responsePayload={"errorType": "CallFailed", "errorMessage": error})
    letter = queued(record)
    assert letter.reason == (
        "detect failed: CallFailed: AccessDeniedException (403): User: chantier-lot-1-detect "
        "is not authorized to perform: dynamodb:GetItem"
    )
    assert letter.error == f"CallFailed: {error}"


def test_a_call_that_was_never_made_says_so() -> None:
    context = {"functionArn": f"{ARN}detect", "condition": "EventAgeExceeded"}
    record = failed_invocation(requestContext=context)
    letter = queued({**record, "responsePayload": None})
    assert letter.reason == "detect was not called: EventAgeExceeded"
    assert letter.tries == 0


def test_a_failed_batch_of_the_stream_wakes_watch() -> None:
    """Its record names the changes and does not hold them; what is to be told is in the table."""
    batch = {
        "shardId": "shardId-00000001573689847184-864758bb",
        "startSequenceNumber": "800000000003126276362",
        "endSequenceNumber": "800000000003126276362",
        "batchSize": 2,
        "streamArn": "arn:aws:dynamodb:eu-west-3:123456789012:table/t/stream/2026",
    }
    record = failed_invocation("watch", DDBStreamBatchInfo=batch)
    del record["requestPayload"], record["responsePayload"]
    letter = queued(record)
    assert letter.words == "failed stream call of watch"
    assert letter.reason == "watch failed on 2 changes of the table: RetriesExhausted"
    assert (letter.way.function, letter.way.event) == (WATCH, {"check": True})
    assert json.loads(letter.text) == batch


def test_a_schedule_that_could_not_call_says_why() -> None:
    said = {
        "ERROR_CODE": "AWSLambda.ResourceNotFoundException",
        "ERROR_MESSAGE": "Function not found",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "2",
        "SCHEDULED_TIME": "2026-09-21T14:13:00Z",
        "SCHEDULE_ARN": "arn:aws:scheduler:eu-west-3:123456789012:schedule/default/it",
        "TARGET_ARN": f"{ARN}watch",
    }
    event = {"check": True, "at": AT}
    letter = queued(event, said)
    assert letter.words == "schedule of watch"
    assert letter.reason.endswith("ResourceNotFoundException: Function not found")
    assert (letter.tries, letter.machine) == (3, "")
    assert (letter.way.function, letter.way.event) == (WATCH, event)


def test_a_call_of_a_function_that_is_not_the_stacks_is_not_made() -> None:
    assert queued(failed_invocation("somebody-elses")).way == Way(hindrance=messages.UNKNOWN)


def test_a_quarantined_message_is_judged_again_as_it_arrived() -> None:
    key = "quarantine/dt=2026-09-21/EX-001-00ff.json"
    kept = {
        "reason": "v is 2, newer than 1, the newest this stack reads",
        "machine": "EX-001",
        "arrived_at": MS,
        "message": json.dumps({**EVENT, "v": 2}),
    }
    letter = objects.read(key, AT, json.dumps(kept).encode())
    assert (letter.place, letter.reason) == (UNREAD.name, kept["reason"])
    assert letter.way == Way(function=DETECT, event={**EVENT, "v": 2})
    assert objects.machine_of(key) == "EX-001"


def test_lines_that_firehose_wrapped_are_unwrapped() -> None:
    lines = [json.dumps({**EVENT, "machine": machine}) for machine in ("EX-001", "EX-002")]
    wrapped = [
        {
            "attemptsMade": 4,
            "arrivalTimestamp": MS,
            "errorCode": "Lambda.FunctionError",
            "errorMessage": "it broke",
            "rawData": base64.b64encode(f"{line}\n".encode()).decode(),
        }
        for line in lines
    ]
    body = "\n".join(map(json.dumps, wrapped)).encode()
    letter = objects.read("raw-errors/processing-failed/dt=2026-09-21/x", AT, body)
    assert letter.way.raw.splitlines() == lines
    assert (letter.machine, letter.tries, letter.facts["messages"]) == ("", 4, "2")
    assert letter.reason == "Firehose put it aside (processing-failed): it broke"


@pytest.mark.parametrize("place", [place for place in PLACES if place.prefix])
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff", b'{"failures": []}', b"5"])
def test_whatever_lies_in_a_place_of_the_bucket_makes_a_letter(place: Any, body: bytes) -> None:
    letter = objects.read(f"{place.prefix}x/y-z.json", AT, body)
    assert letter.place == place.name
    assert letter.id.startswith(f"{place.mark}-")
    assert letter.way.sentence


@pytest.mark.parametrize(
    "body",
    ["", "text", [], 5, None, {"requestContext": 5}, {"requestContext": {}}, {"v": 1}],
    ids=repr,
)
def test_whatever_lies_in_the_queue_makes_a_letter(body: Any) -> None:
    assert queued(body).way.sentence


def test_an_id_is_short_and_the_same_every_time() -> None:
    first, again = queued(failed_invocation()), queued(failed_invocation())
    assert first.id == again.id == "c-" + first.id[2:]
    assert len(first.id) == 12


def test_a_letter_that_was_replayed_in_vain_says_what_was_said_then() -> None:
    letter = queued(failed_invocation())
    after = noted(letter, {letter.id: Note(2, AT, "still not")})
    assert (after.tries, after.reason) == (5, "replayed in vain: still not")
    assert after.facts["first reason"] == letter.reason
    assert noted(letter, {}) == letter


def test_filters_take_what_they_name() -> None:
    letter = queued(failed_invocation())
    assert Wanted().takes(letter)
    assert Wanted(frozenset({"call"}), "EX-001", AT, "accessdenied").takes(letter)
    for wanted in (
        Wanted(places=frozenset({"rule"})),
        Wanted(machine="EX-002"),
        Wanted(since="2026-09-21T14:13:21Z"),
        Wanted(reason="throttled"),
        Wanted(ids=frozenset({"c-0000000000"})),
        Wanted(without=frozenset({letter.id})),
    ):
        assert not wanted.takes(letter)


def test_an_id_is_looked_for_in_its_own_place_alone() -> None:
    wanted = Wanted(ids=frozenset({"r-0123456789", "strange"}))
    assert [place for place in PLACES if wanted.looks_in(place)] == [RULE]


def test_reasons_that_differ_in_numbers_and_ids_count_as_one() -> None:
    errors = [f"no, request {n}cd8d2b7-6a61-4d0b-9be4-2f3a9ce5{n}111" for n in range(3)]
    found = [rule_error(b"{}", ("LambdaAction", error)) for error in (*errors, "never")]
    assert [(one.words, one.letters) for one in counts(found)] == [
        ("rule error", 3),
        ("rule error", 1),
    ]


def test_the_command_line_names_every_place() -> None:
    assert tuple(place.name for place in PLACES) == PLACE_NAMES
    told = CliRunner().invoke(main, ["dead-letters", "--help"]).output
    assert all(f"\n  {place.name} " in told for place in PLACES)


def test_what_letters_say_of_the_stack_is_what_it_is() -> None:
    assert VERSION_DAYS == REPLACED_DAYS
    assert FORTNIGHT_S == 14 * 86_400
    assert REFUSED_KEY.startswith(f"{RULE.prefix}${{topic(3)}}/${{timestamp()}}-")


def test_dropping_says_what_is_final() -> None:
    told = warning([queued(failed_invocation()), rule_error(b"x", ("RuleEvaluation", "no"))])
    assert told.startswith("2 dead letters will be dropped, and not be replayed (1 in the queue")
    assert "1 in the bucket: old versions are kept 30 days" in told


def test_a_list_is_told_and_what_was_not_read_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = Found((queued(failed_invocation()),), more=7, hidden=2)
    show_list(found, Site.load(EXAMPLE), limit=1)
    told = capsys.readouterr()
    assert "failed invocation of detect" in told.out
    assert "About 7 more: --limit 8" in told.err
    assert "2 more are held by somebody else" in told.err
    assert as_json_of(found)["counts"][0]["letters"] == 1


def test_what_machines_wrote_does_not_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    letter = rule_error(b"{}", ("RuleEvaluation", "\x1b[2Jgone"))
    show_list(Found((letter,), 0, 0), Site.load(EXAMPLE), limit=1)
    show_outcomes([Outcome(letter, AGAIN, "\x1b[2Jgone")], 0, as_json=False)
    assert "\x1b[2J" not in capsys.readouterr().out


def test_a_run_is_summed_up_and_readings_that_came_too_late_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    letter = queued(failed_invocation())
    done, failed = Outcome(letter, DONE, late=6), Outcome(letter, AGAIN, "still not")
    show_outcomes([done, done, failed], 0, as_json=False)
    told = capsys.readouterr()
    assert "2 replayed, 1 failed again." in told.err
    assert "12 readings came after newer" in told.err
    assert "still not" in told.out
    assert (done.ok, failed.ok) == (True, False)
