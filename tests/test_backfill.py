"""History at once: whole days as the stack would have kept them, the same for a seed."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from chantier.backfill import History, backfill, last_days
from chantier.cli import main
from chantier.decoding import decode
from chantier.errors import ChantierError
from chantier.gathering import Gathered
from chantier.raw import RawObject
from chantier.site import EXAMPLE, Site
from chantier.telemetry import format_time
from simulator.shift import shift

# Friday 16 October 2026 in Paris: midnight, and a moment of the afternoon.
MIDNIGHT = 1_792_101_600
NOW = MIDNIGHT + 16 * 3600
DAYS = 2


@pytest.fixture(scope="module")
def site() -> Site:
    example = Site.load(EXAMPLE)
    return example.model_copy(update={"machines": example.machines[::5]})


@pytest.fixture(scope="module")
def stretch(site: Site) -> tuple[int, int]:
    return last_days(site, DAYS, now=NOW)


def written(site: Site, stretch: tuple[int, int], folder: Path, seed: int = 1) -> History:
    return backfill(
        site,
        stretch=stretch,
        seed=seed,
        scenarios=(),
        folder=folder,
        tick=lambda _day, _done, _there: None,
    )


def lines(folder: Path, history: History) -> list[bytes]:
    return [line for key in history.keys for line in (folder / key).read_bytes().splitlines()]


def test_the_last_days_are_whole_and_end_at_the_last_midnight_of_the_site(
    stretch: tuple[int, int],
) -> None:
    assert stretch == (MIDNIGHT - DAYS * 86_400, MIDNIGHT)


def test_each_line_is_a_message_as_the_rule_writes_it_in_the_file_of_its_day(
    site: Site, stretch: tuple[int, int], tmp_path: Path
) -> None:
    history = written(site, stretch, tmp_path)
    assert history.messages == len(lines(tmp_path, history))
    for key in history.keys:
        said = [json.loads(line) for line in (tmp_path / key).read_bytes().splitlines()]
        arrived = [one["arrived_at"] for one in said]
        assert arrived == sorted(arrived)
        for one in said:
            assert one.keys() == {"v", "readings", "site", "machine", "arrived_at"}
            assert f"dt={_day(one['arrived_at'])}/" in key
            assert not decode(one, now=one["arrived_at"] // 1000).rejected


def _day(arrived_at: int) -> str:
    return format_time(arrived_at // 1000)[:10]


def test_the_history_holds_what_the_machines_would_have_sent(
    site: Site, stretch: tuple[int, int], tmp_path: Path
) -> None:
    history = written(site, stretch, tmp_path / "out")
    (tmp_path / "gathered").mkdir()
    ids = [machine.id for machine in site.machines]
    start, end = stretch
    gathered = Gathered(tmp_path / "gathered", ids, first=start, end=end + 1)
    for key in history.keys:
        said = [json.loads(line) for line in (tmp_path / "out" / key).read_bytes().splitlines()]
        gathered.take([RawObject(key, tuple(said))])
    sent = [
        (machine, reading)
        for machine, readings, _ in shift(site, start=start, duration_s=end - start, seed=1)
        for reading in readings
    ]
    assert gathered.unread == 0
    assert history.readings == len(sent)
    for machine in ids:
        found = list(gathered.readings(machine))
        assert [one.seq for one in found] == [one.seq for name, one in sent if name == machine]
        assert all(one.t <= other.t for one, other in pairwise(found))


def test_the_same_seed_writes_the_same_bytes_again_over_the_old(
    site: Site, stretch: tuple[int, int], tmp_path: Path
) -> None:
    first = lines(tmp_path, written(site, stretch, tmp_path))
    assert lines(tmp_path, written(site, stretch, tmp_path)) == first
    other = written(site, stretch, tmp_path, seed=2)
    assert lines(tmp_path, other) != first
    assert not list(tmp_path.rglob("*.part"))


def test_a_run_that_stops_leaves_no_half_day(
    site: Site, stretch: tuple[int, int], tmp_path: Path
) -> None:
    def stop(_day: str, _done: int, _there: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill(site, stretch=stretch, seed=1, scenarios=(), folder=tmp_path, tick=stop)
    (only,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert only.suffix == ".jsonl"


def test_a_folder_that_cannot_be_written_is_said(
    site: Site, stretch: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "raw").write_text("a file", "utf-8")
    with pytest.raises(ChantierError, match="cannot be written") as refused:
        written(site, stretch, tmp_path)
    assert "--out" in refused.value.hint


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    asked = ["simulate", "--site", str(EXAMPLE), "--backfill", "1d", "--out", str(tmp_path)]
    told = CliRunner().invoke(main, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    assert said["machines"] == 12
    assert all((tmp_path / key).is_file() for key in said["keys"])
    assert "1 days of 12 machines" in CliRunner().invoke(main, asked).stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--backfill", "30d"], "name --out DIR, --local or --through-link"),
        (["--backfill", "30d", "--out", "x", "--local"], "name --out DIR, --local or --"),
        (["--backfill", "1d", "--out", "x", "--through-link"], "leave --out out"),
        (["--through-link"], "--through-link goes with --backfill"),
        (["--plot", "x.svg", "--truth", "x"], "--truth goes with scenarios"),
        (["--backfill", "a month", "--out", "x"], "for example 30d"),
        (["--backfill", "0d", "--out", "x"], "for example 30d"),
        (["--out", "x"], "--out goes with --backfill"),
        (["--validate", "--plot", "x.svg"], "each stand alone"),
        (["--machine", "EX-001"], "--machine goes with --plot"),
        (["--validate", "--scenario", "silence@EX-001"], "show healthy machines"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(options: list[str], why: str) -> None:
    told = CliRunner().invoke(main, ["simulate", *options])
    assert told.exit_code == 2
    assert why in told.stderr
