"""chantier prove on a real stack: it holds, it tells what is broken, and it leaves nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chantier.hours import count_now
from chantier.local import NOT_KEPT
from chantier.proving.cleaning import Cleaning
from chantier.proving.probe import Script, announce, certify
from chantier.proving.promises import PROMISES, Check
from chantier.proving.proof import Proof, Wish, prove
from chantier.records import SITE, TELL_AT
from chantier.site import EXAMPLE
from chantier.stack import stack_name
from chantier.telemetry import probe_name, rule_name
from tests.embedded.conftest import Deployed, until

pytestmark = pytest.mark.embedded
ROOT = Path(__file__).parents[2]
# No figure of this computer is judged here.
WISH = Wish(count=3, within_ms=60_000, patience_s=20, raw_s=20, not_kept=NOT_KEPT)
# Where something is broken on purpose nothing is waited for that does not come.
IMPATIENT = replace(WISH, count=2, patience_s=2, raw_s=None)


def proven(deployed: Deployed, wish: Wish) -> tuple[Proof, dict[str, Check]]:
    proof = prove(deployed.cloud, deployed.site, wish=wish, say=print, tick=lambda _text: None)
    return proof, {check.name: check for check in proof.checks}


def certificates(deployed: Deployed) -> set[str]:
    pages = deployed.cloud.client("iot").get_paginator("list_certificates").paginate()
    return {one["certificateArn"] for page in pages for one in page["certificates"]}


def rows(deployed: Deployed) -> list[Any]:
    found = deployed.cloud.client("dynamodb").query(
        TableName=deployed.outputs["AlertsTableName"],
        ConsistentRead=True,
        KeyConditionExpression="machine = :machine",
        ExpressionAttributeValues={":machine": {"S": probe_name(deployed.site.name)}},
    )
    return list(found["Items"])


def traces(deployed: Deployed) -> list[str]:
    """What there is of the probe, apart from certificates."""
    name, iot = probe_name(deployed.site.name), deployed.cloud.client("iot")
    things = [one["thingName"] for one in iot.list_things(maxResults=250)["things"]]
    pages = (
        deployed.cloud.client("s3")
        .get_paginator("list_object_versions")
        .paginate(Bucket=deployed.outputs["DataBucketName"], Prefix="quarantine/")
    )
    kept = [
        one["Key"]
        for page in pages
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        if name in one["Key"]
    ]
    return [thing for thing in things if name in thing] + kept + list(map(str, rows(deployed)))


@contextmanager
def leaves_nothing(deployed: Deployed) -> Iterator[None]:
    before = certificates(deployed)
    yield
    assert certificates(deployed) == before
    assert traces(deployed) == []


def physical(deployed: Deployed, logical: str) -> str:
    told = deployed.cloud.client("cloudformation").describe_stack_resource(
        StackName=stack_name(deployed.site.name), LogicalResourceId=logical
    )
    return str(told["StackResourceDetail"]["PhysicalResourceId"])


@contextmanager
def rule_disabled(deployed: Deployed) -> Iterator[None]:
    iot, name = deployed.cloud.client("iot"), rule_name(deployed.site.name)
    iot.disable_topic_rule(ruleName=name)
    try:
        yield
    finally:
        iot.enable_topic_rule(ruleName=name)


@contextmanager
def function_without_table(deployed: Deployed) -> Iterator[None]:
    """The detect function's role, without its right to write into the table."""
    iam, role = deployed.cloud.client("iam"), physical(deployed, "DetectRole")
    whole = iam.get_role_policy(RoleName=role, PolicyName="own-work")["PolicyDocument"]
    less = {
        **whole,
        "Statement": [
            one for one in whole["Statement"] if one["Sid"] != "RememberMachinesAndStoreAlerts"
        ],
    }

    def put(document: dict[str, Any]) -> None:
        text = json.dumps(document)
        iam.put_role_policy(RoleName=role, PolicyName="own-work", PolicyDocument=text)

    put(less)
    try:
        yield
    finally:
        put(whole)
        # The tries of the function are over; what it could not handle is nobody else's.
        deployed.cloud.client("sqs").purge_queue(QueueUrl=deployed.outputs["DeadLettersUrl"])


@contextmanager
def policy_widened(deployed: Deployed) -> Iterator[None]:
    """Whoever has a certificate may publish as anybody, and listen."""
    iot, name = deployed.cloud.client("iot"), deployed.outputs["MachinePolicyName"]
    wide = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["iot:*"], "Resource": ["*"]}],
    }
    before = iot.get_policy(policyName=name)["defaultVersionId"]
    made = iot.create_policy_version(
        policyName=name, policyDocument=json.dumps(wide), setAsDefault=True
    )
    try:
        yield
    finally:
        iot.set_default_policy_version(policyName=name, policyVersionId=before)
        iot.delete_policy_version(policyName=name, policyVersionId=made["policyVersionId"])


