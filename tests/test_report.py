"""chantier report: what stands in its table, whatever the rows are."""

from __future__ import annotations

import pytest

from chantier.cli.report import LEFT_OUT, show_hours
from chantier.functions.counting import OLDEST_S
from chantier.hours import Row, total
from chantier.site import EXAMPLE, Site

SITE = Site.load(EXAMPLE)
UNKNOWN = ("planned_h", "fuel_l", "cost", "co2e_kg", "currency")


def row(machine: str, hour: int, engine_h: float, idle_h: float) -> Row:
    counts = dict.fromkeys(("alerts_info", "alerts_warning", "alerts_critical"), 0)
    at = f"2026-09-21 {hour:02}:00:00"
    known = {"machine": machine, "hour": at, "hour_local": at, "meter_changed": False}
    return {
        **dict.fromkeys(UNKNOWN),
        **known,
        **counts,
        "engine_h": engine_h,
        "idle_h": idle_h,
    }


def shown(capsys: pytest.CaptureFixture[str], rows: list[Row], **how: str) -> list[list[str]]:
    """The lines of the table, each as its words."""
    show_hours(rows, SITE, **{"by": "machine", **how})
    return [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()][2:]


def test_a_ratio_is_rounded_alike_in_a_row_and_in_the_last_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """37.5 % in floats is a hair more or less, by the order of what is added."""
    parts = ((0.48, 0.18), (0.74, 0.2775), (0.4, 0.15), (0.66, 0.2475))
    other = parts[0], parts[1], parts[3], parts[2]
    rows = [row("EX-001", at, *part) for at, part in enumerate(parts)]
    rows += [row("EX-002", at, *part) for at, part in enumerate(other)]
    assert [line[2] for line in shown(capsys, rows)] == ["38", "38", "38"]


def test_rows_add_up_to_the_same_in_any_order() -> None:
    rows = [row("EX-001", hour, part, part / 3) for hour, part in enumerate((0.1, 0.7, 0.2, 1e-9))]
    assert total(rows) == total(rows[::-1]) == total(sorted(rows, key=lambda one: one["engine_h"]))


def test_nothing_is_never_below_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    (machine, _) = shown(capsys, [row("EX-001", 1, 1.0, -0.001)])
    assert machine[2] == "0"


def test_the_last_line_is_the_fleets_or_the_total_of_one_machine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [row("EX-001", hour, 1.0, 0.5) for hour in (7, 8)]
    assert shown(capsys, rows, by="hour")[-1][0] == "Parc"
    assert shown(capsys, rows, by="hour", one="EX-001")[-1][0] == "Total"


def test_what_came_too_late_is_said_with_the_functions_own_limit() -> None:
    assert f"{OLDEST_S // 86_400} days" in LEFT_OUT["too_old"]
