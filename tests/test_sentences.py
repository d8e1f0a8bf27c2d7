"""The words of every alert, in both languages: complete, exact, figures as people write them."""

from __future__ import annotations

import json
import re
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.detection import DEFAULTS
from chantier.detection.j1939_en import FMI as FMI_EN
from chantier.detection.j1939_en import SPN as SPN_EN
from chantier.detection.j1939_fr import FMI as FMI_FR
from chantier.detection.j1939_fr import SPN as SPN_FR
from chantier.detection.memory import Event
from chantier.detection.sentence import Phrases, Words, named_fault, sentence
from chantier.detection.words_en import WORDS as EN
from chantier.detection.words_fr import WORDS as FR
from tests.stories import START

# Code -> how many levels it has.
ALERTS = {
    "COOLANT_HIGH": 3,
    "HYD_TEMP_HIGH": 2,
    "OIL_PRESS_LOW": 1,
    "FUEL_LOW": 2,
    "FUEL_DROP": 1,
    "REFUEL": 1,
    "DEF_LOW": 2,
    "IDLE_LONG": 2,
    "OFF_HOURS": 1,
    "GEOFENCE_EXIT": 1,
    "TOW": 1,
    "BATT_LOW": 3,
    "BATT_HIGH": 1,
    "TILT": 2,
    "OVERSPEED": 1,
    "DTC": 2,
    "NO_SIGNAL": 2,
    "SERVICE_DUE": 2,
    "VGP_DUE": 2,
}
FAULTS = {
    "TILT": ("roll", "pitch"),
    "SERVICE_DUE": ("250", "2000"),
    "DTC": ("110-15", "100-1@0", "9999-3", "110-29", "x"),
}
EVERY = [
    (code, level, fault)
    for code, levels in ALERTS.items()
    for level in range(1, levels + 1)
    for fault in FAULTS.get(code, ("",))
]
assert ALERTS.keys() == DEFAULTS.keys()
EXACT = json.loads(Path(__file__).with_name("sentences.json").read_text("utf-8"))
LANGUAGES = pytest.mark.parametrize("words", [FR, EN], ids=["fr", "en"])


def event(
    code: str,
    level: int = 1,
    figures: tuple[float | None, float | None, str] = (None, None, ""),
    *,
    fault: str = "",
) -> Event:
    """An event of which only what is said matters; figures are value, limit and unit."""
    return Event("open", code, fault, "warning", level, START, START, START, *figures, 1, 2, 3)


def said(words: Words, happened: Event, zone: str = "Plateforme nord") -> str:
    return sentence(
        happened,
        words,
        machine="EX-001",
        zone=zone,
        clock=lambda t, pattern: time.strftime(pattern, time.gmtime(t)),
    )


@LANGUAGES
@pytest.mark.parametrize(("code", "level", "fault"), EVERY)
@pytest.mark.parametrize("figures", [(None, None), (12.3456, None), (126, 10.5), (None, 10)])
def test_every_alert_has_a_whole_sentence(
    words: Words, code: str, level: int, fault: str, figures: tuple[float | None, float | None]
) -> None:
    text = said(words, event(code, level, (*figures, "L"), fault=fault))
    assert text.startswith("EX-001")
    assert text.endswith(".")
    assert not re.search(r"[{}?]|  | ,|\( |None|nan", text), text
    assert "21/09" in text
    assert "Plateforme nord" in text
    assert text.isprintable()
    assert 40 < len(text) < 330


@LANGUAGES
def test_every_code_has_its_words_at_each_level(words: Words) -> None:
    for table in (words["title"], words["what"], words["todo"]):
        assert {key.partition("/")[0] for key in table} == ALERTS.keys()
        for key, texts in table.items():
            assert len(texts) in (1, ALERTS[key.partition("/")[0]]), key
    for key, texts in words["todo"].items():
        severities = ALERTS[key.partition("/")[0]]
        assert len(texts) == severities, f"{key}: to do at {severities} levels"
    assert words["when"].keys() - {""} <= ALERTS.keys()
    assert words["severity"].keys() == {"info", "warning", "critical"}


@LANGUAGES
def test_words_ask_only_for_what_is_known(words: Words) -> None:
    """A misspelt field would silently leave the title alone."""
    asked = {
        field
        for texts in words["what"].values()
        for text in texts
        for _, field, _, _ in string.Formatter().parse(text)
        if field is not None
    }
    assert asked <= {"value", "limit", "unit", "amount", "fault"}


