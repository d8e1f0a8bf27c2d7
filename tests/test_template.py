"""The template: golden, readable, small enough, and clean under every rule of cfn-lint."""

from __future__ import annotations

import fnmatch
import re
from typing import Any, Literal

import pytest
import yaml
from troposphere.sns import Topic

from chantier.functions.pending import LEASE_S
from chantier.functions.progress import RUN_S
from chantier.lint import lint
from chantier.packing import packed, unpacked
from chantier.resources.functions import source
from chantier.resources.queue import concurrency
from chantier.sections import core
from chantier.site import EXAMPLE, Site
from chantier.staging import MAX_INLINE_BYTES, MAX_STAGED_BYTES
from chantier.template import SECTIONS, build, render, sources, synthesize
from tests import golden


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as (tag, value)."""


def _short_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {f"!{tag}": loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    return {f"!{tag}": loader.construct_scalar(node)}


_Loader.add_multi_constructor("!", _short_form)


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


@pytest.fixture(scope="module")
def text(site: Site) -> str:
    return synthesize(site)


@pytest.fixture(scope="module")
def minimal(site: Site) -> str:
    return synthesize(site, minimal=True)


@pytest.fixture(scope="module")
def body(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader of ours
    return loaded


@pytest.fixture(scope="module")
def fleet(site: Site) -> dict[str, Any]:
    """The template of a site of size fleet, as a dictionary."""
    return dict(build(site.of_size("fleet")).to_dict())


def test_the_committed_template_is_the_one_of_the_example_site(text: str) -> None:
    committed = golden.TEMPLATE.read_text("utf-8")
    assert golden.readable(committed) == golden.readable(text), "run: make templates"


def test_the_committed_functions_are_those_of_the_template(site: Site) -> None:
    committed = {
        path.stem: path.read_text("utf-8") for path in golden.FUNCTIONS.iterdir() if path.is_file()
    }
    assert committed == sources(site), "run: make templates"


def test_the_committed_template_carries_the_committed_functions() -> None:
    body = yaml.load(golden.TEMPLATE.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader of ours
    for path in golden.FUNCTIONS.iterdir():
        code = body["Resources"][path.stem.title()]["Properties"]["Code"]["ZipFile"]
        assert unpacked(code) == path.read_text("utf-8")
        assert f'"{path.name}"' in code, "a traceback names the file that a reader finds"


def test_the_committed_minimal_template_is_the_one_of_the_example_site(minimal: str) -> None:
    committed = golden.MINIMAL.read_text("utf-8")
    assert golden.readable(committed) == golden.readable(minimal), "run: make templates"


def test_the_committed_fleet_template_is_the_one_of_the_example_site(site: Site) -> None:
    committed = golden.FLEET.read_text("utf-8")
    fresh = synthesize(site.of_size("fleet"))
    assert golden.readable(committed) == golden.readable(fresh), "run: make templates"
    assert MAX_INLINE_BYTES < len(fresh.encode()) < MAX_STAGED_BYTES


def test_the_minimal_template_fits_in_one_request(minimal: str) -> None:
    assert len(minimal.encode()) < MAX_INLINE_BYTES


def test_the_template_fits_in_an_object(text: str) -> None:
    assert MAX_INLINE_BYTES < len(text.encode()) < MAX_STAGED_BYTES


def test_the_minimal_template_is_a_part_of_the_whole(minimal: str, body: dict[str, Any]) -> None:
    part = yaml.load(minimal, _Loader)  # noqa: S506 - a SafeLoader of ours
    core_names = {name for _, names in core.SECTIONS for name in names}
    for kind in ("Parameters", "Outputs"):
        assert part[kind].items() < body[kind].items()
    later = set(part["Resources"]) ^ set(body["Resources"])
    assert not [name for name in later if name in core_names]
    assert set(part["Resources"]) <= core_names


def test_cfn_lint_finds_nothing_in_the_minimal_template(minimal: str) -> None:
    assert lint(minimal, region="eu-west-3") == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-west-3"])
def test_cfn_lint_finds_nothing_with_every_rule_on(text: str, region: str) -> None:
    assert lint(text, region=region) == []


def test_cfn_lint_would_find_something(text: str) -> None:
    assert lint(text.replace("AES256", "AES257"), region="eu-west-3")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-west-3"])
def test_cfn_lint_finds_nothing_in_a_fleets_template(site: Site, region: str) -> None:
    assert lint(synthesize(site.of_size("fleet")), region=region) == []


def test_every_resource_stands_in_a_section_and_no_section_names_a_ghost(
    body: dict[str, Any], fleet: dict[str, Any], text: str
) -> None:
    made = {*body["Resources"], *fleet["Resources"]}
    names = [name for _, names in SECTIONS for name in names]
    named = [one for name in names for one in fnmatch.filter(made, name) or [name]]
    assert sorted(named) == sorted(made)
    assert "# Added" not in text


def test_the_code_is_a_literal_block_of_what_was_bundled(
    body: dict[str, Any], text: str, site: Site
) -> None:
    assert "        ZipFile: |\n" in text
    code = body["Resources"]["Detect"]["Properties"]["Code"]["ZipFile"]
    assert code == packed(source(site, "detect"), "detect")
    assert unpacked(code) == source(site, "detect")


def test_rendering_says_what_the_template_says(site: Site, body: dict[str, Any]) -> None:
    def long_form(value: Any) -> Any:
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)).startswith("!"):
                tag, inner = next(iter(value.items()))
                name, inner = tag.removeprefix("!"), long_form(inner)
                if name == "GetAtt":
                    return {"Fn::GetAtt": inner.split(".")}
                return {name if name == "Ref" else f"Fn::{name}": inner}
            return {key: long_form(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [long_form(inner) for inner in value]
        return value

    assert long_form(body) == build(site).to_dict()


def test_a_users_own_resource_is_rendered_after_ours(site: Site) -> None:
    template = build(site)
    template.add_resource(Topic("MyTopic"))
    text = render(template)
    assert text.index("# Added") < text.index("  MyTopic:\n    Type: AWS::SNS::Topic")


def test_the_bucket_is_versioned_encrypted_private_and_tls_only(body: dict[str, Any]) -> None:
    bucket = body["Resources"]["DataBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rule = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    tiering = bucket["LifecycleConfiguration"]["Rules"][0]
    assert tiering["Transitions"] == [
        {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}
    ]
    policy = body["Resources"]["DataBucketPolicy"]["Properties"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_the_table_is_on_demand_encrypted_and_recoverable(body: dict[str, Any]) -> None:
    table = body["Resources"]["AlertsTable"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_data_survives_the_stack(body: dict[str, Any]) -> None:
    for name in ("DataBucket", "AlertsTable"):
        assert body["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert body["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_every_rule_has_an_error_action_and_every_function_a_destination(
    body: dict[str, Any],
) -> None:
    resources = body["Resources"].values()
    rules = [one for one in resources if one["Type"] == "AWS::IoT::TopicRule"]
    assert all("ErrorAction" in rule["Properties"]["TopicRulePayload"] for rule in rules)
    functions = [n for n, one in body["Resources"].items() if one["Type"].endswith("::Function")]
    covered = [
        one["Properties"]["FunctionName"]["!Ref"]
        for one in resources
        if one["Type"] == "AWS::Lambda::EventInvokeConfig"
        and one["Properties"]["DestinationConfig"]["OnFailure"]
    ]
    assert rules
    assert functions == covered


@pytest.mark.parametrize("size", ["starter", "fleet"])
def test_a_site_with_the_longest_name_that_is_allowed_can_be_deployed(
    site: Site, size: Literal["starter", "fleet"]
) -> None:
    said = {**site.model_dump(by_alias=True)}
    said["site"] = {**said["site"], "name": "z" * 48, "size": size}
    assert lint(synthesize(Site.model_validate(said)), region="eu-west-3") == []


def test_a_fleets_queue_waits_longer_than_a_call_lasts_and_gives_up_in_the_dead_letters(
    fleet: dict[str, Any],
) -> None:
    queue = fleet["Resources"]["IngestQueue"]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    seconds = fleet["Resources"]["Detect"]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * seconds
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
        "maxReceiveCount": 5,
    }
    policy = fleet["Resources"]["IngestQueuePolicy"]["Properties"]
    assert policy["Queues"] == [{"Ref": "IngestQueue"}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("IngestRole", ["sqs:SendMessage"]),
        ("DetectRole", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ],
)
def test_who_may_do_what_with_a_fleets_queue(
    fleet: dict[str, Any], role: str, actions: list[str]
) -> None:
    policies = fleet["Resources"][role]["Properties"]["Policies"]
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    queue = {"Fn::GetAtt": ["IngestQueue", "Arn"]}
    (on_queue,) = (one for one in statements if queue in one["Resource"])
    assert on_queue["Action"] == actions
    assert on_queue["Resource"] == [queue]


def test_a_fleets_rule_calls_no_function_and_no_function_lets_it(fleet: dict[str, Any]) -> None:
    callers = [one for one in fleet["Resources"].values() if one["Type"].endswith("::Permission")]
    assert [one["Properties"]["FunctionName"] for one in callers] == [{"Ref": "Enrol"}]
    rule = fleet["Resources"]["IngestRule"]["Properties"]["TopicRulePayload"]
    assert [kind for action in rule["Actions"] for kind in action] == ["Sqs", "Firehose"]


@pytest.mark.parametrize(
    ("machines", "at_once"), [(1, 2), (480, 2), (1_000, 5), (10_000, 42), (1_000_000, 1_000)]
)
def test_a_fleets_executions_at_once_grow_with_its_machines_within_what_a_mapping_takes(
    machines: int, at_once: int
) -> None:
    assert concurrency(machines) == at_once


def test_a_fleet_of_ten_thousand_has_no_resource_more(site: Site) -> None:
    machines = [{"id": f"M-{n:05}", "class": "roller"} for n in range(10_000)]
    said = {**site.model_dump(by_alias=True, exclude={"machines"}), "machines": machines}
    large = Site.model_validate(said).of_size("fleet")
    assert build(large).resources.keys() == build(site.of_size("fleet")).resources.keys()


def test_the_minimal_template_is_the_same_for_every_size(site: Site, minimal: str) -> None:
    assert synthesize(site.of_size("fleet"), minimal=True) == minimal


# Actions for which IAM knows no resource.
WITHOUT_RESOURCE = {"iot:AttachThingPrincipal", "iot:ListThingPrincipals"}


def test_no_role_is_granted_a_wildcard_action_or_every_resource(body: dict[str, Any]) -> None:
    roles = [one for one in body["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    assert len(roles) == 11
    for role in roles:
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert not [action for action in statement["Action"] if "*" in action]
                whole = "*" in statement["Resource"]
                assert not whole or set(statement["Action"]) <= WITHOUT_RESOURCE


def test_the_aggregate_function_reads_and_writes_what_it_counts_and_no_more(
    body: dict[str, Any],
) -> None:
    (policy,) = body["Resources"]["AggregateRole"]["Properties"]["Policies"]
    may = {one["Sid"]: one for one in policy["PolicyDocument"]["Statement"]}
    assert {sid: one["Action"] for sid, one in may.items()} == {
        "FindRawAndAggregates": ["s3:ListBucket"],
        "ReadRawAndAggregates": ["s3:GetObject"],
        "WriteAggregates": ["s3:PutObject"],
        "FindAlerts": ["dynamodb:Query"],
        "ReadFuelPrice": ["ssm:GetParameter"],
        "KeepFailures": ["sqs:SendMessage"],
        "Log": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    assert may["FindRawAndAggregates"]["Condition"] == {
        "StringLike": {"s3:prefix": ["raw/*", "aggregates/*"]}
    }
    assert may["WriteAggregates"]["Resource"] == [{"!Sub": "${DataBucket.Arn}/aggregates/*"}]


def test_the_price_of_fuel_is_a_number_and_the_site_files_at_first(body: dict[str, Any]) -> None:
    price = body["Resources"]["FuelPrice"]["Properties"]
    allowed = re.compile(price["AllowedPattern"])
    assert all(allowed.search(one) for one in (price["Value"], "0", "2.1234", "99999"))
    assert not any(allowed.search(one) for one in ("", "1,20", "-1", "1.2 EUR", "NaN", "1.23456"))


def test_without_rates_there_is_no_price_and_nobody_reads_one(site: Site) -> None:
    text = synthesize(site.model_copy(update={"rates": None}))
    assert "FuelPrice" not in text
    assert "ssm:" not in text
    assert lint(text, region="eu-west-3") == []


def test_nobody_is_told_by_email_until_an_address_is_given(body: dict[str, Any]) -> None:
    email = body["Parameters"]["AlertEmail"]
    assert email["Default"] == ""
    subscription = body["Resources"]["AlertsByEmail"]
    assert body["Conditions"][subscription["Condition"]] == {
        "!Not": [{"!Equals": [{"!Ref": "AlertEmail"}, ""]}]
    }
    allowed = re.compile(email["AllowedPattern"])
    assert all(allowed.search(one) for one in ("", "chef@chantier.example"))
    assert not any(allowed.search(one) for one in ("chef", "a b@c.d", "chef@chantier"))


def test_the_topic_is_encrypted_and_refuses_plain_text(body: dict[str, Any]) -> None:
    topic = body["Resources"]["AlertsTopic"]["Properties"]
    assert topic["KmsMasterKeyId"] == "alias/aws/sns"
    policy = body["Resources"]["AlertsTopicPolicy"]["Properties"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["sns:Publish"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_a_taken_alert_is_free_again_only_after_the_function_has_ended(
    body: dict[str, Any],
) -> None:
    assert body["Resources"]["Watch"]["Properties"]["Timeout"] < LEASE_S


def test_a_run_of_the_hours_has_ended_before_another_one_takes_over(body: dict[str, Any]) -> None:
    assert body["Resources"]["Aggregate"]["Properties"]["Timeout"] < RUN_S


def test_a_machine_may_only_speak_as_itself_on_its_own_topic(body: dict[str, Any]) -> None:
    policy = body["Resources"]["MachinePolicy"]["Properties"]["PolicyDocument"]
    actions = [action for one in policy["Statement"] for action in one["Action"]]
    assert actions == ["iot:Connect", "iot:Publish"]
    for statement in policy["Statement"]:
        (resource,) = statement["Resource"]
        assert "${!iot:Connection.Thing.ThingName}" in resource["!Sub"]
        assert "*" not in resource["!Sub"]
    assert policy["Statement"][0]["Condition"] == {
        "Bool": {"iot:Connection.Thing.IsAttached": True}
    }


def test_every_line_that_a_person_reads_is_within_reach(text: str) -> None:
    read = golden.PACKED.sub("", text).splitlines()
    assert max(len(line) for line in read) <= 210
