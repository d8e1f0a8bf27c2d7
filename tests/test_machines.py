"""Papers that change places, machines out of a CSV file, and many calls at a pace. No AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chantier.cloud import Cloud
from chantier.errors import ChantierError, SiteError
from chantier.identity import ABOUT_FILE, CERTIFICATE_FILE, KEY_FILE, find, folder, write_private
from chantier.machines.adding import add_to_site
from chantier.machines.swapping import FILES, NEW, settle, swap
from chantier.pacing import SHARE, Pace, each, failures
from chantier.site import EXAMPLE, Site

ROOT = Path(__file__).parents[1]
CUTS = 80
# Its n-th child dies at the n-th time that a file is opened, linked, renamed or removed.
POWER_CUTS = """
import json, os, sys
from pathlib import Path
from chantier.machines.swapping import settle, swap

FILES = ("open", "os.rename", "os.symlink", "os.remove", "os.mkdir", "os.rmdir")

def child(at, left):
    def watch(event, arguments):
        nonlocal left
        if event in FILES:
            left -= 1
            if left == 0:
                os._exit(9)
    sys.addaudithook(watch)
    swap(at)
    settle(at)
    os._exit(0)

ended = []
for left in range(1, int(sys.argv[2]) + 1):
    pid = os.fork()
    if not pid:
        child(Path(sys.argv[1]) / str(left), left)
    ended.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(json.dumps(ended))
