"""Dead letters: what went wrong is listed with its reason, and goes on once it is mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chantier.cli import main
from chantier.cloud import Cloud
from chantier.letters.letter import Letter
from chantier.letters.places import REPLAYS
from chantier.letters.reading import Letters
from chantier.letters.replaying import AGAIN, DONE, MOVED, Outcome, Replay
from chantier.letters.wanted import NO_LIMIT, Wanted
from chantier.records import MEMORY, RAW, RAW_ERRORS
from chantier.site import Machine, Site
from chantier.stack import stack_name
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, deploy_site, until
from tests.embedded.privilege.grants import POLICY
from tests.embedded.privilege.stage import Role

pytestmark = pytest.mark.embedded
START = 1_790_000_000
SITE = """
[site]
name = "{name}"
label = "Dead letters"
region = "eu-west-3"
timezone = "Europe/Paris"
language = "en"
size = "{size}"

[budget]
monthly_usd = 25

"""


def site_file(project: Path, name: str, machines: list[str], size: str = "starter") -> Path:
    path = project / f"{name}.toml"
    said = "".join(f'[[machines]]\nid = "{one}"\nclass = "roller"\n' for one in machines)
    path.write_text(SITE.format(name=name, size=size) + said, "utf-8")
    return path


def hot(*seconds: int) -> list[dict[str, Any]]:
    """Readings of a machine that runs hot from the sixtieth second on."""
    return [
        {
            "t": format_time(START + second),
            "seq": second,
            "eng": True,
            "rpm": 1650,
            "cool_c": 90 if second < 60 else 112,
        }
        for second in seconds
    ]


STORY = hot(*range(0, 80, 10))
SEVEN = [f"DL-{number}" for number in range(1, 8)]


@pytest.fixture(scope="module")
def path(project: Path) -> Path:
    """The site file of the starter."""
    return site_file(project, "letters", SEVEN)


@pytest.fixture(scope="module")
def starter(cloud: Cloud, project: Path, path: Path) -> Deployed:
    """A small starter."""
    return deploy_site(cloud, Site.load(path), project)


@pytest.fixture(scope="module")
def fleet(cloud: Cloud, project: Path) -> Deployed:
    """A small fleet."""
    path = site_file(project, "letters-fleet", ["DF-1", "DF-2"], "fleet")
    deployed = deploy_site(cloud, Site.load(path), project)
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=deployed.outputs["IngestQueueUrl"], Attributes={"VisibilityTimeout": "1"}
    )
    return deployed


@contextmanager
def broken(site: Deployed, title: str, action: str, arn: str) -> Iterator[None]:
    """A role may not do one thing meanwhile."""
    iam, stack = site.cloud.client("iam"), stack_name(site.site.name)
    told = site.cloud.client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId=title
    )
    name = told["StackResourceDetail"]["PhysicalResourceId"]
    policy = iam.get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"]
    with Role(iam, name, policy).without((action, arn)):
        yield


def unreadable_table(site: Deployed) -> Any:
    """Detection fails meanwhile."""
    table = site.cloud.client("dynamodb").describe_table(TableName=site.outputs["AlertsTableName"])
    return broken(site, "DetectRole", "dynamodb:GetItem", table["Table"]["TableArn"])


def letters(site: Deployed, machine: str = "", place: str = "") -> list[Letter]:
    wanted = Wanted(machine=machine, places=frozenset({place} if place else ()))
    return list(Letters(site.cloud, site.outputs).read(wanted, NO_LIMIT).letters)


def replayed(site: Deployed, *found: Letter) -> list[Outcome]:
    wanted = Wanted(ids=frozenset(letter.id for letter in found))
    reader = Letters(site.cloud, site.outputs)
    return Replay(site.cloud, reader).run(wanted, NO_LIMIT, lambda _done, _there: None)[0]


def arn_of(site: Deployed, output: str) -> str:
    return f"arn:aws:lambda:{site.cloud.region}:000000000000:function:{site.outputs[output]}"


def give_up(site: Deployed, machine: str, *readings: dict[str, Any]) -> None:
    """Put a message in the dead letters as Lambda does after its retries."""
    event = {"v": 1, "readings": list(readings), "machine": machine, "arrived_at": START * 1000}
    record = {
        "version": "1.0",
        "requestContext": {
            "functionArn": f"{arn_of(site, 'DetectFunctionName')}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responsePayload": {"errorType": "CallFailed", "errorMessage": "not now"},
    }
    site.cloud.client("sqs").send_message(
        QueueUrl=site.outputs["DeadLettersUrl"], MessageBody=json.dumps(record)
    )


def stored(site: Deployed, machine: str) -> list[Any]:
    return [one["readings"] for one in site.raw() if one.get("machine") == machine]


def cli(path: Path, *arguments: str, said: str = "") -> Result:
    options = ["dead-letters", *arguments, "--local", "--site", str(path)]
    return CliRunner().invoke(main, options, prog_name="chantier", input=said)


def test_a_message_that_detection_failed_on_is_listed_and_becomes_an_alert_when_replayed(
    starter: Deployed,
) -> None:
    with unreadable_table(starter):
        starter.send("DL-1", *STORY)
        (letter,) = until(lambda: letters(starter, "DL-1"), bool)
        assert letter.words == "failed invocation of detect"
        assert "AccessDenied" in letter.error
        assert "is not authorized to perform: dynamodb:GetItem" in letter.reason
        assert letter.tries == 3
        assert json.loads(letter.text)["readings"] == STORY
        (outcome,) = replayed(starter, letter)
        assert (outcome.what, "AccessDenied" in outcome.reason) == (AGAIN, True)
        (again,) = letters(starter, "DL-1")
        assert (again.id, again.tries) == (letter.id, 4)
        assert again.reason.startswith("replayed in vain: ")
    assert starter.alerts("DL-1") == []
    assert [one.what for one in replayed(starter, letter)] == [DONE]
    (alert,) = starter.alerts("DL-1")
    assert (alert.code, alert.closed_at) == ("COOLANT_HIGH", None)
    assert letters(starter, "DL-1") == []
    assert until(lambda: stored(starter, "DL-1"), bool) == [STORY]
    notes = starter.cloud.client("s3").list_objects_v2(
        Bucket=starter.outputs["DataBucketName"], Prefix=f"{REPLAYS}{letter.id}"
    )
    assert "Contents" not in notes


def test_an_interrupted_run_leaves_the_rest_where_it_was_and_goes_on_oldest_first(
    starter: Deployed,
) -> None:
    for reading in reversed(STORY):
        give_up(starter, "DL-2", reading)
    reader = Letters(starter.cloud, starter.outputs)
    wanted = Wanted(machine="DL-2")

    def unplug(_done: int, there: int) -> None:
        assert there == len(STORY)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Replay(starter.cloud, reader).run(wanted, NO_LIMIT, unplug)
    left = letters(starter, "DL-2")
    # The second was under way.
    assert len(left) in {len(STORY) - 1, len(STORY) - 2}
    outcomes = replayed(starter, *left)
    assert [(one.what, one.late) for one in outcomes] == [(DONE, 0)] * len(left)
    (alert,) = starter.alerts("DL-2")
    assert alert.since == format_time(START + 60)
    assert letters(starter, "DL-2") == []


def test_a_letter_that_was_replayed_and_not_removed_changes_nothing_the_second_time(
    starter: Deployed,
) -> None:
    """As when somebody pulls the plug between the two."""
    changed = []
    for _ in range(2):
        give_up(starter, "DL-3", *STORY)
        (letter,) = letters(starter, "DL-3")
        assert [one.what for one in replayed(starter, letter)] == [DONE]
        changed.append(starter.alerts("DL-3"))
    assert changed[0] == changed[1] != []
    assert stored(starter, "DL-3") == []


def test_a_message_of_an_unknown_machine_is_judged_once_the_site_file_names_it(
    starter: Deployed, cloud: Cloud, project: Path, path: Path
) -> None:
    ghost = Machine.model_validate({"id": "DL-9", "class": "roller"})
    more = starter.site.model_copy(update={"machines": (*starter.site.machines, ghost)})
    Deployed(more, cloud, starter.home, starter.outputs).send("DL-9", *STORY)
    (letter,) = until(lambda: letters(starter, "DL-9"), bool)
    assert (letter.place, letter.reason) == (
        "quarantine",
        "machine 'DL-9' is not in the site file",
    )
    told = cli(path, "replay", letter.id)
    assert (told.exit_code, "failed again" in told.stdout) == (1, True)
    assert [(one.id, one.tries) for one in letters(starter, "DL-9")] == [(letter.id, 2)]
    site_file(project, "letters", [*SEVEN, "DL-9"])
    deploy_site(cloud, Site.load(path), project)
    told = cli(path, "replay", "--all", "--machine", "DL-9")
    assert (told.exit_code, told.stderr.splitlines()[-1]) == (0, "1 replayed."), told.output
    assert [alert.code for alert in starter.alerts("DL-9")] == ["COOLANT_HIGH"]
    assert letters(starter, "DL-9") == []
    assert stored(starter, "DL-9") == [STORY]


def test_what_no_replay_can_mend_is_shown_refused_and_dropped(
    starter: Deployed, path: Path
) -> None:
    starter.publish("DL-4", b"not \x1b[31mJSON")
    (letter,) = until(lambda: letters(starter, "DL-4"), bool)
    shown = cli(path, "show", letter.id)
    assert shown.stdout.splitlines()[-1] == "not \N{REPLACEMENT CHARACTER}[31mJSON"
    assert "no replay can mend that" in " ".join(shown.stdout.split())
    told = cli(path, "replay", letter.id)
    assert (told.exit_code, "cannot be replayed" in told.stdout) == (1, True)
    kept = cli(path, "drop", letter.id, said="no\n")
    assert (kept.exit_code, len(letters(starter, "DL-4"))) == (1, 1)
    assert cli(path, "drop", letter.id, said="yes\n").exit_code == 0
    assert letters(starter, "DL-4") == []
    gone = cli(path, "show", letter.id)
    assert (gone.exit_code, letter.id in gone.stderr) == (1, True)


def test_an_id_that_is_not_there_stops_everything_and_names_the_nearest(
    starter: Deployed, path: Path
) -> None:
    starter.publish("DL-5", b"no JSON")
    (letter,) = until(lambda: letters(starter, "DL-5"), bool)
    wrong = letter.id[:-1] + ("0" if letter.id[-1] != "0" else "1")
    told = cli(path, "drop", letter.id, wrong, "--yes")
    assert (told.exit_code, f"Did you mean {letter.id}" in told.stderr) == (1, True), told.output
    assert len(letters(starter, "DL-5")) == 1
    assert cli(path, "drop", "--all", "--machine", "DL-5", "--yes").exit_code == 0


def test_raw_data_that_firehose_put_aside_goes_to_the_raw_store(starter: Deployed) -> None:
    lines = [json.dumps({"v": 1, "machine": "DL-6", "readings": [one]}) for one in STORY[:2]]
    starter.cloud.client("s3").put_object(
        Bucket=starter.outputs["DataBucketName"],
        Key=f"{RAW_ERRORS}processing-failed/dt=2026-09-21/one",
        Body="\n".join(lines).encode(),
    )
    (letter,) = letters(starter, place="raw")
    assert letter.machine == "DL-6"
    assert [one.what for one in replayed(starter, letter)] == [DONE]
    assert stored(starter, "DL-6") == [[STORY[0]], [STORY[1]]]
    assert letters(starter, place="raw") == []


def test_one_good_call_of_watch_makes_up_for_every_one_that_failed(starter: Deployed) -> None:
    client, queue = starter.cloud.client("sqs"), starter.outputs["DeadLettersUrl"]
    arn = arn_of(starter, "WatchFunctionName")
    for minute in range(3):
        client.send_message(
            QueueUrl=queue,
            MessageBody=json.dumps({"check": True, "at": f"2026-09-21T14:1{minute}:00Z"}),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in (("TARGET_ARN", arn), ("ERROR_CODE", "ThrottlingException"))
            },
        )
    found = until(lambda: letters(starter, place="call"), lambda some: len(some) == 3)
    assert {one.words for one in found} == {"schedule of watch"}
    assert {one.what for one in replayed(starter, *found)} == {DONE}
    assert letters(starter, place="call") == []


def test_looking_hides_nothing_and_says_what_others_hide(starter: Deployed) -> None:
    client, queue = starter.cloud.client("sqs"), starter.outputs["DeadLettersUrl"]
    client.send_message(QueueUrl=queue, MessageBody='{"machine": "DL-7"}')
    (letter,) = letters(starter, "DL-7")
    assert [letter] == letters(starter, "DL-7")
    held = client.receive_message(QueueUrl=queue, VisibilityTimeout=60)["Messages"]
    found = Letters(starter.cloud, starter.outputs).read(Wanted(machine="DL-7"), NO_LIMIT)
    assert (found.letters, found.hidden) == ((), 1)
    client.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=held[0]["ReceiptHandle"], VisibilityTimeout=0
    )
    # Detection cannot read it: it goes on to the quarantine, as it would have.
    (outcome,) = replayed(starter, letter)
    assert (outcome.what, outcome.reason) == (MOVED, "v is null or missing, expected 1")
    (moved,) = letters(starter, "DL-7")
    assert moved.place == "quarantine"


def test_a_raw_message_that_was_not_stored_is_stored_once_and_not_judged_again(
    fleet: Deployed,
) -> None:
    arn = "arn:aws:firehose:eu-west-3:000000000000:deliverystream/chantier-letters-fleet-raw"
    with broken(fleet, "IngestRole", "firehose:PutRecord", arn):
        fleet.send("DF-1", *STORY)
        (letter,) = until(lambda: letters(fleet, "DF-1"), bool)
    assert letter.words == "rule error"
    assert letter.reason.startswith("AWS IoT could not hand it to the raw store: ")
    assert (letter.way.function, stored(fleet, "DF-1")) == ("", [])
    before = until(lambda: fleet.alerts("DF-1"), bool)
    assert [one.what for one in replayed(fleet, letter)] == [DONE]
    assert (stored(fleet, "DF-1"), fleet.alerts("DF-1")) == ([STORY], before)
    (kept,) = [one for one in fleet.raw() if one["machine"] == "DF-1"]
    assert format_time(kept["arrived_at"] // 1000) == letter.at
    assert letters(fleet, "DF-1") == []
    keys = fleet.cloud.client("s3").list_objects_v2(
        Bucket=fleet.outputs["DataBucketName"], Prefix=RAW
    )["Contents"]
    assert [one["Key"].rpartition("/")[2] for one in keys] == [f"replayed-{letter.id}.json"]


def test_a_message_that_a_fleets_queue_gave_up_is_judged_when_replayed(fleet: Deployed) -> None:
    table, client = fleet.outputs["AlertsTableName"], fleet.cloud.client("dynamodb")
    memory = {"machine": {"S": "DF-2"}, "key": {"S": MEMORY}}
    client.put_item(TableName=table, Item=memory)
    fleet.send("DF-2", *STORY)
    (letter,) = until(lambda: letters(fleet, "DF-2"), bool)
    assert (letter.words, letter.tries) == ("queue before detection", 5)
    client.delete_item(TableName=table, Key=memory)
    assert [one.what for one in replayed(fleet, letter)] == [DONE]
    assert [alert.code for alert in fleet.alerts("DF-2")] == ["COOLANT_HIGH"]
    assert letters(fleet, "DF-2") == []
