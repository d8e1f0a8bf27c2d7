"""The detection cases, through the deployed function and its table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chantier.cloud import Cloud
from chantier.records import Alert
from chantier.site import EXAMPLE, Site
from tests.embedded.conftest import Deployed, deploy_site
from tests.stories import Case, expected_alerts, load_cases, messages

pytestmark = pytest.mark.embedded
CASES = load_cases()


@pytest.fixture(scope="module")
def cases_site(cloud: Cloud, project: Path) -> Deployed:
    """A site whose machines are the cases, each with its own limits and voltage."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"]["name"] = "cases"
    said["limits"] = {}
    said["machines"] = [
        {"id": case.name, "class": "roller", "voltage": case.volts, "limits": case.limits}
        for case in CASES
    ]
    return deploy_site(cloud, Site.model_validate(said), project)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_leaves_its_alerts_in_the_table(cases_site: Deployed, case: Case) -> None:
    for message in messages(case):
        cases_site.invoke({**message, "machine": case.name, "site": "cases"})
    left = sorted(
        (a.code, a.fault, a.severity, a.since, a.opened_at, a.closed_at, a.value)
        for a in cases_site.alerts(case.name)
    )
    assert left == expected_alerts(case), case.says


def test_a_days_messages_sent_twice_leave_the_same_alerts(cases_site: Deployed) -> None:
    def send() -> list[Alert]:
        for case in CASES[::4]:
            for message in messages(case):
                cases_site.invoke({**message, "machine": case.name, "site": "cases"})
        return sorted(cases_site.alerts())

    once = send()
    assert once
    assert send() == once


def test_messages_of_one_machine_handled_at_once_leave_one_alert(cases_site: Deployed) -> None:
    case = next(case for case in CASES if case.name == "battery-24v-at-13v")
    late = [{**reading, "seq": 9_000 + n} for n, reading in enumerate(case.readings)]
    days = [{**r, "t": r["t"].replace("2026-09", "2026-10")} for r in late]
    events = [
        {"v": 1, "readings": [r], "machine": "battery-clears", "site": "cases"} for r in days
    ]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(cases_site.invoke, events))
    found = [a for a in cases_site.alerts("battery-clears") if a.opened_at > "2026-10"]
    assert len(found) <= 1


def test_only_open_alerts_are_in_the_sparse_index(cases_site: Deployed) -> None:
    every = cases_site.alerts()
    assert cases_site.alerts(only_open=True) == [a for a in every if a.closed_at is None]
    assert any(alert.closed_at for alert in every)
