"""Enrolment without a cloud: names, things, what a claim may do, whom the hook admits."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from chantier.claim_draft import begin, drafting, issued_before, keep
from chantier.enrolment import claim_client_id, template_name
from chantier.errors import ChantierError
from chantier.functions.enrol import Enrol
from chantier.functions.signed import CallFailed
from chantier.resources.enrol import enrol_settings
from chantier.resources.functions import source
from chantier.resources.provisioning import template_body
from chantier.resources.things import MAX_THINGS, logical_id, things
from chantier.site import EXAMPLE, Site
from chantier.template import build
from simulator.claim import Issued
from tests.servers import server
from tests.simulator.conftest import Authority

IDS = st.text("abzdu019-_Zz", min_size=1, max_size=64)
LONGEST_SITE, LONGEST_MACHINE = "s" * 48, "M" * 64
SETTINGS = {"site": "lyon", "classes": {"roller": {"CO-1": "", "CO-2": "SN-2"}}}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = build(Site.load(EXAMPLE)).to_dict()["Resources"]
    return found


def site_of(count: int, size: str = "starter") -> Site:
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"]["size"] = size
    said["machines"] = [{"id": f"M-{number}", "class": "roller"} for number in range(count)]
    return Site.model_validate(said)


@given(one=IDS, other=IDS)
def test_two_machines_never_share_a_logical_id(one: str, other: str) -> None:
    assert (logical_id(one) == logical_id(other)) == (one == other)
    assert logical_id(one).isascii()
    assert logical_id(one).isalnum()
    assert len(logical_id(one)) <= 255


def test_ids_that_look_alike_stay_apart() -> None:
    alike = ("EX-1", "EX_1", "EX1", "EXzd1", "EXzzd1", "EX--1", "EX-_1", "ex-1")
    assert not [pair for pair in combinations(alike, 2) if len(set(map(logical_id, pair))) == 1]


def test_a_starter_site_has_a_thing_a_machine_up_to_the_limit() -> None:
    assert len(things(site_of(MAX_THINGS))) == MAX_THINGS
    assert things(site_of(MAX_THINGS + 1)) == []
    assert things(site_of(3, "fleet")) == []


def test_the_largest_starter_leaves_room_in_a_stack(resources: dict[str, Any]) -> None:
    own = [one for one in resources.values() if one["Type"] != "AWS::IoT::Thing"]
    assert len(own) + MAX_THINGS <= 500 - 80


def test_a_thing_survives_and_has_a_name_that_can_be_taken_in(resources: dict[str, Any]) -> None:
    found = [one for one in resources.values() if one["Type"] == "AWS::IoT::Thing"]
    assert [one["Properties"]["ThingName"] for one in found] == [
        machine.id for machine in Site.load(EXAMPLE).machines
    ]
    assert {one["DeletionPolicy"] for one in found} == {"RetainExceptOnCreate"}
    assert {one["UpdateReplacePolicy"] for one in found} == {"Retain"}


@given(
    st.lists(
        st.text("abcdefghijkl0-", min_size=1, max_size=48), min_size=2, max_size=2, unique=True
    )
)
def test_every_site_has_a_provisioning_template_of_its_own(names: list[str]) -> None:
    first, second = map(template_name, names)
    assert first != second
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,36}", first)


def test_a_name_that_fits_is_kept_and_a_longer_one_is_always_the_same() -> None:
    assert template_name("a" * 27) == "chantier-" + "a" * 27
    assert (
        template_name("zone-industrielle-de-la-plaine") == "chantier-zone-industrielle-_833d07b1"
    )


def test_the_client_id_of_a_claim_fits_in_mqtt_on_aws() -> None:
    assert len(claim_client_id(LONGEST_SITE, LONGEST_MACHINE)) <= 128


def test_the_longest_template_body_is_within_the_limit_of_aws() -> None:
    site = Site.load(EXAMPLE)
    said = site.model_dump(by_alias=True)
    said["site"]["name"] = LONGEST_SITE
    body = template_body(
        Site.model_validate(said), kind="k" * 128, group="g" * 128, policy="p" * 128
    )
    shapes = Loader().load_service_model("iot", "service-2")["shapes"]
    assert len(body) <= shapes["TemplateBody"]["max"]
    assert shapes["TemplateName"]["max"] == len(template_name(LONGEST_SITE))


def test_a_machine_says_who_it_is_and_only_the_hook_says_what(resources: dict[str, Any]) -> None:
    properties = resources["ProvisioningTemplate"]["Properties"]
    body = json.loads(properties["TemplateBody"])
    thing = body["Resources"]["thing"]["Properties"]
    assert thing["ThingName"] == {"Ref": "Machine"}
    assert thing["AttributePayload"] == {"site": "zac-des-tilleuls", "class": {"Ref": "Class"}}
    assert body["Resources"]["policy"]["Properties"] == {
        "PolicyName": resources["MachinePolicy"]["Properties"]["PolicyName"]
    }
    assert properties["PreProvisioningHook"]["PayloadVersion"] == "2020-04-01"
    assert (properties["Enabled"], properties["TemplateType"]) == (True, "FLEET_PROVISIONING")


def test_a_claim_has_no_wildcard_but_the_end_of_its_client_id(resources: dict[str, Any]) -> None:
    statements = resources["ClaimPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    named = [one["Fn::Sub"] for statement in statements for one in statement["Resource"]]
    assert [one.rpartition(":")[2] for one in named if "*" in one] == [
        "client/chantier-zac-des-tilleuls-claim-*"
    ]
    assert not [one for one in named if "certificates/create/" in one]
    assert [action for one in statements for action in one["Action"]] == [
        "iot:Connect",
        "iot:Publish",
        "iot:Subscribe",
        "iot:Receive",
    ]


def test_only_this_sites_template_calls_the_hook(resources: dict[str, Any]) -> None:
    permission = resources["ProvisioningMayEnrol"]["Properties"]
    assert permission["Principal"] == "iot.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(
        ":provisioningtemplate/chantier-zac-des-tilleuls"
    )
    assert resources["Enrol"]["Properties"]["Timeout"] <= 5


def test_the_account_is_not_made_to_log_until_a_level_is_given() -> None:
    template = build(Site.load(EXAMPLE)).to_dict()
    level = template["Parameters"]["IotLogLevel"]
    assert level["Default"] == "DISABLED"
    for name in ("IotLogging", "IotLoggingRole"):
        condition = template["Conditions"][template["Resources"][name]["Condition"]]
        assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "IotLogLevel"}, "DISABLED"]}]}
    role = template["Resources"]["IotLoggingRole"]["Properties"]
    for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
        assert all("log-group:AWSIotLogsV2" in one["Fn::Sub"] for one in statement["Resource"])
    trust = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    assert trust["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_the_hook_knows_who_is_who_and_nothing_else_of_the_site() -> None:
    settings = enrol_settings(Site.load(EXAMPLE))
    assert settings.keys() == {"site", "classes"}
    assert settings["classes"]["roller"].keys() == {"CO-001", "CO-002"}
    code = source(Site.load(EXAMPLE), "enrol", settings)
    assert "handler = Enrol(SETTINGS).handle" in code
    assert "WORDS" not in code


def http(status: int, body: Any) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(data), data)


THING = http(200, {"thingName": "CO-1", "attributes": {"site": "lyon", "class": "roller"}})
NO_THING = http(404, {"message": "Thing CO-1 not found"})
OTHERS = http(200, {"thingName": "CO-1", "attributes": {"site": "nantes"}})
NOBODYS = http(200, {"thingName": "CO-1"})
ALONE = http(200, {"principals": []})
ENROLLED = http(200, {"principals": ["arn:aws:iot:eu-west-3:1:cert/abc"]})
ADMITTED = {"allowProvisioning": True, "parameterOverrides": {"Class": "roller"}}
REFUSED = {"allowProvisioning": False}


def asked(
    monkeypatch: pytest.MonkeyPatch, parameters: Any, *answers: bytes
) -> tuple[dict[str, Any], list[bytes]]:
    for name, value in (
        ("AWS_REGION", "eu-west-3"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    with server(answers) as told:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{told.port}")
        event = {"claimCertificateId": "claim", "certificateId": "new", "parameters": parameters}
        hook = Enrol(SETTINGS)
        try:
            return hook.handle(event), told.asked
        finally:
            hook.iot.connection.close()


@pytest.mark.parametrize(
    ("parameters", "answers", "said"),
    [
        ({"Machine": "CO-1"}, [NO_THING], ADMITTED),
        ({"Machine": "CO-1"}, [THING, ALONE], ADMITTED),
        ({"Machine": "CO-1", "Serial": "any"}, [THING, ALONE], ADMITTED),
        ({"Machine": "CO-1", "Class": "crane"}, [THING, ALONE], ADMITTED),
        ({"Machine": "CO-2", "Serial": "SN-2"}, [NO_THING], ADMITTED),
        ({"Machine": "CO-1"}, [THING, ENROLLED], REFUSED),
        ({"Machine": "CO-1"}, [OTHERS], REFUSED),
        ({"Machine": "CO-1"}, [NOBODYS], REFUSED),
        ({"Machine": "CO-2"}, [], REFUSED),
        ({"Machine": "CO-2", "Serial": "SN-3"}, [], REFUSED),
        ({"Machine": "co-1"}, [], REFUSED),
        ({"Machine": "CO-1/principals"}, [], REFUSED),
        ({"Machine": "x" * 9000}, [], REFUSED),
        ({"Machine": ["CO-1"]}, [], REFUSED),
        ({}, [], REFUSED),
        (None, [], REFUSED),
    ],
)
def test_the_hook_admits_a_machine_of_the_site_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    parameters: Any,
    answers: list[bytes],
    said: dict[str, Any],
) -> None:
    answer, calls = asked(monkeypatch, parameters, *answers)
    assert answer == said
    assert len(calls) == len(answers)
    (line,) = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    assert logged["allowed"] == said["allowProvisioning"]
    assert bool(logged.get("refused")) != logged["allowed"]
    assert len(line) < 500


def test_the_hook_fails_rather_than_guess(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = http(403, {"message": "not authorized"})
    with pytest.raises(CallFailed, match="403"):
        asked(monkeypatch, {"Machine": "CO-1"}, denied, denied, denied)
    logged = json.loads(capsys.readouterr().out)
    assert not logged["allowed"]
    assert "403" in logged["trouble"]


def test_the_bundled_hook_is_python_that_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    site = Site.load(EXAMPLE)
    space: dict[str, Any] = {}
    exec(compile(source(site, "enrol", enrol_settings(site)), "enrol.py", "exec"), space)  # noqa: S102 - it is our own text
    assert space["handler"]({}) == REFUSED


def test_nothing_of_enrolment_is_in_the_minimal_template() -> None:
    minimal = build(Site.load(EXAMPLE), minimal=True).to_dict()
    kinds = {one["Type"] for one in minimal["Resources"].values()}
    assert not kinds & {"AWS::IoT::Thing", "AWS::IoT::ProvisioningTemplate", "AWS::IoT::Logging"}
    assert "Enrol" not in yaml.safe_dump(minimal)


def test_two_commands_do_not_enrol_one_machine_at_a_time(tmp_path: Path) -> None:
    with drafting(tmp_path / "CO-1", "CO-1") as draft:
        for _ in range(2):
            second = drafting(tmp_path / "CO-1", "CO-1")
            with pytest.raises(ChantierError, match="CO-1 is being enrolled here by another"):
                second.__enter__()
        with drafting(tmp_path / "CO-2", "CO-2") as other:
            assert other != draft
    with drafting(tmp_path / "CO-1", "CO-1") as again:
        assert again == draft


def test_what_is_left_of_an_enrolment_counts_only_where_it_is_whole(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = (path.read_bytes() for path in authority.issue("CO-1"))
    issued = Issued("abc", "token", certificate.decode())
    with drafting(tmp_path / "CO-1", "CO-1") as draft:
        assert issued_before(draft) is None
        begin(draft, key)
        assert issued_before(draft) is None
        keep(draft, issued)
        assert issued_before(draft) == issued
        assert {path.stat().st_mode & 0o777 for path in draft.iterdir()} == {0o600}
        begin(draft, authority.issue("CO-2")[1].read_bytes())
        assert issued_before(draft) is None
        keep(draft, issued)
        assert issued_before(draft) is None
        (draft / "issued.json").write_text("{", "utf-8")
        assert issued_before(draft) is None
