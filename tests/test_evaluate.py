"""The figures that detection is judged by: what counts as found, late, missed, false, ordinary."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.detection import rules_for
from chantier.errors import ChantierError
from chantier.evaluate import EACH, evaluate, repeated
from chantier.rehearsal import Found, Life
from chantier.site import EXAMPLE, Site
from chantier.verdict import Verdict, healthy, judge
from simulator.facts import Facts
from simulator.incident import Expected
from simulator.scenarios import SCENARIOS

T = 1_791_956_700
SCRIPTED = Expected("EX-001", "COOLANT_HIGH", "critical", T, closes=True, by=T + 300, over=T + 900)
ALERT = Found(
    machine="EX-001",
    code="COOLANT_HIGH",
    fault="",
    severity="critical",
    since=T + 200,
    opened_at=T + 210,
    told_at=T + 210,
    closed_at=T + 800,
    limit=109.0,
    severities=("warning", "critical"),
)


def life(
    *found: Found, expected: tuple[Expected, ...] = (SCRIPTED,), facts: Facts | None = None
) -> Life:
    return Life("EX-001", expected, found, facts or Facts(), rules_for().limits, 4.8)


def counts(verdict: Verdict, code: str = "COOLANT_HIGH") -> tuple[int, ...]:
    row = verdict.rows[code]
    return row.scripted, row.found, row.late, row.missed, row.false, row.ordinary


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


def test_found_in_time_is_found() -> None:
    verdict = judge([life(ALERT)])
    assert counts(verdict) == (1, 1, 0, 0, 0, 0)
    assert (verdict.recall, verdict.precision, verdict.wrong) == (1, 1, [])


def test_found_after_its_time_is_late_and_lowers_the_recall_alone() -> None:
    verdict = judge([life(ALERT._replace(told_at=T + 301))])
    assert counts(verdict) == (1, 0, 1, 0, 0, 0)
    assert (verdict.recall, verdict.precision) == (0, 1)
    assert verdict.wrong == ["EX-001 COOLANT_HIGH: found 1 s late"]


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        (ALERT._replace(severity="warning"),),
        (ALERT._replace(closed_at=0),),
    ],
    ids=["nothing", "too mild", "still open"],
)
def test_what_is_not_found_as_scripted_is_missed(wrong: tuple[Found, ...]) -> None:
    verdict = judge([life(*wrong)])
    assert counts(verdict) == (1, 0, 0, 1, 0, 0)
    assert verdict.recall == 0


@pytest.mark.parametrize(
    "stranger",
    [
        ALERT._replace(opened_at=T + 400, since=T + 390),
        ALERT._replace(opened_at=T - 5),
        ALERT._replace(code="TILT", fault="roll"),
    ],
    ids=["a second time", "before its cause", "another code"],
)
def test_what_nothing_explains_is_false(stranger: Found) -> None:
    verdict = judge([life(ALERT, stranger)])
    assert verdict.rows[stranger.code].false == 1
    assert verdict.recall == 1
    assert verdict.precision == 0.5


def test_an_alert_of_another_machine_is_not_the_scripted_one() -> None:
    verdict = judge([life(), life(ALERT, expected=())])
    assert counts(verdict) == (1, 0, 0, 1, 1, 0)


def test_another_fault_is_another_alert() -> None:
    rolled = SCRIPTED._replace(code="TILT", fault="roll")
    pitched = ALERT._replace(code="TILT", fault="pitch")
    assert counts(judge([life(pitched, expected=(rolled,))]), "TILT") == (1, 0, 0, 1, 1, 0)


def test_what_a_scenario_leads_to_besides_is_ordinary() -> None:
    towed = SCRIPTED._replace(also=("GEOFENCE_EXIT",))
    verdict = judge([life(ALERT, ALERT._replace(code="GEOFENCE_EXIT"), expected=(towed,))])
    assert verdict.rows["GEOFENCE_EXIT"].ordinary == 1
    assert verdict.precision == 1


@pytest.mark.parametrize(("idle_from", "right"), [(T - 400, True), (T + 150, False)])
def test_an_unscripted_idling_is_ordinary_only_if_the_machine_did_idle(
    idle_from: int, right: object
) -> None:
    facts = Facts(states=[(T - 500, "WORK"), (idle_from, "IDLE")])
    idled = ALERT._replace(code="IDLE_LONG", since=T - 390, opened_at=T + 210)
    row = judge([life(idled, expected=(), facts=facts)]).rows["IDLE_LONG"]
    assert bool(row.ordinary) is right
    assert bool(row.false) is not right


@pytest.mark.parametrize(("refuels", "right"), [([T + 100], True), ([T - 7200], False)])
def test_an_unscripted_refuel_is_ordinary_only_if_fuel_came_in(
    refuels: list[int], right: object
) -> None:
    filled = ALERT._replace(code="REFUEL", limit=None, severity="info")
    row = judge([life(filled, expected=(), facts=Facts(refuels=refuels))]).rows["REFUEL"]
    assert bool(row.ordinary) is right


@pytest.mark.parametrize(("hours", "right"), [(480.0, True), (470.0, False)])
def test_an_unscripted_service_is_ordinary_only_if_the_hour_meter_says_so(
    hours: float, right: object
) -> None:
    due = ALERT._replace(code="SERVICE_DUE", limit=500.0, severity="info")
    facts = Facts(hours=[(T, hours - 5), (T + 900, hours)])
    row = judge([life(due, expected=(), facts=facts)]).rows["SERVICE_DUE"]
    assert bool(row.ordinary) is right


def test_each_worsening_rings_again_and_information_never_does() -> None:
    idle = ALERT._replace(code="IDLE_LONG", severities=("info", "warning"))
    fuel = ALERT._replace(code="REFUEL", severities=("info",))
    well = healthy([life(ALERT, idle), life(fuel)])
    assert well.notified == {"COOLANT_HIGH": 2, "IDLE_LONG": 1}
    assert well.per_shift == 1.5
    assert well.split == {"high": 20.0, "medium": 40.0, "low": 40.0}


def test_a_fleet_is_the_site_s_machines_again_under_new_ids(site: Site) -> None:
    fleet = repeated(site, 30)
    names = [machine.id for machine in fleet.machines]
    assert len({*names}) == 30
    assert names[12] == "EX-001-2"
    assert fleet.machines[12].machine_class == site.machines[0].machine_class
    assert [one.id for one in repeated(site, 3).machines] == ["EX-001", "EX-002", "EX-003"]


def test_a_date_in_the_site_file_is_nothing_to_detect(site: Site) -> None:
    due = site.machines[0].model_copy(update={"vgp": date(2025, 10, 14)})
    fleet = repeated(site.model_copy(update={"machines": (due,)}), 2)
    assert [machine.vgp for machine in fleet.machines] == [None, None]


def test_a_fleet_of_long_names_keeps_them_legal_and_different(site: Site) -> None:
    long = site.machines[0].model_copy(update={"id": "E" * 64})
    fleet = repeated(site.model_copy(update={"machines": (long,)}), 12)
    assert len({machine.id for machine in fleet.machines}) == 12
    assert all(len(machine.id) <= 64 for machine in fleet.machines)


def test_every_scenario_is_found_and_nothing_else_and_a_healthy_shift_is_quiet(
    site: Site,
) -> None:
    told: list[tuple[str, int, int]] = []
    found = evaluate(
        site,
        machines=len(SCENARIOS),
        hours=6,
        seed=3,
        scenarios=("all",),
        tick=lambda *step: told.append(step),
    )
    assert found.ok, found.as_dict()
    assert found.verdict
    assert found.verdict.scripted == len(SCENARIOS)
    assert told[-1] == ("with scenarios", len(SCENARIOS), len(SCENARIOS))


def test_too_few_machines_for_every_scenario_are_refused(site: Site) -> None:
    with pytest.raises(ChantierError, match="need as many machines, here are 5") as refused:
        evaluate(site, machines=5, hours=1, seed=1, scenarios=("all",), tick=lambda *_step: None)
    assert f"--machines {len(SCENARIOS) * EACH}" in refused.value.hint


def test_the_command_answers_in_json_and_in_words(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    path.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    asked = ["evaluate", "--site", str(path), "--machines", "2", "--hours", "1"]
    incident = ["--scenarios", "surchauffe@EX-001+75m"]
    said = CliRunner().invoke(main, [*asked, *incident, "--json"])
    assert said.exit_code == 0, said.output
    figures = json.loads(said.stdout)
    assert figures["ok"] is True
    assert figures["healthy"]["machine_shifts"] == 2
    assert figures["scenarios"]["codes"]["COOLANT_HIGH"]["found"] == 1
    shown = CliRunner().invoke(main, [*asked, *incident])
    assert "recall         100.0%" in shown.stdout
    quiet = CliRunner().invoke(main, [*asked, "--scenarios", "none"])
    assert "recall" not in quiet.stdout
    assert "healthy shift" in quiet.stdout


def test_the_command_refuses_an_incident_that_cannot_be_played() -> None:
    asked = ["evaluate", "--site", str(EXAMPLE), "--machines", "1", "--hours", "1"]
    told = CliRunner().invoke(main, [*asked, "--scenarios", "exces-de-vitesse@EX-001+75m"])
    assert told.exit_code == 1
    assert "goes at most 5.7 km/h" in told.stderr


def test_the_command_fails_where_a_healthy_shift_is_loud(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    text = EXAMPLE.read_text("utf-8")
    for usual, loud in (("= 300  ", "= 20  "), ("= 900  ", "= 30  "), ("= 600  ", "= 20  ")):
        assert usual in text
        text = text.replace(usual, loud)
    path.write_text(text, "utf-8")
    asked = ["evaluate", "--site", str(path), "--machines", "2", "--hours", "3"]
    told = CliRunner().invoke(main, [*asked, "--scenarios", "none", "--json"])
    assert told.exit_code == 1
    figures = json.loads(told.stdout)
    assert figures["healthy"]["notified_per_machine_shift"] > 0.5
    assert figures["healthy"]["split_percent"]["medium"] > 0
