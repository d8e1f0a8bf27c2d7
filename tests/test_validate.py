"""The validation as a whole: it passes, repeats itself, and can fail."""

from __future__ import annotations

import json
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.cli.believing import show
from chantier.validate import Validation, traces, validate

MACHINES = 20


@pytest.fixture(scope="module")
def found() -> Validation:
    told: list[tuple[str, int, int]] = []
    result = validate(machines=MACHINES, seed=2, tick=lambda *step: told.append(step))
    assert told[-1] == ("healthy shift", MACHINES, MACHINES)
    return result


def test_the_ten_figures_are_within_their_targets_and_every_invariant_holds(
    found: Validation,
) -> None:
    assert [one.quantity for one in found.figures if not one.ok] == []
    assert found.broken == ()
    assert found.steps > MACHINES * 5 * 360
    assert found.notified <= 0.5
    assert found.ok


def test_a_figure_out_of_range_a_broken_invariant_or_a_loud_machine_is_not_believed(
    found: Validation,
) -> None:
    wrong = (found.figures[0]._replace(ok=False), *found.figures[1:])
    assert not replace(found, figures=wrong).ok
    assert not replace(found, broken=("EX-0001 at 0: op_h fell",)).ok
    assert not replace(found, notified=0.51).ok


def test_the_same_seed_gives_the_same_shift_and_another_one_does_not() -> None:
    one, same, other = (next(traces(machines=MACHINES, seed=seed)).steps for seed in (7, 7, 8))
    assert one == same
    assert one != other


def test_the_shifts_are_spread_over_the_year() -> None:
    begun = [trace.sessions[0][0] for trace in traces(machines=3, seed=1)]
    assert begun == sorted(begun)
    assert begun[-1] - begun[0] > 200 * 86_400


def test_the_command_answers_in_words_and_in_json() -> None:
    asked = ["simulate", "--validate", "--machines", "20", "--seed", "3"]
    said = CliRunner().invoke(main, [*asked, "--json"])
    assert said.exit_code == 0, said.output
    figures = json.loads(said.stdout)
    assert figures["ok"] is True
    assert [one["number"] for one in figures["figures"]] == list(range(1, 11))
    assert figures["invariants"]["broken"] == 0
    shown = CliRunner().invoke(main, asked)
    assert "0 broken" in shown.stdout
    assert "20 shifts, seed 3" in shown.stdout


def test_the_command_fails_when_a_figure_is_out_of_range(
    found: Validation, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = (found.figures[0]._replace(ok=False), *found.figures[1:])
    with pytest.raises(click.exceptions.Exit) as left:
        show(replace(found, figures=wrong, broken=("EX-0001 at 0: op_h fell",)), as_json=False)
    assert left.value.exit_code == 1
    said = capsys.readouterr()
    assert "OUT OF RANGE" in said.out
    assert "op_h fell" in said.err
