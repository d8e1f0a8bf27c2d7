"""The README is true: its Python runs, its site-file faults are the ones told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chantier.detection import DEFAULTS
from chantier.errors import SiteError
from chantier.site import EXAMPLE, Site
from simulator.scenarios import SCENARIOS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_the_python_of_the_readme_runs(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - it is our own text
    printed = capsys.readouterr().out
    assert "Workshop" in printed or printed == "COOLANT_HIGH warning\n"


def test_the_readme_has_python_to_run() -> None:
    assert len(BLOCKS) == 2


def test_the_faults_that_the_readme_shows_are_the_ones_told(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8").replace('"zac-des-tilleuls"', '"ZAC"', 1)
    head, marker, tail = text.partition('id = "EX-004"')
    tail = tail.replace('zone = "bassin"', 'zone = "nord"\nvolts = 24', 1)
    path = tmp_path / "chantier.toml"
    path.write_text(head + marker + tail, "utf-8")
    with pytest.raises(SiteError) as refused:
        Site.load(path)
    shown = re.search(r"```\nchantier.toml has 3 faults:\n(.*?)```", README, re.DOTALL)
    assert shown
    assert sorted(refused.value.faults) == sorted(
        line.strip() for line in shown.group(1).splitlines()
    )


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)\b", README, re.MULTILINE)) <= targets


def test_every_scenario_stands_in_the_readme() -> None:
    assert {name for name in SCENARIOS if f"`{name}`" not in README} == set()


def test_every_alert_code_stands_in_the_readme() -> None:
    assert {code for code in DEFAULTS if f"| `{code}` |" not in README} == set()


def test_the_readme_counts_the_bytes_of_every_template() -> None:
    for path in (ROOT / "templates").glob("*.yaml"):
        row = re.search(
            rf"^\| \[`{re.escape(path.name)}`\].*\| ([\d,]+) \|$", README, re.MULTILINE
        )
        assert row, path.name
        # Bytes that are packed may differ by a few between builds of zlib.
        assert abs(int(row[1].replace(",", "")) - path.stat().st_size) < 100
