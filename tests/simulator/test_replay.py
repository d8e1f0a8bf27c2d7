"""Recordings: read whole or refused with the line, and sent again in legal messages."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from chantier.detection import Memory, observe, rules_for
from chantier.errors import ChantierError
from simulator.replay import read_recording

LINE = '{"t":"2026-11-02T08:00:01Z","seq":1,"rpm":651.0,"eng":true,"st":"IDLE"}'


class Writer(Protocol):
    """Writes a file and says where."""

    def __call__(self, text: str, name: str = "recording.jsonl") -> Path: ...


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def write(text: str, name: str = "recording.jsonl") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_recording_of_a_real_engine_is_read_whole(recorded: Path) -> None:
    readings = read_recording(recorded / "truck_idle.jsonl")
    assert len(readings) == 128
    assert [reading.seq for reading in readings] == list(range(1, 129))
    assert all(600 < (reading.rpm or 0) < 700 for reading in readings)


def test_a_recording_of_a_healthy_12_v_engine_raises_no_alert(recorded: Path) -> None:
    memory, rules = Memory(), rules_for(volts=12)
    for reading in read_recording(recorded / "truck_idle.jsonl"):
        memory, events = observe(memory, reading, rules)
        assert events == ()


def test_a_csv_says_the_same_as_json_lines(write: Writer) -> None:
    jsonl = write(
        '{"t":"2026-11-02T08:00:01Z","rpm":651.5,"eng":true,"st":"IDLE","dtc":[[110,15,3]],'
        '"lamp":["AWL"]}\n\n{"t":"2026-11-02T08:00:02Z","eng":false,"batt_v":13.25}\n'
    )
    table = write(
        "t,rpm,eng,st,batt_v,dtc,lamp\r\n"
        '2026-11-02T08:00:01Z,651.5,true,IDLE,,"[[110,15,3]]","[""AWL""]"\r\n'
        "2026-11-02T08:00:02Z,,0,,13.25,,\r\n",
        "recording.csv",
    )
    assert read_recording(table) == read_recording(jsonl)
    assert [reading.seq for reading in read_recording(table)] == [1, 2]


def test_readings_are_put_in_order_of_time(write: Writer) -> None:
    path = write('{"t":"2026-11-02T08:00:09Z","seq":2}\n{"t":"2026-11-02T08:00:01Z","seq":1}\n')
    assert [reading.seq for reading in read_recording(path)] == [1, 2]


@pytest.mark.parametrize(
    ("text", "name", "wrong"),
    [
        ("", "a.jsonl", "holds no reading"),
        ("\n \n", "a.jsonl", "holds no reading"),
        ("", "a.csv", "holds no reading"),
        ("t,rpm\n", "a.csv", "holds no reading"),
        (f"{LINE}\nnonsense\n", "a.jsonl", "line 2: not JSON"),
        (f'{LINE}\n\n{{"t":"yesterday"}}\n', "a.jsonl", "line 3: t is .yesterday."),
        (f'{LINE}\n{{"rpm":3}}\n', "a.jsonl", "line 2: t is missing"),
        (f"{LINE}\n[1]\n", "a.jsonl", "line 2: is a list"),
        (LINE.replace("651.0", "NaN"), "a.jsonl", "line 1: .*NaN"),
        (LINE.replace("rpm", "rmp"), "a.jsonl", "line 1: no field is called 'rmp'"),
        (LINE.replace('"IDLE"', '"SLEEP"'), "a.jsonl", "line 1: st is"),
        ("t,rmp\n2026-11-02T08:00:01Z,3\n", "a.csv", "line 1: no field is called 'rmp'"),
        ("t,rpm,rpm\n2026-11-02T08:00:01Z,3,3\n", "a.csv", "line 1: rpm stands there twice"),
        ("t,rpm\n2026-11-02T08:00:01Z,fast\n", "a.csv", "line 2: rpm is 'fast'"),
        ("t,rpm\n2026-11-02T08:00:01Z,1\n2026-11-02T08:00:02Z\n", "a.csv", "line 3: 1 cells"),
        ("t,eng\n2026-11-02T08:00:01Z,maybe\n", "a.csv", "line 2: eng is"),
        ('t,rpm\n2026-11-02T08:00:01Z,"1\n', "a.csv", "not CSV"),
        ("rpm\n3\n", "a.csv", "line 2: t is missing"),
    ],
)
def test_a_broken_recording_is_refused_with_the_line_and_what_is_wrong(
    write: Writer, text: str, name: str, wrong: str
) -> None:
    with pytest.raises(ChantierError, match=wrong) as refused:
        read_recording(write(text, name))
    assert "\n" not in refused.value.message
    assert refused.value.hint


def test_a_recording_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChantierError, match="no recording at"):
        read_recording(tmp_path / "nothing.jsonl")
    (tmp_path / "photo.jsonl").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ChantierError, match="cannot be read"):
        read_recording(tmp_path / "photo.jsonl")
    with pytest.raises(ChantierError, match="cannot be read"):
        read_recording(tmp_path)
