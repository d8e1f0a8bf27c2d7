"""The picture of a day: well-formed, of the right machine, in the site's language."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.day_plot import plot_day
from chantier.day_words import WORDS
from chantier.errors import ChantierError
from chantier.site import EXAMPLE, Site

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = Path(__file__).parents[1] / "bench" / "figures"


def english(site: Site) -> Site:
    return site.model_copy(update={"site": site.site.model_copy(update={"language": "en"})})


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


def texts(path: Path) -> list[str]:
    root = ET.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own file
    return [str(one.text) for one in root.iter(f"{SVG}text")]


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["fr"].keys() == WORDS["en"].keys()


def test_every_quantity_has_its_unit_and_every_line_its_word(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "day.svg"
    told = plot_day(english(site), "EX-002", seed=1, out=out)
    said = texts(out)
    assert told["machine"] == "EX-002"
    assert said[0] == "EX-002 · Pelle 22 t · 2026-10-14"
    for word in ("Engine speed (rpm)", "Temperatures (°C)", "Fuel level (% of tank)", "coolant"):
        assert word in said
    assert {"07:00", "12:00", "17:00"} <= set(said)


def test_the_picture_stays_inside_its_page(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "day.svg"
    plot_day(site, None, seed=1, out=out)
    root = ET.fromstring(out.read_text("utf-8"))  # noqa: S314 - our own file
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = list(root.iter(f"{SVG}rect"))
    assert len(boxes) > 20
    for box in boxes:
        assert 0 <= float(box.get("x", 0)) <= width
        assert float(box.get("x", 0)) + float(box.attrib["width"]) <= width + 0.1
        assert float(box.get("y", 0)) + float(box.attrib["height"]) <= height


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_picture_of_the_readme_is_the_one_that_is_drawn(
    site: Site, tmp_path: Path, language: str
) -> None:
    out = tmp_path / "day.svg"
    plot_day(site if language == "fr" else english(site), None, seed=1, out=out)
    kept = FIGURES / f"day.{language}.svg"
    assert out.read_text("utf-8") == kept.read_text("utf-8"), f"draw {kept.name} again"


def test_a_machine_that_is_not_there_and_a_file_that_cannot_be_written_are_said(
    site: Site, tmp_path: Path
) -> None:
    with pytest.raises(ChantierError, match="EX-999 does not take part"):
        plot_day(site, "EX-999", seed=1, out=tmp_path / "day.svg")
    with pytest.raises(ChantierError, match="cannot be written"):
        plot_day(site, None, seed=1, out=tmp_path / "nowhere" / "day.svg")


def test_the_command_draws(tmp_path: Path) -> None:
    out = tmp_path / "day.svg"
    asked = ["simulate", "--site", str(EXAMPLE), "--plot", str(out), "--machine", "TB-001"]
    told = CliRunner().invoke(main, asked)
    assert told.exit_code == 0, told.output
    assert told.stdout.strip() == str(out)
    assert "Tombereau" in out.read_text("utf-8")
