"""The subject of an e-mail: short, plain, and always one that SNS takes."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.detection.sentence import Words
from chantier.detection.subject import MAX_SUBJECT, subject
from chantier.detection.words_en import WORDS as EN
from chantier.detection.words_fr import WORDS as FR
from tests.test_sentences import ALERTS

LANGUAGES = pytest.mark.parametrize("words", [FR, EN], ids=["fr", "en"])


class Mail(NamedTuple):
    """What a subject needs to know of an alert."""

    machine: str
    code: str
    severity: str
    level: int = 1
    fault: str = ""


@pytest.mark.parametrize(
    ("mails", "french", "english"),
    [
        (
            [Mail("EX-001", "OIL_PRESS_LOW", "critical")],
            "[CRITIQUE] EX-001 : pression d'huile basse",
            "[CRITICAL] EX-001: low oil pressure",
        ),
        (
            [Mail("EX-001", "TILT", "warning", 1, "roll")],
            "[AVERTISSEMENT] EX-001 : devers excessif",
            "[WARNING] EX-001: excessive sideways tilt",
        ),
        (
            [Mail("EX-001", "DTC", "warning", 1, "110-15@0")],
            (
                "[AVERTISSEMENT] EX-001 : code defaut 110-15@0, temperature du liquide de "
                "refroidissement"
            ),
            "[WARNING] EX-001: fault code 110-15@0, coolant temperature",
        ),
        (
            [Mail("EX-001", "DTC", "warning", 1, "520300-5")],
            "[AVERTISSEMENT] EX-001 : code defaut 520300-5",
            "[WARNING] EX-001: fault code 520300-5",
        ),
        (
            [Mail("EX-001", "VGP_DUE", "critical", 2)],
            "[CRITIQUE] EX-001 : VGP echue",
            "[CRITICAL] EX-001: periodic inspection due",
        ),
        (
            [
                Mail("EX-001", "BATT_LOW", "warning"),
                Mail("EX-001", "OIL_PRESS_LOW", "critical"),
                Mail("EX-001", "FUEL_LOW", "warning"),
            ],
            "[CRITIQUE] EX-001 : 3 alertes",
            "[CRITICAL] EX-001: 3 alerts",
        ),
        (
            [Mail(f"EX-{number:03}", "NO_SIGNAL", "warning", 2) for number in range(12)],
            "[AVERTISSEMENT] plus de signal : 12 engins",
            "[WARNING] no signal: 12 machines",
        ),
        (
            [
                Mail("EX-001", "TILT", "warning", 1, "roll"),
                Mail("EX-002", "TILT", "critical", 2, "pitch"),
            ],
            "[CRITIQUE] inclinaison excessive : 2 engins",
            "[CRITICAL] excessive tilt: 2 machines",
        ),
        (
            [
                Mail("EX-001", "FUEL_LOW", "warning"),
                Mail("EX-002", "DEF_LOW", "warning"),
                Mail("EX-002", "FUEL_LOW", "warning"),
            ],
            "[AVERTISSEMENT] 3 alertes : 2 engins",
            "[WARNING] 3 alerts: 2 machines",
        ),
    ],
)
def test_a_subject_word_for_word(mails: list[Mail], french: str, english: str) -> None:
    assert subject(mails, FR) == french
    assert subject(mails, EN) == english


MAILS = st.builds(
    Mail,
    st.text(max_size=130) | st.sampled_from(["EX-001", "é" * 120, "a\nb\r\tc\x00\u2028"]),
    st.sampled_from(sorted(ALERTS)),
    st.sampled_from(["info", "warning", "critical"]),
    st.integers(1, 3),
    st.sampled_from(["", "roll", "pitch", "110-15", "110-15@0", "²-3"]) | st.text(max_size=99),
)


@LANGUAGES
@given(mails=st.lists(MAILS, min_size=1, max_size=5))
def test_a_subject_is_always_one_that_sns_takes(words: Words, mails: list[Mail]) -> None:
    text = subject(mails, words)
    assert 0 < len(text) <= MAX_SUBJECT < 100
    assert text.isascii()
    assert text.isprintable()
    assert text.startswith("[")


def test_a_cut_subject_says_so() -> None:
    text = subject([Mail("EX-" + "0" * 120, "TOW", "critical")], FR)
    assert len(text) == MAX_SUBJECT
    assert text.endswith("...")


def test_no_alert_has_no_subject() -> None:
    with pytest.raises(ValueError, match=r"empty|no alert"):
        subject([], FR)


@LANGUAGES
def test_titles_fold_without_losing_a_letter(words: Words) -> None:
    """What has no ASCII form (as in œuf) would vanish from a subject."""
    for text in (
        *(text for texts in words["title"].values() for text in texts),
        *words["spn"].values(),
    ):
        assert len(subject([Mail(text, "DTC", "info", 1, "9-9")], words)) == len(
            subject([Mail("x" * len(text), "DTC", "info", 1, "9-9")], words)
        ), text
