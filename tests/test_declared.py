"""The parameters of a template, and what fits them, before anything is sent."""

from __future__ import annotations

import pytest

from chantier.declared import check, declared, kept
from chantier.errors import ChantierError
from chantier.site import EXAMPLE, Site
from chantier.template import build, synthesize


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


def test_the_parameters_of_the_text_are_those_of_the_template(site: Site) -> None:
    assert declared(synthesize(site)) == build(site).to_dict()["Parameters"]
    assert declared("Resources: {}\n") == {}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AlertMail", "a@b.cd", "no parameter 'AlertMail'"),
        ("AlertEmail", "chef", "AlertEmail cannot be 'chef'"),
        ("BudgetAmount", "abc", "BudgetAmount cannot be 'abc'"),
        ("RawRetentionDays", "10", "RawRetentionDays cannot be '10'"),
        ("RawRetentionDays", "90.5", "RawRetentionDays cannot be '90.5'"),
        ("RawRetentionDays", "many", "RawRetentionDays cannot be 'many'"),
        ("LogLevel", "DEBUG", "LogLevel cannot be 'DEBUG'"),
        ("LogRetentionDays", "31", "LogRetentionDays cannot be '31'"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_sent(
    site: Site, name: str, value: str, told: str
) -> None:
    with pytest.raises(ChantierError, match=told) as refused:
        check({name: value}, declared(synthesize(site)))
    assert refused.value.hint


def test_what_fits_is_taken(site: Site) -> None:
    given = {"AlertEmail": "", "BudgetAmount": "0", "RawRetentionDays": "90", "LogLevel": "WARN"}
    check(given, declared(synthesize(site)))


def test_a_stack_that_keeps_what_the_site_file_says_otherwise_is_known(site: Site) -> None:
    before = {"RawRetentionDays": "200", "LogLevel": "INFO", "Gone": "x", "BudgetAmount": "1"}
    left = kept(before, {"BudgetAmount": "0"}, declared(synthesize(site)))
    assert left == {"RawRetentionDays": str(site.retention.raw_days)}