def test_both_languages_say_the_same_things() -> None:
    tables: tuple[tuple[Phrases, Phrases], ...] = (
        (FR["frame"], EN["frame"]),
        (FR["when"], EN["when"]),
        (FR["title"], EN["title"]),
        (FR["what"], EN["what"]),
        (FR["todo"], EN["todo"]),
        (FR["severity"], EN["severity"]),
    )
    for french, english in tables:
        assert french.keys() == english.keys()
        for key, texts in french.items():
            assert len(texts) == len(english[key]), key
            for one, other in zip(texts, english[key], strict=True):
                assert fields(one) == fields(other), key
    assert SPN_FR.keys() == SPN_EN.keys()
    assert FMI_FR.keys() == FMI_EN.keys() == {*range(23), 31}


def fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("case", EXACT, ids=lambda case: f"{case['code']}-{case['level']}")
def test_a_sentence_word_for_word(case: dict[str, Any]) -> None:
    figures = (case["value"], case["limit"], case["unit"])
    happened = event(case["code"], case["level"], figures, fault=case["fault"])
    assert said(FR, happened) == case["fr"]
    assert said(EN, happened) == case["en"]


def test_a_machine_without_a_zone_names_none() -> None:
    text = said(FR, event("OFF_HOURS"), zone="")
    assert "21/09 à 14:13. Vérifier" in text
    assert "zone" not in text


def test_a_missing_figure_leaves_the_short_title() -> None:
    assert said(FR, event("OIL_PRESS_LOW")).startswith(
        "EX-001 : pression d'huile basse, depuis le 21/09"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5 min"),
        (119.4, "119.4 min"),
        (120, "2 h"),
        (135.4, "2 h 15 min"),
        (2880, "48 h"),
        (0.001, "0 min"),
        (-0.001, "0 min"),
        (59.999, "60 min"),
    ],
)
def test_a_long_time_is_said_in_hours(value: float, text: str) -> None:
    assert f"({text})" in said(EN, event("IDLE_LONG", 1, (value, None, "min")))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (23.456, "23,46"),
        (100.04, "100"),
        (999.96, "1000"),
        (12345.6, "12346"),
        (0.000012, "0"),
        (1e15, "1000000000000000"),
    ],
)
def test_a_figure_has_a_comma_and_never_an_exponent(value: float, text: str) -> None:
    assert f"à {text} V" in said(FR, event("BATT_HIGH", 1, (value, 29.6, "V")))


@given(st.floats(-999, 999))
def test_a_figure_has_at_most_four_digits(value: float) -> None:
    text = said(FR, event("BATT_HIGH", 1, (value, 29.6, "V")))
    found = re.search(r"à (-?[\d,]+) V", text)
    assert found
    assert len(found[1].strip("-").replace(",", "")) <= 4
    assert found[1] != "-0"


@pytest.mark.parametrize(
    ("fault", "count", "text"),
    [
        ("100-1", 3, "100-1 (pression d'huile moteur : valeur trop basse, niveau le plus grave)"),
        ("639-19@23", None, "639-19 (réseau CAN J1939 : donnée du réseau reçue en erreur)"),
        ("520300-5", None, "520300-5 (courant trop faible ou circuit ouvert)"),
        ("110-25", None, "110-25 (température du liquide de refroidissement : FMI 25)"),
        ("520300-25", None, "520300-25 (FMI 25)"),
        ("110", None, "110"),
        ("a-b@c", 3, "a-b@c"),
    ],
)
def test_a_fault_code_is_named_as_far_as_it_is_known(
    fault: str, count: int | None, text: str
) -> None:
    assert named_fault(fault, count, FR).startswith(text)


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (1, ", vu 1 fois", ", occurrence count 1"),
        (125, ", vu 125 fois", ", occurrence count 125"),
        (126, ", vu 126 fois ou plus", ", occurrence count 126 or more"),
        (127, "", ""),
        (0, "", ""),
        (None, "", ""),
    ],
)
def test_an_occurrence_count_is_said_where_it_is_known(
    count: int | None, french: str, english: str
) -> None:
    assert (
        named_fault("9-11@3", count, FR) == f"9-11 (cause non identifiée), calculateur 3{french}"
    )
    assert named_fault("9-11@3", count, EN) == f"9-11 (cause not known), controller 3{english}"
