"""The bundle: what is tested as modules is what is shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from chantier import bundle as bundler
from chantier.bundle import bundle
from chantier.decoding import decode
from chantier.detection.memory import Event, Memory
from chantier.detection.rules import Rules
from chantier.errors import ChantierError
from chantier.records import Alert
from chantier.resources.functions import source
from chantier.site import EXAMPLE, Site
from chantier.telemetry import Reading
from tests.stories import Case, load_cases, told_by
from tests.test_detection import fold

# Of the others this function knows nothing: what passes and what people do.
SPOKEN = [case for case in load_cases() if not any(step.deed for step in case.steps)]


@pytest.fixture(scope="module")
def index() -> ModuleType:
    """The shipped text, run as a module; without its last line, which wants Lambda's settings."""
    text = source(Site.load(EXAMPLE), "detect")
    code, _, last = text.rstrip().rpartition("\n")
    assert last == "handler = Detect(SETTINGS, WORDS).handle"
    module = ModuleType("index")
    exec(compile(code, "index.py", "exec"), module.__dict__)  # noqa: S102 - it is the product
    return module


@pytest.mark.parametrize("case", SPOKEN, ids=lambda case: case.name)
def test_the_bundle_tells_what_the_modules_tell(index: ModuleType, case: Case) -> None:
    assert told_by(index, case) == [tuple(event) for event in fold(case)]


def test_the_bundle_imports_the_standard_library_alone() -> None:
    text = source(Site.load(EXAMPLE), "detect")
    lines = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
    tops = {line.split()[1].split(".")[0] for line in lines}
    assert tops <= set(sys.stdlib_module_names)
    assert "boto3" not in text


def test_the_bundle_imports_nothing_that_is_slow_to_start() -> None:
    """`bench/detect.py` measures what each of them costs: 2 to 15 ms of every cold start."""
    text = source(Site.load(EXAMPLE), "detect")
    for slow in ("dataclasses", "email", "http", "inspect", "logging", "typing", "urllib"):
        assert f"import {slow}" not in text
        assert f"from {slow}" not in text


@pytest.mark.parametrize("ours", [Reading, Memory, Event, Rules, Alert], ids=lambda t: t.__name__)
def test_a_tuple_of_the_bundle_is_the_modules_tuple(
    index: ModuleType, ours: type[NamedTuple]
) -> None:
    shipped = getattr(index, ours.__name__)
    assert shipped._fields == ours._fields
    assert shipped._field_defaults == ours._field_defaults
    assert not hasattr(shipped(*ours._fields), "__dict__")
    properties = {name for name, value in vars(ours).items() if isinstance(value, property)}
    assert all(isinstance(getattr(shipped, name), property) for name in properties)


def test_the_bundle_is_the_same_on_every_run() -> None:
    program = (
        "from chantier.resources.functions import source; from chantier.site import *;"
        "print(source(Site.load(EXAMPLE), 'detect'))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(runs) == 1


def test_what_nothing_reaches_is_left_out(index: ModuleType) -> None:
    assert not hasattr(index, "encode")
    assert not hasattr(index, "SiteError")


def test_the_bundle_reads_what_the_module_reads(index: ModuleType) -> None:
    body = {"v": 1, "readings": [{"t": "2026-11-22T09:14:05Z", "cool_c": 88, "dtc": [[1, 2, 3]]}]}
    assert [tuple(r) for r in index.decode(body).readings] == [
        tuple(r) for r in decode(body).readings
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": "import chantier.b\n\n\ndef run(): ...\n", "b": ""}, "takes names, not modules"),
        (
            {"a": "from chantier.b import one as two\n\n\ndef run(): two\n", "b": "one = 1"},
            "cannot rename",
        ),
        ({"a": "from chantier.missing import one\n\n\ndef run(): one\n"}, "defining module"),
        (
            {
                "a": "from chantier.b import one\nONE = 1\n\n\ndef run(): one\n",
                "b": "one = ONE = 2",
            },
            "both define ONE",
        ),
        ({"a": "def run():\n    return f\"{'x'}\"\n"}, "a text inside an f-string's braces"),
    ],
)
def test_what_one_file_cannot_keep_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    monkeypatch.setattr(bundler, "ROOT", tmp_path)
    with pytest.raises(ChantierError, match=said):
        bundle("chantier.a", footer="run()")
