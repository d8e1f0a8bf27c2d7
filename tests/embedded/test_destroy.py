"""A site taken down: nothing left, whatever stopped it half-way; and data only when said."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chantier.claiming import enrol_with_claim, make_claim
from chantier.cli import main
from chantier.cloud import Cloud
from chantier.destroying.exporting import read_manifest, verify
from chantier.destroying.finding import BUCKET, TABLE, find
from chantier.errors import ChantierError
from chantier.site import EXAMPLE, Site
from chantier.stack import deploy, stack_name
from tests.embedded.conftest import Deployed, deploy_site

pytestmark = pytest.mark.embedded
OBJECTS, VERSIONS, MACHINES = 1_000, 3, 50
PATIENCE_S = 60.0


def said(name: str, ids: list[str], *, size: str = "starter") -> str:
    """A site file."""
    head = EXAMPLE.read_text("utf-8").partition("[[machines]]")[0]
    head = head.replace('"zac-des-tilleuls"', f'"{name}"', 1)
    head = head.replace('size = "starter"', f'size = "{size}"', 1)
    tables = [f'[[machines]]\nid = "{one}"\nclass = "roller"\n' for one in ids]
    return head + "\n".join(tables)


def site_at(project: Path, name: str, ids: list[str], *, size: str = "starter") -> Path:
    path = project / f"{name}.toml"
    path.write_text(said(name, ids, size=size), "utf-8")
    return path


def fill(cloud: Cloud, bucket: str, *, objects: int, versions: int) -> None:
    """Objects of telemetry, each written several times."""
    client = cloud.client("s3")

    def put(number: int) -> None:
        for version in range(versions):
            body = json.dumps({"machine": "M", "n": number, "v": version}).encode() + b"\n"
            client.put_object(Bucket=bucket, Key=f"raw/dt=2026-11-22/{number:04}", Body=body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(objects)))


def left_of(deployed: Deployed) -> list[str]:
    """What the APIs still have of a site; the product's own look is not asked."""
    cloud, name = deployed.cloud, deployed.site.name
    iot, mine = cloud.client("iot"), f"chantier-{name}"
    pages = iot.get_paginator("list_certificates").paginate()
    papers = {one["certificateArn"] for page in pages for one in page["certificates"]}
    found = [one for one in CERTIFICATES.get(name, []) if one in papers]
    found += [
        one["thingName"]
        for one in iot.list_things(attributeName="site", attributeValue=name)["things"]
    ]
    for what in ("policies", "provisioning_templates", "thing_types", "thing_groups"):
        listed = getattr(iot, f"list_{what}")()
        rows = next(value for key, value in listed.items() if isinstance(value, list))
        found += [
            json.dumps(one, default=str)
            for one in rows
            if f'"{mine}' in json.dumps(one, default=str)
        ]
    found += [
        one["Name"]
        for one in cloud.client("s3").list_buckets()["Buckets"]
        if one["Name"].startswith(f"{mine}-")
    ]
    found += [
        one
        for one in cloud.client("dynamodb").list_tables()["TableNames"]
        if one.startswith(f"{mine}-")
    ]
    found += [
        one["FunctionName"]
        for one in cloud.client("lambda").list_functions()["Functions"]
        if one["FunctionName"].startswith(f"{mine}-")
    ]
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    found += [one["logGroupName"] for one in groups if f"{mine}-" in one["logGroupName"]]
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    found += [
        one["StackName"]
        for one in stacks
        if one["StackName"] == mine and one["StackStatus"] != "DELETE_COMPLETE"
    ]
    tags = [{"Key": "chantier:site", "Values": [name]}]
    tagged = cloud.client("resourcegroupstaggingapi").get_resources(TagFilters=tags)
    return found + [one["ResourceARN"] for one in tagged["ResourceTagMappingList"]]


CERTIFICATES: dict[str, list[str]] = {}


def certificates(deployed: Deployed) -> list[str]:
    """Note the certificates of a site, to look for them afterwards."""
    iot = deployed.cloud.client("iot")
    found = []
    for policy in ("MachinePolicyName", "ClaimPolicyName"):
        pages = iot.get_paginator("list_targets_for_policy").paginate(
            policyName=deployed.outputs[policy]
        )
        found += [target for page in pages for target in page["targets"]]
    CERTIFICATES[deployed.site.name] = found
    return found


def ask(site: Path, *words: str) -> Result:
    return CliRunner().invoke(
        main, ["destroy", "--local", "--site", str(site), *words], prog_name="chantier"
    )


