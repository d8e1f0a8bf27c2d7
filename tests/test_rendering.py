"""Code in YAML: the short way writes what yaml itself would have written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chantier import rendering

LINES = st.lists(st.text("ab #-:'\"\\{}\t\u00e9\u2028.", max_size=6), min_size=1, max_size=5)
CODE = ["a\nb\n", "a\n\nb\n", "a\n  b\n", "a b\nc\n"]


class _Slow(rendering._Dumper):  # noqa: SLF001 - the same without the short way
    def analyze_scalar(self, scalar: str) -> Any:
        return yaml.SafeDumper.analyze_scalar(self, scalar)

    def write_literal(self, text: str) -> None:
        yaml.SafeDumper.write_literal(self, text)


def written(text: str, dumper: type[yaml.SafeDumper]) -> str:
    body = {"one": {"ZipFile": text, "two": [text, "x"]}, "three": 3}
    return str(yaml.dump(body, Dumper=dumper, sort_keys=False, width=100, allow_unicode=True))


@pytest.mark.parametrize("text", CODE)
def test_code_takes_the_short_way(text: str) -> None:
    assert rendering.PLAIN_CODE.fullmatch(text)
    assert written(text, rendering._Dumper) == written(text, _Slow)  # noqa: SLF001


@given(LINES, st.sampled_from(["", "\n", "\n\n"]))
def test_any_text_is_written_as_yaml_writes_it_and_read_as_it_was(
    lines: list[str], end: str
) -> None:
    text = "\n".join(lines) + end
    fast = written(text, rendering._Dumper)  # noqa: SLF001 - the dumper is what is compared
    assert fast == written(text, _Slow)
    assert yaml.safe_load(fast)["one"]["two"][0] == text