def test_every_promise_holds_on_a_good_stack(deployed: Deployed) -> None:
    with leaves_nothing(deployed):
        proof, found = proven(deployed, WISH)
        assert [check for check in proof.checks if check.holds is False] == []
        assert {name for name, check in found.items() if check.holds is None} == NOT_KEPT
        assert list(found) == list(PROMISES)
        assert proof.ok
        assert proof.timing is not None
        assert proof.timing.in_cloud.n == WISH.count
        assert proof.timing.ahead_ms == 0


def test_a_rule_that_is_off_is_named_with_the_command_that_switches_it_on(
    deployed: Deployed, command: Callable[..., subprocess.Popen[str]]
) -> None:
    with leaves_nothing(deployed), rule_disabled(deployed):
        run = command("--quick", "--timeout", "2")
        shown, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"rule does not hold: {rule_name(deployed.site.name)} is disabled" in shown
    assert f"aws iot enable-topic-rule --rule-name {rule_name(deployed.site.name)}" in shown


def test_a_function_without_its_permission_is_told_in_its_own_words(deployed: Deployed) -> None:
    with leaves_nothing(deployed), function_without_table(deployed):
        proof, found = proven(deployed, IMPATIENT)
        assert not proof.ok
        assert found["judged"].holds is False
        assert "dynamodb:GetItem" in found["judged"].said
        assert any("chantier logs detect --local" in one for one in found["judged"].look)
        assert (found["stored"].holds, found["closed"].holds) == (None, None)
        assert found["another's topic"].holds


def test_a_policy_that_was_widened_is_found(deployed: Deployed) -> None:
    with leaves_nothing(deployed), policy_widened(deployed):
        proof, found = proven(deployed, IMPATIENT)
    assert not proof.ok
    wrong = {name for name, check in found.items() if check.holds is False}
    assert wrong == {"another's name", "another's topic", "listening"}
    assert deployed.outputs["MachinePolicyName"] in found["listening"].look[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_a_run_ends_it_in_order(
    deployed: Deployed, command: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    with leaves_nothing(deployed):
        run = command("--count", "400")
        assert until(lambda: rows(deployed), bool)
        run.send_signal(number)
        _, talk = run.communicate(timeout=60)
    assert "Ending early; the probe is taken away first." in talk
    assert run.returncode == (130 if number == signal.SIGINT else 128 + number)


def test_a_run_that_was_killed_is_cleaned_up_by_the_next_one_when_its_time_is_over(
    deployed: Deployed, tmp_path: Path
) -> None:
    name, policy = probe_name(deployed.site.name), deployed.outputs["MachinePolicyName"]
    with leaves_nothing(deployed):
        announce(deployed.cloud, deployed.site, until=int(time.time()) - 1)
        paper = certify(deployed.cloud, deployed.site, tmp_path, "old", policy=policy)
        proof, _ = proven(deployed, IMPATIENT)
        assert proof.ok
        assert paper.arn not in certificates(deployed)
        announce(deployed.cloud, deployed.site, until=int(time.time()) + 60)
        with pytest.raises(Exception, match="is under way"):
            proven(deployed, IMPATIENT)
        deployed.cloud.client("iot").delete_thing(thingName=name)


def test_nobody_counts_the_probe_or_is_told_of_it(deployed: Deployed) -> None:
    site, name = deployed.site.name, probe_name(deployed.site.name)
    payload = json.loads(Script(deployed.site, int(time.time()) - 60).opening().payload)
    event = {**payload, "machine": name, "site": site, "arrived_at": int(time.time() * 1000)}
    said = deployed.invoke(event)
    assert [one["kind"] for one in said["alerts"]] == ["open"]
    try:
        (alert,) = (row for row in rows(deployed) if SITE in row)
        assert alert[SITE]["S"] == name
        assert TELL_AT not in alert
        assert name not in {one.machine for one in deployed.alerts()}
        counted = count_now(
            deployed.cloud, deployed.outputs["AggregateFunctionName"], time.time() + 1
        )
        bucket, s3 = deployed.outputs["DataBucketName"], deployed.cloud.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="aggregates/")
        bodies = [
            s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
            for page in pages
            for one in page.get("Contents", ())
        ]
        assert "until" in counted
        assert not [body for body in bodies if name.encode() in body]
    finally:
        assert Cleaning(deployed.cloud, site, deployed.outputs).sweep() == ()
    assert rows(deployed) == []


@pytest.fixture
def command(deployed: Deployed) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs `chantier prove --local` in the deployed project; ends what still runs."""
    site_file = deployed.home.parent / "chantier.toml"
    if not site_file.exists():
        shutil.copy(EXAMPLE, site_file)
    runs: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        run = subprocess.Popen(
            [sys.executable, "-m", "chantier", "prove", "--local", *options],
            cwd=deployed.home.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        runs.append(run)
        return run

    yield start
    for run in runs:
        if run.poll() is None:
            run.kill()
            run.communicate()
