"""The packed function: it says what it is, and runs as its source does."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.errors import ChantierError
from chantier.packing import LINE, packed, unpacked
from chantier.resources.functions import source
from chantier.site import EXAMPLE, Site
from tests.stories import load_cases, told_by
from tests.test_detection import fold

BROKEN = """from __future__ import annotations

def handler(event, context=None):
    depth = event["depth"]
    return 1 / depth  # here it goes wrong
"""
LOG = """
import sys, traceback
sys.path.insert(0, ".")
import index
try:
    index.handler({"depth": 0})
except ZeroDivisionError as error:
    # Lambda's runtime takes it apart for the log, `logging` prints it.
    for part in traceback.extract_tb(error.__traceback__):
        print(part.filename, part.lineno, part.name, part.line)
    traceback.print_exc()
"""


def run(text: str) -> ModuleType:
    module = ModuleType("index")
    exec(compile(text, "index.py", "exec"), module.__dict__)  # noqa: S102 - it is the product
    return module


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=3000))
def test_what_was_packed_is_unpacked(text: str) -> None:
    made = packed(text, "detect")
    assert unpacked(made) == text
    assert made.isascii()
    assert max(map(len, made.splitlines())) <= LINE
    assert not set("$\\\t") & set(made), "nothing that YAML, Python or CloudFormation would read"
    assert "{" not in made


def test_the_head_says_how_to_read_it_and_which_source_it_is() -> None:
    head = packed(BROKEN, "detect").splitlines()[:3]
    assert all(line.startswith("# ") for line in head)
    assert "chantier source detect" in head[1]
    assert head[2].endswith(hashlib.sha256(BROKEN.encode()).hexdigest())


def test_it_is_much_shorter_and_the_same_on_every_run() -> None:
    text = source(Site.load(EXAMPLE), "detect")
    assert len(packed(text, "detect")) < len(text) * 0.6
    assert packed(text, "detect") == packed(text, "detect")


def test_a_traceback_shows_the_lines_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(packed(BROKEN, "detect"), "utf-8")
    command = [sys.executable, "-c", LOG]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    line = "return 1 / depth  # here it goes wrong"
    assert done.stdout.splitlines()[-1] == f"detect.py 5 handler {line}"
    assert f'File "detect.py", line 5, in handler\n    {line}\n' in done.stderr


def test_the_packed_function_is_the_function() -> None:
    text = source(Site.load(EXAMPLE), "detect").rstrip()
    code, _, last = text.rpartition("\n")
    assert last == "handler = Detect(SETTINGS, WORDS).handle"  # it wants Lambda's settings
    plain, shipped = run(code), run(packed(code, "detect"))
    assert set(vars(plain)) <= set(vars(shipped))
    case = next(case for case in load_cases() if fold(case))
    told = told_by(shipped, case)
    assert told
    assert told == [tuple(event) for event in fold(case)]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda _text: "handler = print\n", "not a packed function"),
        (lambda text: text.replace('PACKED = """\n', 'PACKED = """\nAAAA'), "is damaged"),
        (lambda text: text.replace('PACKED = """\n', 'PACKED = """\nA'), "is damaged"),
        (
            lambda text: text.replace(hashlib.sha256(BROKEN.encode()).hexdigest(), "0" * 64),
            "not the one that its first lines name",
        ),
    ],
)
def test_what_is_not_whole_is_refused(damage: object, said: str) -> None:
    assert callable(damage)
    with pytest.raises(ChantierError, match=said):
        unpacked(damage(packed(BROKEN, "detect")))
