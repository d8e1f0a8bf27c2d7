"""The ten figures by which a simulated shift is held against the trade, each with its target.

A figure is computed from what machines said (`trace`), as somebody would who knows
nothing of the simulator; load cycles and DEF, which readings show too coarsely, come
from what really happened. The targets and their sources are those of the trade:
V1 hiboo.io, 33,825 assets. V3 18 instrumented excavators. V4 Shin et al., load factors.
V7 Cat 320. V8 Caterpillar Performance Handbook 47. V9 Equipment World. V10 Komatsu PC400.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import mean, median, pstdev
from typing import NamedTuple

from chantier.telemetry import Reading
from simulator.engine import power_kw
from simulator.trace import Step, Trace
from simulator.work import IDLE, TRAVEL, WORK

# So near to one of the machine's speeds counts as that speed, 1/min.
_MODE_RPM, _MOST_RPM = 100.0, 2200.0
# Steady: the engine has run without a stop for so long, s.
_STEADY_S = 3600
# A block of iron follows the night's air with hours of delay: so far from it is cold, degC.
_COLD_REACH_C = 3.0


class Figure(NamedTuple):
    """A figure of a fleet.

    Attributes:
        number: 1 to 10.
        quantity: what it is.
        target: what it must be, in words.
        value: what it is, in words.
        numbers: the same for programs.
        ok: whether it is within its target.
    """

    number: int
    quantity: str
    target: str
    value: str
    numbers: dict[str, float]
    ok: bool


class Pair(NamedTuple):
    """A step that lasts: a reading, and the hours until the next one."""

    said: Reading
    hours: float


def figures(fleet: Sequence[Trace]) -> tuple[Figure, ...]:
    """The ten figures of machines of one class, in their order."""
    return tuple(figure(fleet) for figure in FIGURES)


def _running(trace: Trace) -> Iterator[Pair]:
    for before, after in pairwise(trace.steps):
        if before.reading.eng:
            yield Pair(before.reading, (after.reading.t - before.reading.t) / 3600)


def _hours(pairs: Iterator[Pair], *states: str) -> float:
    return sum(hours for said, hours in pairs if not states or said.st in states)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "mean": mean(values),
        "sd": pstdev(values),
        "min": min(values),
        "max": max(values),
    }


def _text(numbers: dict[str, float], unit: str, digits: int = 1) -> str:
    said = {name: f"{value:.{digits}f}" for name, value in numbers.items()}
    return f"{said['mean']}{unit} ± {said['sd']}; {said['min']} to {said['max']}"


def _idle_share(fleet: Sequence[Trace]) -> Figure:
    found = _spread([100 * _hours(_running(one), IDLE) / _hours(_running(one)) for one in fleet])
    ok = abs(found["mean"] - 31) <= 5 and found["min"] >= 11 and found["max"] <= 65  # noqa: PLR2004 - V1, V3
    target = "31 ± 5 %, each 11 to 65"
    return Figure(1, "idle share of engine-on time", target, _text(found, " %"), found, ok)


def _idle_fuel(fleet: Sequence[Trace]) -> Figure:
    found = _spread([_rate(one, IDLE) for one in fleet])
    ok = abs(found["mean"] - 3.8) <= 0.8  # noqa: PLR2004 - V1
    value = _text(found, " L/h", 2)
    return Figure(2, "fuel rate at idle", "3.8 ± 0.8 L/h", value, found, ok)


def _rate(trace: Trace, state: str) -> float:
    pairs = [pair for pair in _running(trace) if pair.said.st == state]
    return sum((said.fuel_lph or 0) * hours for said, hours in pairs) / sum(
        hours for _, hours in pairs
    )


def _fuel(fleet: Sequence[Trace]) -> Figure:
    used = [_change(one, "fuel_used_l") for one in fleet]
    found = _spread(
        [litres / _hours(_running(one)) for litres, one in zip(used, fleet, strict=True)]
    )
    found["litres_a_shift"] = mean(used)
    ok = abs(found["mean"] - 13) <= 3 and 50 <= found["litres_a_shift"] <= 100  # noqa: PLR2004 - V4, V5
    value = f"{_text(found, ' L/h')}; {found['litres_a_shift']:.0f} L a shift"
    target = "13 ± 3 L/h, 50 to 100 L a shift"
    return Figure(3, "fuel per engine hour", target, value, found, ok)


def _change(trace: Trace, name: str) -> float:
    first, last = trace.steps[0].reading, trace.steps[-1].reading
    return float((getattr(last, name) or 0) - (getattr(first, name) or 0))


def _load_factor(fleet: Sequence[Trace]) -> Figure:
    found = _spread([_mean_kw(one) / one.kind.rated_kw for one in fleet])
    ok = 0.38 <= found["mean"] <= 0.5  # noqa: PLR2004 - V4
    value = _text(found, "", 2)
    return Figure(4, "load factor, idle included", "0.38 to 0.50", value, found, ok)


def _mean_kw(trace: Trace) -> float:
    rated = trace.kind.rated_kw
    kwh = sum(
        power_kw(rated, said.rpm or 0, said.load_pct or 0) * hours
        for said, hours in _running(trace)
    )
    return kwh / _hours(_running(trace))


def _cycle(fleet: Sequence[Trace]) -> Figure:
    seconds = sorted(length for one in fleet for length in one.cycles)
    low, high = (seconds[int(share * (len(seconds) - 1))] for share in (0.1, 0.9))
    found = {"median": median(seconds), "p10": low, "p90": high, "n": float(len(seconds))}
    ok = abs(found["median"] - 15) <= 1 and low >= 10 and high <= 20  # noqa: PLR2004 - V8
    value = f"{found['median']:.1f} s; p10 {low:.1f}, p90 {high:.1f} (n = {len(seconds):,})"
    return Figure(5, "loading cycle", "15 s, p10 to p90 in 10 to 20", value, found, ok)


def _engine_speeds(fleet: Sequence[Trace]) -> Figure:
    found = _spread([100 * _near_a_mode(one) for one in fleet])
    found["top_rpm"] = max(step.reading.rpm or 0 for one in fleet for step in one.steps)
    ok = found["min"] >= 80 and found["top_rpm"] <= _MOST_RPM  # noqa: PLR2004 - V7
    value = f"{_text(found, ' %')}; top {found['top_rpm']:.0f}"
    target = "80 % within 100 rpm of a mode, never over 2,200"
    return Figure(6, "engine speed modes", target, value, found, ok)


def _near_a_mode(trace: Trace) -> float:
    """Share of the engine-on time within 100 rpm of what the machine usually turns at."""
    pairs = list(_running(trace))
    turned = {
        state: [said.rpm or 0 for said, _ in pairs if said.st == state]
        for state in (IDLE, WORK, TRAVEL)
    }
    modes = [median(speeds) for speeds in turned.values() if speeds]
    near = (
        hours
        for said, hours in pairs
        if any(abs((said.rpm or 0) - mode) <= _MODE_RPM for mode in modes)
    )
    return sum(near) / sum(hours for _, hours in pairs)


def _engine_hours(fleet: Sequence[Trace]) -> Figure:
    found = _spread([_hours(_running(one)) for one in fleet])
    found["lunch_work_s"] = sum(_worked_at_lunch_s(one) for one in fleet)
    ok = abs(found["mean"] - 5) <= 1.5 and not found["lunch_work_s"]  # noqa: PLR2004 - V1
    value = f"{_text(found, ' h')}; {found['lunch_work_s']:.0f} s of work over lunch"
    target = "5.0 ± 1.5 h, over lunch only idling"
    return Figure(7, "engine-on hours a day", target, value, found, ok)


def _worked_at_lunch_s(trace: Trace) -> float:
    breaks = [(one[1], other[0]) for one, other in pairwise(trace.sessions)]
    return sum(
        max(min(after.reading.t, end) - max(before.reading.t, start), 0)
        for before, after in pairwise(trace.steps)
        if before.reading.st in (WORK, TRAVEL)
        for start, end in breaks
    )


def _starts(fleet: Sequence[Trace]) -> Figure:
    found = _spread([float(_started(one)) for one in fleet])
    ok = abs(found["mean"] - 5) <= 1 and found["min"] >= 3 and found["max"] <= 11  # noqa: PLR2004 - V3
    return Figure(8, "engine starts a day", "5, range 3 to 11", _text(found, ""), found, ok)


def _started(trace: Trace) -> int:
    return sum(
        bool(not before.reading.eng and after.reading.eng)
        for before, after in pairwise(trace.steps)
    )


def _temperatures(fleet: Sequence[Trace]) -> Figure:
    steady = [list(_steady(one)) for one in fleet]
    coolant = [mean(said.cool_c or 0 for said in one) for one in steady if one]
    oil = [mean(said.hyd_c or 0 for said in one) for one in steady if one]
    found = {f"coolant_{name}": value for name, value in _spread(coolant).items()}
    found |= {f"hydraulic_{name}": value for name, value in _spread(oil).items()}
    found["cold_start_c"] = max(_cold_start_c(one) for one in fleet)
    found["alerts"] = float(sum(one.overheated for one in fleet))
    ok = (
        min(coolant) >= 80 and max(coolant) <= 95 and min(oil) >= 50 and max(oil) <= 80  # noqa: PLR2004 - V10
    )
    ok = ok and found["cold_start_c"] <= _COLD_REACH_C and not found["alerts"]
    value = (
        f"coolant {mean(coolant):.0f} °C ({min(coolant):.0f} to {max(coolant):.0f}), "
        f"hydraulic {mean(oil):.0f} °C ({min(oil):.0f} to {max(oil):.0f}); "
        f"first start {found['cold_start_c']:.1f} °C from the air at most; "
        f"{found['alerts']:.0f} alerts"
    )
    target = (
        "coolant 80 to 95, hydraulic 50 to 80 °C after 60 min; cold start at ambient; no alert"
    )
    return Figure(9, "steady temperatures", target, value, found, ok)


def _steady(trace: Trace) -> Iterator[Reading]:
    """Readings at work after an hour without a stop."""
    since: int | None = None
    for said in (step.reading for step in trace.steps):
        if not said.eng:
            since = None
        elif since is None:
            since = said.t
        elif said.st == WORK and said.t - since >= _STEADY_S:
            yield said


def _cold_start_c(trace: Trace) -> float:
    """How far coolant and oil are from the air at the first start of the day, degC."""
    first: Step = next(step for step in trace.steps if step.reading.eng)
    said = first.reading
    return max(abs((warm or 0) - first.air_c) for warm in (said.cool_c, said.hyd_c))


def _def(fleet: Sequence[Trace]) -> Figure:
    found = _spread(
        [
            100
            * (one.steps[-1].def_used_l - one.steps[0].def_used_l)
            / _change(one, "fuel_used_l")
            for one in fleet
        ]
    )
    ok = found["min"] >= 2 and found["max"] <= 5  # noqa: PLR2004 - V9
    return Figure(10, "DEF / fuel", "2 to 5 %", _text(found, " %", 2), found, ok)


FIGURES: tuple[Callable[[Sequence[Trace]], Figure], ...] = (
    _idle_share,
    _idle_fuel,
    _fuel,
    _load_factor,
    _cycle,
    _engine_speeds,
    _engine_hours,
    _starts,
    _temperatures,
    _def,
)