"""


def papers(at: Path, mark: str) -> None:
    for name in FILES:
        write_private(at / name, mark.encode())


def seen(at: Path) -> set[str]:
    """What somebody finds who looks now."""
    return {(at / name).read_text("utf-8") for name in FILES}


def test_papers_belong_together_wherever_the_power_was_cut(tmp_path: Path) -> None:
    for cut in range(1, CUTS + 1):
        papers(tmp_path / str(cut), "former")
        papers(tmp_path / str(cut) / NEW, "new")
    told = subprocess.run(
        [sys.executable, "-c", POWER_CUTS, str(tmp_path), str(CUTS)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout
    ended, found = json.loads(told), []
    for cut, code in enumerate(ended, 1):
        at = tmp_path / str(cut)
        (now,) = seen(at)
        found.append(now)
        if code and now == "former":
            swap(at)
        settle(at)
        assert seen(at) == {"new"}
        assert sorted(path.name for path in at.iterdir()) == sorted(FILES)
        assert not any(path.is_symlink() for path in at.iterdir())
    # The later the cut, the newer the papers; and the last ones were not cut at all.
    assert found == sorted(found)
    assert set(found) == {"former", "new"}
    assert (set(ended), ended[-1]) == ({9, 0}, 0)


def grown(tmp_path: Path, rows: str, *, site: str = "") -> tuple[Path, Path]:
    path, table = tmp_path / "chantier.toml", tmp_path / "machines.csv"
    path.write_text(site or EXAMPLE.read_text("utf-8"), "utf-8")
    table.write_text(rows, "utf-8")
    return path, table


def test_a_csv_file_adds_machines_and_touches_nothing_else(tmp_path: Path) -> None:
    rows = (
        "\ufeffid,class,label,zone,make,serial,tank_l,voltage,vgp,lifting\r\n"
        'X-1,roller,"Rouleau ""13 t"", neuf",bassin,Bomag,S\\N 4,120.5,12,2026-09-14,non\r\n'
        ",,,,,,,,,\r\n"
        "X-2,mobile-crane,,,,,,,,\r\n"
    )
    path, table = grown(tmp_path, rows)
    before = path.read_text("utf-8")
    new = add_to_site(table, path)
    assert path.read_text("utf-8").startswith(before)
    assert Site.load(path).machines[-2:] == new
    assert [one.id for one in new] == ["X-1", "X-2"]
    first = new[0]
    assert (first.label, first.serial, first.tank_l) == ('Rouleau "13 t", neuf', "S\\N 4", 120.5)
    assert (first.voltage, str(first.vgp), first.lifting) == (12, "2026-09-14", False)


def test_every_fault_of_a_csv_file_is_told_at_once_and_nothing_is_added(tmp_path: Path) -> None:
    rows = (
        "id;class;zone;voltage;vgp\n"
        "EX-001;roller;bassin;24;\n"
        "X-1;rolller;bassin;24;\n"
        "X-2;roller;nowhere;many;soon\n"
        ";roller;;;\n"
        "X 3;roller;;;;;\n"
    )
    path, table = grown(tmp_path, rows)
    before = path.read_bytes()
    with pytest.raises(SiteError) as refused:
        add_to_site(table, path)
    told = "\n".join(refused.value.faults)
    for fault in (
        "line 2: 'EX-001' is in the site file already",
        "line 3 (X-1), class: found 'rolller'",
        "line 4, voltage: found 'many'; allowed: a number",
        "line 4, vgp: found 'soon'; allowed: a date such as 2026-09-14",
        "line 4 (X-2), zone: found 'nowhere'",
        "line 5, id: missing; it must be there",
        "line 6: 7 cells; 5 columns",
    ):
        assert fault in told
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path, table]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("id,clas\nX-1,roller\n", "unknown column 'clas'; did you mean 'class'?"),
        ("label\nRouleau\n", "the column 'id' is missing"),
        ("id,class,id\nX-1,roller,X-2\n", "'id' twice"),
        ("id,class\n", "there is no machine in it"),
        ("id,class\nX-1,roller\nX-1,roller\n", "found 'X-1' 2 times"),
    ],
)
def test_a_csv_file_of_another_kind_is_explained(tmp_path: Path, rows: str, told: str) -> None:
    path, table = grown(tmp_path, rows)
    with pytest.raises(SiteError, match="nothing was added") as refused:
        add_to_site(table, path)
    assert told in str(refused.value)


def test_papers_without_a_note_or_with_a_strange_key_are_no_identity(tmp_path: Path) -> None:
    cloud = Cloud(name="aws", region="eu-west-3")
    at = folder(tmp_path, cloud, "site") / "X-1"
    assert find(tmp_path, cloud, "site", "X-1") is None
    for name, text in ((KEY_FILE, "key"), (CERTIFICATE_FILE, "certificate"), (ABOUT_FILE, "{}")):
        write_private(at / name, text.encode())
        assert find(tmp_path, cloud, "site", "X-1") is None


def test_calls_keep_their_distance_each_operation_its_own() -> None:
    pace = Pace({"Fast": 100.0})
    started = time.monotonic()
    for _ in range(4):
        pace.wait("Fast")
        pace.wait("Slow")
    # Four calls have three gaps; the slow operation's are the longer ones.
    assert time.monotonic() - started >= 3 / (SHARE * 10.0)


def test_each_goes_on_after_an_error_and_keeps_the_order() -> None:
    counted = []

    def half(number: int) -> int:
        if number % 2:
            raise ChantierError(f"{number} is odd", "Try another.")
        return number // 2

    outcomes = each(half, range(20), tick=lambda done, there: counted.append((done, there)))
    assert [one.of for one in outcomes] == list(range(20))
    assert [one.made for one in outcomes if one.made is not None] == list(range(10))
    assert failures(outcomes)[:2] == ["1: 1 is odd", "3: 3 is odd"]
    assert counted == [(number, 20) for number in range(1, 21)]


def stop(number: int) -> None:
    if number == 0:
        raise KeyboardInterrupt
    time.sleep(0.01)


@pytest.mark.parametrize("act", [stop])
def test_ctrl_c_leaves_what_was_not_begun(act: Callable[[int], None]) -> None:
    begun: list[int] = []

    def noted(number: int) -> None:
        begun.append(number)
        act(number)

    with pytest.raises(KeyboardInterrupt):
        each(noted, range(500), workers=2)
    assert len(begun) < 500