def start(site: Path) -> subprocess.Popen[str]:
    """`chantier destroy` in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "chantier",
        "destroy",
        "--local",
        "--yes",
        "--site",
        str(site),
    ]
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [*command, "--delete-data", site.stem],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )


def killed_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """SIGKILL a process at a point of its work, which it has to reach."""
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert process.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_site_with_versions_and_certificates_ends_at_zero_although_killed_twice(
    cloud: Cloud, project: Path
) -> None:
    ids = [f"BIG-{number:03}" for number in range(MACHINES)]
    path = site_at(project, "big", ids, size="fleet")
    deployed = deploy_site(cloud, Site.load(path), project)
    for one in ids:
        deployed.enrol(one)
    bucket = deployed.outputs["DataBucketName"]
    fill(cloud, bucket, objects=OBJECTS, versions=VERSIONS)
    s3, iot = cloud.client("s3"), cloud.client("iot")
    s3.create_multipart_upload(Bucket=bucket, Key="raw/never-finished")
    s3.delete_object(Bucket=bucket, Key="raw/dt=2026-11-22/0000")
    arns = certificates(deployed)
    assert len(arns) == MACHINES

    def some_left() -> bool:
        pages = iot.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 250})
        there = {one["certificateArn"] for page in pages for one in page["certificates"]}
        return 0 < sum(arn in there for arn in arns) < MACHINES

    killed_when(start(path), some_left)
    second = start(path)
    lines = iter(second.stderr or ())
    killed_when(second, lambda: "Stack chantier-big deleted" in next(lines))
    assert s3.list_object_versions(Bucket=bucket)["Versions"]
    planned = json.loads(ask(path, "--plan", "--json").stdout)
    assert planned["unfinished"]
    assert planned["buckets"][0]["versions"] <= OBJECTS * VERSIONS
    last = ask(path, "--yes", "--delete-data", "big")
    assert last.exit_code == 0, last.stderr
    assert "Nothing of big is left" in last.stderr
    assert left_of(deployed) == []
    assert not (project / ".chantier" / "local" / "machines" / "big").exists()
    again = ask(path)
    assert again.exit_code == 0
    assert again.stderr == "Nothing of site big is in eu-west-3.\n"


@pytest.fixture(scope="module")
def small(cloud: Cloud, project: Path) -> Deployed:
    """A site with data, protections, a machine that enrolled itself, and a claim."""
    path = site_at(project, "small", [f"SML-{number}" for number in range(3)])
    deployed = deploy_site(cloud, Site.load(path), project)
    claim = make_claim(cloud, "small", outputs=deployed.outputs, home=deployed.home)
    enrol_with_claim(claim, "SML-0", serial="", home=deployed.home, cloud=cloud)
    deployed.enrol("SML-1")
    fill(cloud, deployed.outputs["DataBucketName"], objects=20, versions=2)
    table = deployed.outputs["AlertsTableName"]
    item = {"machine": {"S": "SML-0"}, "key": {"S": "MEMORY"}}
    cloud.client("dynamodb").put_item(TableName=table, Item=item)
    cloud.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=True)
    cloud.client("cloudformation").update_termination_protection(
        StackName=stack_name("small"), EnableTerminationProtection=True
    )
    certificates(deployed)
    return deployed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--delete-data small"),
        (("--yes",), "chantier destroy --yes --local --keep-data"),
        (("--keep-data",), "chantier destroy --yes --local"),
        (("--yes", "--delete-data", "big"), "the site is small. Nothing was done."),
        (("--yes", "--delete-data", ""), "the site is small. Nothing was done."),
    ],
)
def test_without_a_clear_word_nothing_is_touched(
    small: Deployed, project: Path, words: tuple[str, ...], told: str
) -> None:
    before = left_of(small)
    answer = ask(project / "small.toml", *words)
    assert answer.exit_code == 1
    assert told in answer.stderr
    assert left_of(small) == before


@pytest.mark.usefixtures("small")
def test_the_inventory_names_what_goes_what_stays_and_why(project: Path) -> None:
    shown = ask(project / "small.toml", "--plan", "--keep-data").stderr
    assert "3 things, 2 certificates, 1 claim" in shown
    assert "3 open the door" in shown
    assert "termination protection is on: it is lifted" in shown
    assert "20 objects in 40 versions" in shown
    stays = [line.split()[1] for line in shown.splitlines() if line.startswith("  stays")]
    assert stays[-2:] == ["bucket", "table"]
    asked = ask(project / "small.toml", "--plan").stderr
    assert "only the site's name deletes it" in asked


def test_kept_data_stays_exported_and_a_second_run_deletes_it(
    small: Deployed, project: Path, tmp_path: Path, deployed: Deployed
) -> None:
    path, bucket = project / "small.toml", small.outputs["DataBucketName"]
    out = tmp_path / "out"
    kept = ask(path, "--yes", "--keep-data", "--export", str(out), "--json")
    assert kept.exit_code == 0, kept.stderr
    told: dict[str, Any] = json.loads(kept.stdout)
    names = [bucket, small.outputs["AlertsTableName"]]
    assert told["kept"] == names
    assert (told["certificates"], told["things"], told["left"]) == (3, 3, [])
    assert [name for name in names if f"Stays: {name}" not in kept.stderr] == []
    arns = left_of(small)
    assert [arn for arn in arns if not any(arn.endswith(name) for name in names)] == []
    check_export(small.cloud, bucket, out)
    # Another computer, without the notes of this one.
    traces = find(small.cloud, "small", home=tmp_path / "elsewhere")
    assert (traces.names(BUCKET), traces.names(TABLE)) == (names[:1], names[1:])
    gone = ask(path, "--yes", "--delete-data", "small")
    assert gone.exit_code == 0, gone.stderr
    assert left_of(small) == []
    # The other site of the account has all that it had.
    assert deployed.cloud.client("s3").head_bucket(Bucket=deployed.outputs["DataBucketName"])


def check_export(cloud: Cloud, bucket: str, out: Path) -> None:
    """The copy against S3 itself; and a file that changed afterwards is found out."""
    client, files = cloud.client("s3"), read_manifest(out)
    listed = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert len(files) == len(listed) + 1
    for one in listed:
        body = client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        path = out / "data" / one["Key"].replace("=", "%3D")
        path = path if path.exists() else out / "data" / one["Key"]
        assert path.read_bytes() == body
        file = files[str(path.relative_to(out))]
        assert (file.sha256, file.size) == (hashlib.sha256(body).hexdigest(), len(body))
    items = [json.loads(line) for line in (out / "alerts.jsonl").read_text().splitlines()]
    assert {"machine": {"S": "SML-0"}, "key": {"S": "MEMORY"}} in items
    verify(out, lambda *_said: None)
    path.write_bytes(body + b"more")
    with pytest.raises(ChantierError, match="is not what was exported"):
        verify(out, lambda *_said: None)


PERISHABLE = """
Resources:
  Data:
    Type: AWS::S3::Bucket
