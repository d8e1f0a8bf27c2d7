"""What was found against what was scripted, code by code: precision and recall.

Pure: it is handed what each machine went through, and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chantier.rehearsal import Found, Life
from simulator.incident import Expected
from simulator.plan import IDLE

# An alert that is right about idling: so much of its time the machine did idle.
_IDLE_SHARE = 0.8
# What a sensor or the box sees of a refuel, it sees within its heartbeat, s.
_REFUEL_SEEN_S = 3600
# Nobody drives at exactly the same speed: a little above the usual is usual, km/h.
_PACE_KMH = 1.0
# An alert of an incident may open until so long after its cause has gone, s.
_AFTERMATH_S = 120
# ISA-18.2 counts priorities; these are the catalogue's severities for them.
PRIORITIES = {"high": "critical", "medium": "warning", "low": "info"}


@dataclass
class Row:
    """One code of the catalogue.

    Attributes:
        scripted: how often it had to be found.
        found: of these once, in time, as bad as scripted, and closed if it had to be.
        late: found, but after its `by`.
        missed: not so found.
        false: opened without a cause, or a second time for the same one.
        ordinary: opened unscripted, and rightly: ordinary life of a machine explains it.
    """

    scripted: int = 0
    found: int = 0
    late: int = 0
    missed: int = 0
    false: int = 0
    ordinary: int = 0


@dataclass
class Verdict:
    """Every code, and the cases that went wrong.

    Attributes:
        rows: by code.
        wrong: one line a case that was late, missed or false.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def scripted(self) -> int:
        """How many alerts had to be found."""
        return sum(row.scripted for row in self.rows.values())

    @property
    def recall(self) -> float:
        """Share of the scripted alerts that were found in time."""
        return sum(row.found for row in self.rows.values()) / self.scripted

    @property
    def precision(self) -> float:
        """Share of the alerts, those of ordinary life left out, that a scripted cause explains."""
        right = sum(row.found + row.late for row in self.rows.values())
        told = right + sum(row.false for row in self.rows.values())
        return right / told if told else 1.0


@dataclass(frozen=True, kw_only=True)
class Healthy:
    """A shift in which nothing goes wrong.

    Attributes:
        machines: how many worked.
        notified: alerts that rang somebody's phone, by code: each opening or worsening to
            warning or critical.
        severities: every opening and worsening, by severity.
    """

    machines: int
    notified: dict[str, int]
    severities: dict[str, int]

    @property
    def per_shift(self) -> float:
        """Notified alerts per machine and shift."""
        return sum(self.notified.values()) / self.machines

    @property
    def split(self) -> dict[str, float]:
        """ISA-18.2: share of each priority, %."""
        total = sum(self.severities.values())
        return {
            priority: round(100 * self.severities.get(severity, 0) / total, 1) if total else 0.0
            for priority, severity in PRIORITIES.items()
        }


def healthy(lives: Sequence[Life]) -> Healthy:
    """Count the alerts of machines on which nothing was played."""
    notified: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    for alert in (alert for life in lives for alert in life.found):
        notified[alert.code] += alert.notified
        severities.update(alert.severities)
    return Healthy(
        machines=len(lives),
        notified={code: count for code, count in sorted(notified.items()) if count},
        severities=dict(severities),
    )


def judge(lives: Iterable[Life]) -> Verdict:
    """Hold what was found against what was scripted."""
    verdict = Verdict()
    for life in lives:
        left = list(life.found)
        for one in life.expected:
            _claim(verdict, one, left)
        for alert in left:
            _unscripted(verdict, life, alert)
    verdict.rows = dict(sorted(verdict.rows.items()))
    return verdict


def _claim(verdict: Verdict, one: Expected, left: list[Found]) -> None:
    """Find a scripted alert among those that are left, and take it away."""
    row = verdict.rows.setdefault(one.code, Row())
    row.scripted += 1
    match = next((alert for alert in left if _is_of(alert, one)), None)
    if match is not None:
        left.remove(match)
    fault = _fault(match, one)
    if match is None or fault:
        row.missed += 1
    elif match.told_at > one.by:
        row.late += 1
        fault = f"found {match.told_at - one.by} s late"
    else:
        row.found += 1
    if fault:
        verdict.wrong.append(f"{one.machine} {one.code}: {fault}")


def _is_of(alert: Found, one: Expected) -> bool:
    same = alert.code == one.code and one.fault in ("", alert.fault)
    return same and one.onset <= alert.opened_at <= one.over + _AFTERMATH_S


def _fault(match: Found | None, one: Expected) -> str:
    """Why an alert does not count as found; empty when it does."""
    if match is None:
        return "not found"
    if match.severity != one.severity:
        return f"reached {match.severity}, scripted {one.severity}"
    if one.closes and not match.closed_at:
        return "did not close"
    return ""


def _unscripted(verdict: Verdict, life: Life, alert: Found) -> None:
    row = verdict.rows.setdefault(alert.code, Row())
    if is_ordinary(life, alert):
        row.ordinary += 1
    else:
        row.false += 1
        verdict.wrong.append(f"{alert.machine} {alert.code} {alert.fault}: nothing explains it")


def is_ordinary(life: Life, alert: Found) -> bool:
    """Whether what really happened on a machine explains an alert that nobody scripted."""
    if any(alert.code in one.also and alert.opened_at >= one.onset for one in life.expected):
        return True
    if alert.code == "IDLE_LONG":
        idle_s = life.facts.seconds_in(IDLE, alert.since, alert.opened_at)
        return idle_s >= _IDLE_SHARE * (alert.opened_at - alert.since)
    if alert.code == "REFUEL":
        return life.facts.refuelled_between(alert.opened_at - _REFUEL_SEEN_S, alert.opened_at)
    if alert.code == "OVERSPEED":
        return life.limits["OVERSPEED"]["limit"] <= life.usual_kmh + _PACE_KMH
    if alert.code == "SERVICE_DUE" and alert.limit is not None:
        _, hours = life.facts.hours[-1]
        early_h = life.limits["SERVICE_DUE"]["before_h"] if alert.severity == "info" else 0.0
        return hours >= alert.limit - early_h
    return False
