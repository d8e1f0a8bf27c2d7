"""A run on AWS judged: scripted alerts against those in the table."""

from __future__ import annotations

import pytest

from chantier.records import Alert
from chantier.score import ORDINARY, judge
from chantier.telemetry import format_time
from simulator.incident import Expected

T = 1_791_956_700
SCRIPTED = Expected("EX-001", "COOLANT_HIGH", "critical", T, closes=True, by=T + 300, over=T + 900)


def alert(
    opened: int = T + 210,
    *,
    code: str = "COOLANT_HIGH",
    fault: str = "",
    severity: str = "critical",
    closed: int | None = T + 800,
) -> Alert:
    return Alert(
        machine="EX-001",
        code=code,
        fault=fault,
        site="a-site",
        severity=severity,
        level=1,
        since=format_time(opened - 600),
        opened_at=format_time(opened),
        last_seen_at=format_time(opened),
        closed_at=None if closed is None else format_time(closed),
        value=None,
        limit=None,
        unit="",
        lat=None,
        lon=None,
        readings=1,
        sentence="",
    )


def test_an_alert_counts_from_its_opening_whenever_its_condition_began() -> None:
    """What was siphoned is counted from the level of the last look, long before."""
    assert judge([SCRIPTED], [alert()]).found == (SCRIPTED,)


@pytest.mark.parametrize(
    "wrong",
    [alert(T + 301), alert(severity="warning"), alert(closed=None)],
    ids=["too late", "too mild", "still open"],
)
def test_what_is_not_as_scripted_is_missing_and_not_unexpected(wrong: Alert) -> None:
    verdict = judge([SCRIPTED], [wrong])
    assert verdict.missing == (SCRIPTED,)
    assert verdict.unexpected == ()


def test_the_same_alert_twice_is_one_too_many() -> None:
    assert judge([SCRIPTED], [alert(), alert(T + 400)]).missing == (SCRIPTED,)


def test_an_alert_before_the_cause_or_of_another_code_is_unexpected() -> None:
    early, other = alert(T - 5), alert(code="TILT", fault="roll")
    verdict = judge([SCRIPTED], [alert(), early, other])
    assert verdict.found == (SCRIPTED,)
    assert verdict.unexpected == (early, other)


def test_what_ordinary_life_or_the_scenario_itself_leads_to_is_not_unexpected() -> None:
    towed = SCRIPTED._replace(also=("GEOFENCE_EXIT",))
    besides = [alert(code=code) for code in (*ORDINARY, "GEOFENCE_EXIT")]
    assert judge([towed], [alert(), *besides]).unexpected == ()
