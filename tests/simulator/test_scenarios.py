"""Every scenario leads to its alert, in time, on every machine that can play it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from chantier.detection import DEFAULTS, Memory, dump, observe, rules_for
from chantier.errors import ChantierError
from chantier.rehearsal import Found, Life, rehearse
from chantier.site import Calendar, Site
from chantier.telemetry import Reading, as_dict
from simulator.classes import CRAWLER_EXCAVATOR, KINDS, WHEEL_LOADER
from simulator.hand import Hand
from simulator.hours import hours_of
from simulator.incident import Incident
from simulator.muster import Run, muster
from simulator.scenarios import SCENARIOS, Setting

HOUR = 3600
# The calendar says it, and no reading does.
UNTOLD = {"VGP_DUE"}
ANY = Setting(
    machine="M-1",
    class_name="wheel-loader",
    kind=WHEEL_LOADER,
    limits=rules_for().limits,
    tank_l=240,
    span_m=300,
    zoned=True,
    scheduled=True,
)
# Where each is played: a machine of each size, and one of 12 V.
MACHINES = ("EX-003", "CO-001", "TB-002")


def hand(site: Site, name: str, machine: str, *, seed: int = 1, after_s: int = HOUR) -> Hand:
    """One machine from an hour before the opening of a Wednesday to three hours after it."""
    day = hours_of(site).day_of(1_791_956_700)
    opens = hours_of(site).sessions(day)[0][0]
    run = Run(site=site, start=opens - HOUR, duration_s=4 * HOUR, seed=seed)
    after_s = 0 if name == "hors-horaires" else after_s
    (one,) = muster(run, [Incident(name, machine, after_s)], only=[machine])
    return one


def lived(site: Site, name: str, machine: str = "EX-001", **how: int) -> Life:
    return rehearse(hand(site, name, machine, **how))


def lived_through(life: Life) -> list[Found]:
    """The alerts of the scripted code that opened while its cause was there."""
    (one,) = life.expected
    return [
        alert
        for alert in life.found
        if alert.code == one.code and one.onset <= alert.opened_at <= one.over
    ]


def readings(one: Hand) -> list[Reading]:
    return [reading for _, outgoing in one.messages() for reading in outgoing.readings]


def test_every_alert_that_telemetry_can_raise_has_a_scenario() -> None:
    codes = {scenario(ANY).code for scenario in SCENARIOS.values()}
    assert codes == DEFAULTS.keys() - UNTOLD


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_stages_of_a_scenario_follow_each_other_and_leave_time_to_show(name: str) -> None:
    script = SCENARIOS[name](ANY)
    assert script.stages[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(script.stages))
    assert 0 < script.opens_s <= script.shown_s <= script.over_s


@pytest.mark.parametrize("name", sorted(SCENARIOS))
@pytest.mark.parametrize("machine", MACHINES)
def test_it_is_found_once_in_time_as_bad_as_scripted_and_closes(
    site: Site, name: str, machine: str
) -> None:
    if name == "exces-de-vitesse" and machine != "TB-002":
        pytest.skip("too slow for it")
    life = lived(site, name, machine)
    (one,) = life.expected
    (found,) = lived_through(life)
    assert found.severity == one.severity
    assert found.told_at <= one.by
    assert one.fault in ("", found.fault)
    assert bool(found.closed_at) == one.closes


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("huile-hydraulique-chaude", {"HYD_TEMP_HIGH": {"warning": 85.0, "clear": 82.0}}),
        ("adblue-bas", {"DEF_LOW": {"warning": 33.3, "clear": 40.0}}),
        ("ralenti-excessif", {"IDLE_LONG": {"info_s": 700.0, "warning_s": 1000.0}}),
        ("exces-de-vitesse", {"OVERSPEED": {"limit": 4.0, "clear": 3.0}}),
        ("renversement", {"TILT": {"roll_critical": 28.0}}),
        ("vol-de-nuit", {"TOW": {"metres": 1500.0}}),
    ],
)
def test_a_script_follows_the_limits_of_the_machine(
    site: Site, name: str, limits: dict[str, dict[str, float]]
) -> None:
    first, *rest = site.machines
    own = (first.model_copy(update={"limits": limits}), *rest)
    life = lived(site.model_copy(update={"machines": own}), name)
    (one,) = life.expected
    (found,) = lived_through(life)
    assert found.severity == one.severity
    assert found.told_at <= one.by


def test_a_crawler_is_too_slow_to_speed(site: Site) -> None:
    with pytest.raises(ChantierError, match=r"crawler-excavator goes at most 5.7 km/h"):
        hand(site, "exces-de-vitesse", "EX-001")


def test_a_machine_without_a_zone_leaves_none(site: Site) -> None:
    first, *rest = site.machines
    free = site.model_copy(update={"machines": (first.model_copy(update={"zone": None}), *rest)})
    with pytest.raises(ChantierError, match="no zone of its own"):
        hand(free, "sortie-de-zone", "EX-001")


def test_a_machine_that_says_no_position_is_not_seen_towed(site: Site) -> None:
    machines = tuple(one.model_copy(update={"zone": None}) for one in site.machines)
    bare = site.model_copy(update={"zones": (), "machines": machines})
    with pytest.raises(ChantierError, match="says no position"):
        hand(bare, "vol-de-nuit", "EX-001")


def test_a_site_without_hours_is_never_worked_outside_them(site: Site) -> None:
    with pytest.raises(ChantierError, match="no opening hours"):
        hand(site.model_copy(update={"calendar": Calendar()}), "hors-horaires", "EX-001")


def test_within_the_opening_hours_nobody_works_outside_them(site: Site, start: int) -> None:
    run = Run(site=site, start=start, duration_s=HOUR, seed=1)
    with pytest.raises(ChantierError, match="never closed for") as refused:
        muster(run, [Incident("hors-horaires", "EX-001", 0)])
    assert "before the opening" in refused.value.hint


def test_nobody_is_made_to_work_after_the_closing(site: Site) -> None:
    hours = hours_of(site)
    closes = hours.sessions(hours.day_of(1_791_956_700))[-1][1]
    run = Run(site=site, start=closes - 2 * HOUR, duration_s=4 * HOUR, seed=1)
    with pytest.raises(ChantierError, match=r"after the site has closed|stays off"):
        muster(run, [Incident("silence", "EX-001", 2 * HOUR - 1200)])


def test_numbers_that_no_theft_and_no_refuel_reaches_are_refused() -> None:
    for name, code in (("siphonnage", "FUEL_DROP"), ("plein", "REFUEL")):
        limits = rules_for({code: {"litres": 200.0}}).limits
        with pytest.raises(ChantierError, match=f"{name} cannot be played on M-1"):
            SCENARIOS[name](ANY._replace(limits=limits))


def test_after_a_theft_nothing_else_is_played_on_a_machine(site: Site, start: int) -> None:
    both = [Incident("vol-de-nuit", "EX-001", 60), Incident("surchauffe", "EX-001", 1800)]
    run = Run(site=site, start=start, duration_s=HOUR, seed=1)
    with pytest.raises(ChantierError, match="which nobody ends"):
        muster(run, both)


def test_the_day_of_a_machine_is_set_up_for_one_incident(site: Site, start: int) -> None:
    both = [Incident("carburant-bas", "EX-001", 60), Incident("adblue-bas", "EX-001", 2400)]
    run = Run(site=site, start=start, duration_s=2 * HOUR, seed=1)
    with pytest.raises(ChantierError, match="set up for one incident"):
        muster(run, both)


def test_siphoning_takes_sixty_litres_and_the_box_looks_each_ten_seconds(site: Site) -> None:
    one = hand(site, "siphonnage", "EX-001")
    onset = one.casts[0].onset
    looks = [look for look in readings(one) if onset + 180 <= look.t <= onset + 540]
    assert all(look.eng is False and look.spd_kmh == 0 for look in looks)
    assert {later.t - look.t for look, later in pairwise(looks)} <= set(range(1, 11))
    lost = (looks[0].fuel_pct or 0) - (looks[-1].fuel_pct or 0)
    assert abs(lost / 100 * CRAWLER_EXCAVATOR.tank_l - 60) < 4
    assert looks[0].fuel_used_l == looks[-1].fuel_used_l
    urgent = [t for t, outgoing in one.messages() if outgoing.urgent and onset < t < onset + 540]
    assert any(onset + 180 < t < onset + 300 for t in urgent)


def test_a_machine_on_a_trailer_goes_away_with_its_engine_off(site: Site) -> None:
    one = hand(site, "vol-de-nuit", "CH-001")
    onset = one.casts[0].onset
    looks = [look for look in readings(one) if onset + 130 <= look.t <= onset + 470]
    assert {(look.eng, look.rpm, look.spd_kmh) for look in looks} == {(False, 0, 40.0)}
    places = [(look.lat or 0, look.lon or 0) for look in looks]
    assert one.profile.ground
    metres = one.profile.ground.metres(places[0], places[-1])
    assert abs(metres - 40 / 3.6 * (looks[-1].t - looks[0].t)) < 5
    resting = [look for look in readings(one) if look.t > onset + 600]
    assert all(not look.eng for look in resting)
    assert all(later.t - look.t == HOUR for look, later in pairwise(resting))


def test_a_machine_that_leaves_its_zone_is_sixty_metres_outside_and_comes_back(
    site: Site,
) -> None:
    one = hand(site, "sortie-de-zone", "EX-001")
    ground, (cast,) = one.profile.ground, one.casts
    assert ground
    out = [look for look in readings(one) if cast.onset <= look.t < cast.over]
    far = [
        ground.fence_m((look.lat or 0, look.lon or 0))
        for look in out
        if not ground.holds((look.lat or 0, look.lon or 0))
    ]
    assert 59 <= max(far) <= 80
    assert len([metres for metres in far if metres >= 58]) >= 300 / 10
    assert max(look.spd_kmh or 0 for look in out) <= CRAWLER_EXCAVATOR.top_kmh
    back = next(look for look in readings(one) if look.t >= cast.over)
    assert ground.holds((back.lat or 0, back.lon or 0))


def test_a_silent_box_says_everything_afterwards_oldest_first(site: Site) -> None:
    one = hand(site, "silence", "EX-001")
    (cast,) = one.casts
    stage = next(stage for stage in cast.effects() if stage.silent)
    left = list(one.messages())
    assert not [t for t, _ in left if stage.start <= t < stage.end]
    looks = [reading for _, outgoing in left for reading in outgoing.readings]
    assert [look.seq for look in looks] == list(range(1, len(looks) + 1))
    quiet = [look for look in looks if stage.start <= look.t < stage.end]
    assert len(quiet) > (stage.end - stage.start) / 10 - 2
    at_once = Counter(t for t, _ in left)
    assert max(at_once.values()) >= (stage.end - stage.start) / 60 - 1


def test_the_day_before_an_incident_is_ordinary(site: Site) -> None:
    """Levels that a scenario needs are reached by burning, never by a jump."""
    for name in ("adblue-bas", "carburant-bas", "siphonnage", "plein"):
        one = hand(site, name, "EX-002", after_s=2 * HOUR)
        before = [look for look in readings(one) if look.t < one.casts[0].onset]
        for look, later in pairwise(before):
            assert 0 <= (look.fuel_pct or 0) - (later.fuel_pct or 0) < 0.5
            assert 0 <= (look.def_pct or 0) - (later.def_pct or 0) < 0.5


def test_the_box_of_a_parked_machine_rests(site: Site) -> None:
    one = replace(hand(site, "surchauffe", "EX-001"), casts=())
    looks = readings(one)
    gaps = [later.t - look.t for look, later in pairwise(looks) if not look.eng and not later.eng]
    assert all(gap == HOUR for gap in gaps)


def test_the_box_and_the_cloud_remember_the_same(site: Site) -> None:
    """Nothing that a scenario does needs more than a message can say."""
    one = hand(site, "renversement", "EX-001")
    memory = Memory()
    for reading in readings(one):
        memory, _ = observe(memory, reading, one.rules)
    assert "TILT:roll" in dump(memory)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_class_travels_faster_than_it_can(name: str) -> None:
    kind = KINDS[name]
    assert max(kind.work_kmh[1], kind.travel_kmh[1]) < kind.top_kmh


def test_a_dead_sensor_says_nothing_where_it_said_a_number_and_comes_back(site: Site) -> None:
    one = hand(site, "capteur-mort", "EX-001")
    said = readings(one)
    (expected,) = one.expected()
    dead = [one for one in said if expected.onset <= one.t < expected.onset + 600]
    assert dead
    assert {one.cool_c for one in dead} == {None}
    assert all(one.cool_c is not None for one in said if one.t < expected.onset)
    assert said[-1].cool_c is not None
    assert all("cool_c" not in as_dict(one) for one in dead)


def test_a_hydraulic_leak_is_told_by_its_level_code_too(site: Site) -> None:
    life = lived(site, "fuite-hydraulique")
    assert {"HYD_TEMP_HIGH", "DTC"} <= {found.code for found in life.found}
    assert "2602-18" in {found.fault for found in life.found}
