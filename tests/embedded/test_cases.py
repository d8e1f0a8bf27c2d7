"""The detection cases, through the deployed function and its table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chantier.cloud import Cloud
from chantier.records import Alert
from tests.embedded.conftest import Deployed, deploy_site
from tests.stories import Case, at, expected_alerts, load_cases, site_of

pytestmark = pytest.mark.embedded
CASES = load_cases()
SITES = sorted({case.site for case in CASES})
# The others tell of what passes and what people do, of which this function knows nothing.
PLAYED = [case for case in CASES if not any(step.deed for step in case.steps)]


@pytest.fixture(scope="module")
def sites(cloud: Cloud, project: Path) -> dict[str, Deployed]:
    """The sites of the cases, whose machines are the cases."""
    return {name: deploy_site(cloud, site_of(name), project, things=False) for name in SITES}


@pytest.fixture(scope="module")
def cases_site(sites: dict[str, Deployed]) -> Deployed:
    """The site of the cases that need no zone and no calendar."""
    return sites["plain"]


def send(site: Deployed, case: Case) -> None:
    """Play a case, as the rule hands its messages over."""
    for step in case.steps:
        site.invoke({**step.message, "machine": case.name, "arrived_at": step.arrived * 1000})


@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.name)
def test_a_case_leaves_its_alerts_in_the_table(sites: dict[str, Deployed], case: Case) -> None:
    send(sites[case.site], case)
    left = sorted(
        (a.code, a.fault, a.severity, a.since, a.opened_at, a.closed_at, a.value)
        for a in sites[case.site].alerts(case.name)
    )
    assert left == expected_alerts(case), case.says


def test_a_days_messages_sent_twice_leave_the_same_alerts(cases_site: Deployed) -> None:
    def left() -> list[Alert]:
        for case in [case for case in PLAYED if case.site == "plain"][::4]:
            send(cases_site, case)
        return sorted(cases_site.alerts())

    once = left()
    assert once
    assert left() == once


def test_messages_of_one_machine_handled_at_once_leave_exactly_one_alert(
    cases_site: Deployed,
) -> None:
    machine = "coolant-missing"
    events = [
        {
            "v": 1,
            "machine": machine,
            "readings": [{"t": at(90_000 + n), "seq": n, "eng": True, "dtc": [[110, 15, 1]]}],
        }
        for n in range(40)
    ]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(cases_site.invoke, events))
    found = [alert for alert in cases_site.alerts(machine) if alert.code == "DTC"]
    assert len(found) == 1
    opened = [one["id"] for said in told for one in said["alerts"] if one["kind"] == "open"]
    assert opened == [found[0].id]


def test_an_alert_that_opens_and_closes_within_one_message_is_kept(cases_site: Deployed) -> None:
    machine, pressures = "fuel-missing", (400, 400, 400, 400, 400, 60, 60, 400)
    readings = [
        {"t": at(90_000 + 10 * n), "seq": n, "eng": True, "rpm": 1650, "oil_kpa": oil}
        for n, oil in enumerate(pressures)
    ]
    said = cases_site.invoke({"v": 1, "machine": machine, "readings": readings})
    assert [one["kind"] for one in said["alerts"]] == ["close"]
    (alert,) = cases_site.alerts(machine)
    assert (alert.opened_at, alert.closed_at, alert.value) == (at(90_050), at(90_070), 60)


def test_more_alerts_than_one_transaction_takes_are_all_stored(cases_site: Deployed) -> None:
    machine = "oil-missing"
    readings = [
        {
            "t": at(90_000 + 60 * n),
            "seq": n,
            "eng": True,
            "dtc": [[5 * n + k + 1, 3, 1] for k in range(5)],
        }
        for n in range(50)
    ]
    said = cases_site.invoke({"v": 1, "machine": machine, "readings": readings})
    assert len(said["alerts"]) == 250
    every = cases_site.alerts(machine)
    assert len(every) == 250
    # A fault that is absent for a minute is over.
    assert sum(alert.closed_at is None for alert in every) == 10


def test_only_open_alerts_are_in_the_sparse_index(cases_site: Deployed) -> None:
    every = cases_site.alerts()
    assert cases_site.alerts(only_open=True) == [a for a in every if a.closed_at is None]
    assert any(alert.closed_at for alert in every)
