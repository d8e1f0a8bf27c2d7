"""`chantier deploy` as it is typed: created, changed, unchanged, planned, failed, recovered."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner, Result

from chantier.cli import main
from chantier.cli.deployment import Deployment, Order
from chantier.cli.stack import print_link
from chantier.cloud import Cloud
from chantier.deploying import stacks
from chantier.site import EXAMPLE, Site
from chantier.template import synthesize

pytestmark = pytest.mark.embedded
Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]


def site_file(project: Path, name: str, prefix: str) -> Path:
    """The example site under another name, with machines of its own."""
    text = EXAMPLE.read_text("utf-8").replace("zac-des-tilleuls", name)
    path = project / f"{name}.toml"
    path.write_text(re.sub(r'^id = "', f'id = "{prefix}', text, flags=re.MULTILINE), "utf-8")
    return path


def typed(path: Path) -> Run:
    def run(*arguments: str) -> Result:
        asked = ["deploy", "--local", "--site", str(path), *arguments]
        return CliRunner().invoke(main, asked, prog_name="chantier")

    return run


def stack_of(cloud: Cloud, name: str) -> Any:
    return stacks.describe(cloud.client("cloudformation"), f"chantier-{name}")


def left_over(cloud: Cloud, name: str) -> list[Any]:
    """Change sets that could still be executed."""
    told = cloud.client("cloudformation").list_change_sets(StackName=f"chantier-{name}")
    return [one for one in told["Summaries"] if one["ExecutionStatus"] != "EXECUTE_COMPLETE"]


@pytest.fixture(scope="module")
def created(cloud: Cloud, project: Path) -> tuple[Run, Result]:
    """A site that was deployed by the command, and how that went."""
    assert cloud.name == "local"
    run = typed(site_file(project, "typed", "T"))
    return run, run("--yes", "--json")


def test_a_site_is_created_and_its_answer_is_json_alone(created: tuple[Run, Result]) -> None:
    _, done = created
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["stack"], told["status"], told["changed"]) == (
        "chantier-typed",
        "CREATE_COMPLETE",
        True,
    )
    assert told["outputs"]["DetectFunctionName"] == "chantier-typed-detect"
    assert told["plan"]["creates"]
    assert told["month_usd"] > 0
    assert {one["action"] for one in told["plan"]["changes"]} == {"Add"}


def test_progress_without_a_terminal_is_a_line_a_resource(created: tuple[Run, Result]) -> None:
    _, done = created
    lines = done.stderr.splitlines()
    assert any(
        re.fullmatch(r" +\d+\.\d s  done    alerts table \(AlertsTable\)", o) for o in lines
    )
    assert any(re.fullmatch(r" +\d+\.\d s  done    machine TEX-001 \(.*\)", o) for o in lines)
    assert "\x1b" not in done.stderr
    assert re.search(
        r"^Price on AWS: [\d.]+ USD a month, another [\d.]+ free", done.stderr, re.MULTILINE
    )


def test_no_change_is_a_success_and_asks_nothing(created: tuple[Run, Result]) -> None:
    run, _ = created
    same = run("--json")
    assert same.exit_code == 0
    assert not json.loads(same.stdout)["changed"]
    assert "Nothing to change." in same.stderr


def test_a_plan_tells_before_and_after_and_leaves_nothing(
    created: tuple[Run, Result], cloud: Cloud
) -> None:
    run, _ = created
    planned = run("--plan", "-p", "LogRetentionDays=14")
    assert planned.exit_code == 0
    assert "  ~ detect log (DetectLog)" in planned.stdout
    assert "        RetentionInDays: 30 -> 14   follows LogRetentionDays" in planned.stdout
    assert "  ~ LogRetentionDays: 30 -> 14" in planned.stdout
    assert left_over(cloud, "typed") == []
    kept = stacks.parameters(stack_of(cloud, "typed"))
    assert kept["LogRetentionDays"] == "30"


def test_a_change_with_nobody_to_ask_is_refused_with_the_command(
    created: tuple[Run, Result], cloud: Cloud
) -> None:
    run, _ = created
    refused = run("-p", "LogRetentionDays=14")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "Nobody is there to ask; nothing was changed." in refused.stderr
    assert "-p LogRetentionDays=14 --yes" in refused.stderr
    assert left_over(cloud, "typed") == []


def test_a_plan_of_a_new_site_leaves_no_stack(cloud: Cloud, project: Path) -> None:
    planned = typed(site_file(project, "only-planned", "P"))("--plan", "--json")
    assert planned.exit_code == 0
    told = json.loads(planned.stdout)
    assert told["changed"]
    assert told["plan"]["creates"]
    assert stack_of(cloud, "only-planned") is None


def test_a_failure_names_resource_cause_and_module_and_the_next_deployment_recovers(
    cloud: Cloud, project: Path
) -> None:
    run, iot = typed(site_file(project, "fails", "F")), cloud.client("iot")
    iot.create_thing_group(thingGroupName="chantier-fails-machines")
    failed = run("--yes", "--json")
    assert failed.exit_code == 3
    told = json.loads(failed.stdout)
    assert told["status"] == "ROLLBACK_COMPLETE"
    first = told["failures"][0]
    assert first["logical_id"] == "MachineGroup"
    assert "already exists" in first["reason"]
    assert first["comes_from"].startswith("chantier/resources/fleet.py:")
    assert first["what_to_do"].startswith("Something of that name is there already")
    said = failed.stderr.split("ended as ROLLBACK_COMPLETE. What failed first:\n", 1)[1]
    assert said.startswith("  machine group (MachineGroup)\n    said        Resource of type")
    iot.delete_thing_group(thingGroupName="chantier-fails-machines")
    refused = run()
    assert refused.exit_code == 1
    assert "chantier-fails is ROLLBACK_COMPLETE: it failed to create before" in refused.stderr
    assert "It failed of MachineGroup (AWS::IoT::ThingGroup)" in refused.stderr
    assert run("--plan").exit_code == 1
    assert stack_of(cloud, "fails")["StackStatus"] == "ROLLBACK_COMPLETE"
    mended = run("--yes", "--json")
    assert mended.exit_code == 0
    assert json.loads(mended.stdout)["status"] == "CREATE_COMPLETE"


def test_a_machine_of_another_site_is_refused_before_anything_is_made(
    created: tuple[Run, Result], cloud: Cloud, project: Path
) -> None:
    assert created[1].exit_code == 0
    path = site_file(project, "thief", "T")
    refused = typed(path)("--yes", "--json")
    assert refused.exit_code == 3
    told = json.loads(refused.stdout)
    assert told["status"] == ""
    (first,) = told["failures"]
    place, _, what = first["site_file"].partition(" ")
    line = path.read_text("utf-8").splitlines()[int(place.rsplit(":", 1)[1]) - 1]
    assert line.startswith(f'id = "{what.strip("()")}"')
    assert stack_of(cloud, "thief") is None


def test_findings_stop_a_deployment(cloud: Cloud, project: Path) -> None:
    path = site_file(project, "nowhere-near", "N")
    text = path.read_text("utf-8").replace('"eu-west-3"', '"eu-east-9"')
    path.write_text(text, "utf-8")
    refused = typed(path)("--yes")
    assert refused.exit_code == 1
    assert "There is no AWS region 'eu-east-9'." in refused.stderr
    assert stack_of(cloud, "nowhere-near") is None


def in_a_terminal(path: Path, answer: str, **environment: str) -> tuple[int, str]:
    """Type the command in a terminal of its own, and answer its question."""
    ours, theirs = pty.openpty()
    asked = [sys.executable, "-m", "chantier", "deploy", "--local", "--site", str(path)]
    told = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment}
    process = subprocess.Popen(
        asked, stdin=theirs, stdout=theirs, stderr=theirs, env=told, close_fds=True
    )
    os.close(theirs)
    seen, answered, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            got = os.read(ours, 65536)
        except OSError:
            break
        if not got:
            break
        seen += got
        if not answered and b"[y/N]" in seen:
            os.write(ours, f"{answer}\n".encode())
            answered = True
    os.close(ours)
    return process.wait(timeout=10), seen.decode()


def test_in_a_terminal_it_asks_and_no_leaves_nothing(cloud: Cloud, project: Path) -> None:
    path = site_file(project, "asked", "A")
    code, seen = in_a_terminal(path, "n")
    assert code == 1
    assert "Deploy this? [y/N]" in seen
    assert "Nothing was changed." in seen
    assert stack_of(cloud, "asked") is None
    code, seen = in_a_terminal(path, "y", NO_COLOR="1")
    assert code == 0
    assert f"The same without questions: chantier deploy --site {path} --local --yes" in seen
    assert "\x1b[3" not in seen
    assert "done    alerts table (AlertsTable)" in seen


def test_the_console_link_carries_template_stack_and_parameters(
    cloud: Cloud, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site_file(project, "linked", "L")
    site = Site.load(path)
    order = Order(path, {"AlertEmail": "a+b@example.com"}, local=False, yes=False, plan_only=False)
    print_link(Deployment(order, cloud, site, synthesize(site), dict(order.given)))
    link = capsys.readouterr().out.strip()
    assert link.startswith(
        "https://console.aws.amazon.com/cloudformation/home?region=eu-west-3#/stacks/create/review?"
    )
    asked = parse_qs(link.split("review?", 1)[1])
    assert asked["stackName"] == ["chantier-linked"]
    assert asked["param_AlertEmail"] == ["a+b@example.com"]
    bucket, key = asked["templateURL"][0].split("/", 4)[-2:]
    held = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert held.decode() == synthesize(site)
