"""What the audit rests on: answers with reasons, and policies without a function left in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chantier.answers import ANSWERS, answer
from chantier.site import EXAMPLE, Site
from chantier.template import build, synthesize
from tests.audit.loading import load, resolved

LONGEST = 100


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


def test_every_answer_is_one_line_with_a_reason() -> None:
    reasons = [why for given in ANSWERS.values() for why in given.values()]
    assert reasons
    assert all(why.strip() == why and 10 < len(why) < LONGEST for why in reasons)
    assert not any("\n" in why for why in reasons)


def test_every_answer_is_for_something_that_the_template_has(site: Site) -> None:
    resources = build(site).resources
    there = {*resources, *(one.resource_type for one in resources.values())}
    assert set(ANSWERS) <= there


def test_an_answer_stands_in_the_metadata_where_its_checker_reads_it(site: Site) -> None:
    resources = build(site).to_dict()["Resources"]
    skip = resources["Detect"]["Metadata"]["checkov"]["skip"]
    answered = {*ANSWERS["AWS::Lambda::Function"]} - {"CKV_AWS_115"}
    assert [one["id"] for one in skip] == sorted(answered), "concurrency is a parameter here"
    assert all(one["comment"] for one in skip)
    assert resources["WatchRole"]["Metadata"]["chantier"]["answers"] == ANSWERS["WatchRole"]
    assert "Metadata" not in resources["DetectRole"]


def test_an_answer_leaves_what_else_the_metadata_says(site: Site) -> None:
    template = build(site)
    topic = template.resources["AlertsTopic"]
    topic.Metadata = {"owner": "them"}
    answer(template, {"AlertsTopic": {"CKV_AWS_26": "a reason that is one"}})
    said = topic.to_dict()["Metadata"]
    assert said["owner"] == "them"
    assert said["checkov"] == {"skip": [{"id": "CKV_AWS_26", "comment": "a reason that is one"}]}


def test_no_intrinsic_function_is_left_in_what_parliament_reads(
    site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(synthesize(site), "utf-8")
    body = load(path)
    assert body == json.loads(json.dumps(build(site).to_dict()))
    text = json.dumps(resolved(body["Resources"], body))
    assert "Fn::" not in text
    assert '"Ref"' not in text
    assert "arn:aws:dynamodb:eu-west-3:123456789012:table/AlertsTable" in text
