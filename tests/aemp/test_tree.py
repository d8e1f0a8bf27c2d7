"""Files that are no snapshot: where they are broken, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from chantier.aemp import tree
from chantier.aemp.feeding import read_page
from chantier.aemp.tree import read_tree
from chantier.errors import ChantierError

BOMB = b"""<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Fleet><Equipment>&b;</Equipment></Fleet>"""
OUTSIDE = b"""<!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/hostname">]><Fleet><Equipment>&a;</Equipment></Fleet>"""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<Fleet>\n<Equipment>", r"line 2, column 12: broken XML: no element found"),
        (b"<Fleet><Equipment></Fleet>", r"line 1, column \d+: broken XML: mismatched tag"),
        (b"not a snapshot", r"line 1, column 1: broken XML: syntax error"),
        (b"\x89PNG\r\n", "broken XML"),
        (b"<Report/>", "neither a Fleet nor an Equipment"),
        (b"<Fleet/>", "neither a Fleet nor an Equipment|without any equipment"),
        (BOMB, "declares a document type or entities"),
        (OUTSIDE, "declares a document type or entities"),
        (b'{"Fleet": ', r"line 1, column 11: broken JSON"),
        (b'{"Fleet": {}}', "without any equipment"),
        (b'{"rows": []}', "neither a Fleet nor an Equipment"),
        (b'{"Fleet": "\xff"}', "cannot be decoded"),
        (b"[" * 100_000, "cannot be decoded|broken JSON|nested deeper"),
        (b"<a>" * 60 + b"</a>" * 60, "nested deeper"),
        (b'<?xml version="1.0" encoding="klingon"?><Fleet/>', "cannot be decoded|broken XML"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_in_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(ChantierError, match=why) as refused:
        read_tree(content, "fleet.xml")
    assert refused.value.message.startswith("fleet.xml")
    assert refused.value.hint


def test_a_file_that_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_BYTES", 10)
    with pytest.raises(ChantierError, match="at most"):
        read_tree(b"<Fleet></Fleet>", "fleet.xml")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ChantierError, match="No such file"):
        read_page(tmp_path / "none.xml", (), now=0)


def test_other_encodings_are_read() -> None:
    body = "<Fleet><Equipment><Model>Pelle à chenilles</Model></Equipment></Fleet>"
    text = '<?xml version="1.0" encoding="{0}"?>' + body
    for encoding in ("utf-8", "iso-8859-1", "utf-16"):
        fleet = read_tree(text.format(encoding).encode(encoding), "fleet.xml")
        assert fleet["equipment"][0]["model"] == "Pelle à chenilles"


def test_one_equipment_alone_is_a_fleet_of_one() -> None:
    fleet = read_tree(b"<Equipment><EquipmentHeader/></Equipment>", "one.xml")
    assert len(fleet["equipment"]) == 1
    fleet = read_tree(b'{"EquipmentHeader": {"PIN": "1"}}', "one.json")
    assert fleet["equipment"][0]["equipmentheader"] == {"pin": "1"}
