"""What is kept beside Python's own compiled files: right, or made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chantier import bundle as bundler
from chantier import parts
from chantier.bundle import bundle
from chantier.kept import kept


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    return tmp_path / "module.py"


def say(word: str, calls: list[str]) -> list[str]:
    calls.append(word)
    return [word]


def test_what_is_kept_is_not_made_again_until_its_key_changes(module: Path) -> None:
    calls: list[str] = []
    for key in ("1", "1", "2"):
        assert kept(module, "x", key=key, make=lambda key=key: say(key, calls)) == [key]  # type: ignore[misc]  # a default binds the loop's value
    assert calls == ["1", "2"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "1"}', '{"value": 3}', "\x00"])
def test_what_is_damaged_is_made_again(module: Path, damage: str) -> None:
    kept(module, "x", key="1", make=lambda: "first")
    (file,) = (module.parent / "__pycache__").iterdir()
    file.write_text(damage, "utf-8")
    assert kept(module, "x", key="1", make=lambda: "second") == "second"
    assert [*(module.parent / "__pycache__").iterdir()] == [file], "no draft is left"


def test_nothing_is_kept_without_a_key_or_where_python_keeps_nothing(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept(module, "x", key="", make=lambda: 1) == 1
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert kept(module, "x", key="1", make=lambda: 2) == 2
    assert not (module.parent / "__pycache__").exists()


def test_where_nothing_can_be_written_the_answer_is_the_same(module: Path) -> None:
    (module.parent / "__pycache__").write_text("a file in the way", "utf-8")
    assert kept(module, "x", key="1", make=lambda: [1, 2]) == [1, 2]


def test_a_change_of_a_module_is_in_the_next_bundle(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundler, "ROOT", module.parent)
    for word in ("one", "two"):
        parts.parts_of.cache_clear()
        module.write_text(f"def run():\n    '''Text.'''\n    return {word!r}\n", "utf-8")
        os.utime(module, (0, 0))
        assert f"return {word!r}" in bundle("chantier.module", footer="run()")
