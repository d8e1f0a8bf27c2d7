"""A deployed site tells how it is: status, and what its functions logged."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.health.checkup import checkup
from chantier.health.part import Part
from chantier.logs import Line, lines, log_groups
from chantier.stack import stack_name
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, deploy_site, example_site, until


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, project: Path) -> Deployed:
    """A site of its own: two machines spoke, one of them nonsense too."""
    site = example_site("status-site", "ST-")
    done = deploy_site(cloud, site.model_copy(update={"machines": site.machines[:3]}), project)
    first, second, _ = (machine.id for machine in site.machines[:3])
    now = int(time.time())
    hot: list[dict[str, Any]] = [
        {"t": format_time(now - 60 + 10 * n), "seq": n, "eng": True, "st": "WORK", "cool_c": 115}
        for n in range(6)
    ]
    done.send(first, *hot)
    done.publish(second, b'{"v":1,"readings":"none"}')
    until(lambda: done.alerts(first, only_open=True), bool)
    until(done.quarantine, bool)
    until(done.raw, lambda found: len(found) > 1)
    return done


def parts(deployed: Deployed) -> dict[str, Part]:
    return {one.name: one for one in checkup(deployed.cloud, deployed.site)}


def test_each_part_tells_how_it_is(deployed: Deployed) -> None:
    told = parts(deployed)
    first, _, third = (machine.id for machine in deployed.site.machines)
    assert told["stack"].state == "good"
    assert told["stack"].data["state"] == "CREATE_COMPLETE"
    assert first in told["machines"].data["heard_lately"]
    assert third in told["machines"].data["never_heard"]
    assert told["machines"].state == "good"
    assert told["alerts"].data["critical"] == 1
    assert told["alerts"].state == "attention"
    assert told["dead letters"].data["total"] >= 1
    assert "dead-letters list" in told["dead letters"].hint
    assert told["data"].data["last_raw"]
    # The embedded AWS may have judged one already: a message was quarantined, after all.
    assert len(told["alarms"].data) == 10
    assert "MISSING" not in told["alarms"].data.values()
    assert told["spending"].state == "unknown"


def test_a_site_that_is_not_deployed_is_said(cloud: Cloud) -> None:
    with pytest.raises(ChantierError, match="is not deployed"):
        checkup(cloud, example_site("never-deployed", "ND-"))


def told(deployed: Deployed, *functions: str) -> list[Line]:
    groups = log_groups(deployed.cloud, stack_name(deployed.site.name), functions)
    since_ms = int((time.time() - 600) * 1000)
    return list(lines(deployed.cloud, groups, since_ms=since_ms, follow=False))


def test_logs_are_merged_by_time_and_know_trouble(deployed: Deployed) -> None:
    found = told(deployed)
    assert [line.at_ms for line in found] == sorted(line.at_ms for line in found)
    assert {line.function for line in told(deployed, "detect")} == {"detect"}
    machines = {line.said["machine"] for line in found if line.said and "machine" in line.said}
    assert {one.id for one in deployed.site.machines[:2]} <= machines
    trouble = [line for line in found if line.is_trouble]
    assert any(deployed.site.machines[1].id in line.text for line in trouble)
    assert not any(line.is_lambdas for line in trouble)


def test_a_function_that_there_is_not_is_told_with_those_there_are(deployed: Deployed) -> None:
    with pytest.raises(ChantierError, match="no function 'detekt'") as refused:
        told(deployed, "detekt")
    assert "detect" in refused.value.hint


def test_following_gives_what_comes(deployed: Deployed) -> None:
    groups = log_groups(deployed.cloud, stack_name(deployed.site.name), ("detect",))
    coming = lines(deployed.cloud, groups, since_ms=int(time.time() * 1000), follow=True)
    deployed.publish(deployed.site.machines[0].id, json.dumps({"v": 9, "readings": []}).encode())
    line = next(line for line in coming if line.is_trouble)
    assert deployed.site.machines[0].id in line.text


def test_a_part_that_cannot_be_asked_says_why_and_hides_no_other(deployed: Deployed) -> None:
    deployed.cloud.client("dynamodb").delete_table(TableName=deployed.outputs["AlertsTableName"])
    told = parts(deployed)
    assert told["alerts"].state == told["machines"].state == "unknown"
    assert "ResourceNotFoundException" in told["alerts"].text
    assert told["stack"].state == "good"
    assert told["dead letters"].data["total"] >= 1