Outputs:
  Data: {Value: !Ref Data, Export: {Name: perishable}}
"""
DEPENDENT = """
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !ImportValue perishable}
"""


def test_a_stack_that_would_take_its_data_with_it_or_cannot_go_is_told(
    cloud: Cloud, project: Path
) -> None:
    path, s3 = site_at(project, "stuck", ["STK-1"]), cloud.client("s3")
    for name, body in (("stuck", PERISHABLE), ("dependent", DEPENDENT)):
        deploy(cloud, body, site=name, parameters={}, say=lambda _line: None)
    (bucket,) = find(cloud, "stuck", home=project / ".chantier").names(BUCKET)
    s3.put_object(Bucket=bucket, Key="precious", Body=b"data")
    kept = ask(path, "--yes", "--keep-data")
    assert kept.exit_code == 1
    assert f"does not keep {bucket}" in kept.stderr
    gone = ask(path, "--yes", "--delete-data", "stuck")
    assert gone.exit_code == 3
    assert "is imported by stack chantier-dependent" in gone.stderr
    assert s3.get_object(Bucket=bucket, Key="precious")
    cloud.client("cloudformation").delete_stack(StackName=stack_name("dependent"))
    gone = ask(path, "--yes", "--delete-data", "stuck")
    assert gone.exit_code == 0, gone.stderr


def test_a_certificate_that_another_sites_thing_bears_too_is_left_to_it(
    cloud: Cloud, project: Path
) -> None:
    path = site_at(project, "shared", ["SHR-1"])
    deployed = deploy_site(cloud, Site.load(path), project)
    arn, iot = deployed.enrol("SHR-1").certificate_arn, cloud.client("iot")
    iot.create_thing(thingName="SHR-9", attributePayload={"attributes": {"site": "other"}})
    iot.attach_thing_principal(thingName="SHR-9", principal=arn)
    bare = iot.create_keys_and_certificate(setAsActive=True)
    iot.attach_thing_principal(thingName="SHR-1", principal=bare["certificateArn"])
    gone = ask(path, "--yes", "--delete-data", "shared")
    assert "it is also the certificate of SHR-9" in gone.stderr
    told = iot.describe_certificate(certificateId=arn.rpartition("/")[2])
    assert told["certificateDescription"]["status"] == "ACTIVE"
    assert iot.list_thing_principals(thingName="SHR-9")["principals"] == [arn]
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_certificate(certificateId=bare["certificateId"])
    assert gone.exit_code == 0, gone.stderr
