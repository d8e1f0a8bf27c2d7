"""Quotas: what a site would pass is a sentence with the value, the limit and what to set."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.quotas import (
    CONNECTS,
    EXECUTIONS,
    FLOW,
    INLINE,
    QUOTAS,
    RECORDS,
    REQUEST,
    RESOURCES,
    THING,
    Passed,
    check,
)
from chantier.quotas import TEMPLATE as TEMPLATE_BYTES
from chantier.site import EXAMPLE, Site


def site_with(machines: int, size: str = "starter") -> Site:
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["machines"] = [{"id": f"M-{n:05}", "class": "roller"} for n in range(machines)]
    return Site.model_validate(said).of_size(size)


def resources(things: int, others: int = 30) -> dict[str, str]:
    return {
        **{f"Thing{n}": THING for n in range(things)},
        **{f"Other{n}": "AWS::SQS::Queue" for n in range(others)},
    }


def test_the_example_site_passes_no_quota() -> None:
    assert check(Site.load(EXAMPLE), "x" * 90_000, resources=resources(12)) == []


def test_500_resources_fit_and_501_are_refused_with_what_to_set() -> None:
    site = site_with(12)
    assert check(site, "", resources=resources(12, 488)) == []
    (passed,) = check(site, "", resources=resources(12, 489))
    assert passed.refused
    assert passed.sentence == ("501 resources in one CloudFormation stack: AWS's quota is 500.")
    assert '[site] size = "fleet"' in passed.to_do


def test_a_fleet_of_too_many_resources_is_not_told_to_become_one() -> None:
    (passed,) = check(site_with(12, "fleet"), "", resources=resources(0, 501))
    assert passed.refused
    assert "another stack" in passed.to_do


def test_bytes_are_counted_as_utf_8_and_a_million_are_taken() -> None:
    site = site_with(12)
    assert check(site, "é" * 500_000, resources={}) == []
    (passed,) = check(site, "é" * 500_001, resources={})
    assert (passed.quota, passed.value, passed.refused) == (TEMPLATE_BYTES, 1_000_002, True)


def test_only_the_minimal_template_must_fit_in_one_request() -> None:
    site, body = site_with(12), "x" * 51_201
    assert check(site, body, resources={}) == []
    (passed,) = check(site, body, resources={}, minimal=True)
    assert (passed.quota, passed.refused) == (REQUEST, False)
    assert check(site, "x" * 51_200, resources={}, minimal=True) == []


def test_code_longer_than_a_function_takes_is_refused_by_name() -> None:
    code = {"Detect": 4_194_304, "Mine": 4_194_305}
    (passed,) = check(site_with(12), "", resources={}, code=code)
    assert (passed.quota, passed.refused) == (INLINE, True)
    assert "Mine" in passed.to_do


@pytest.mark.parametrize(
    ("machines", "size", "quotas"),
    [
        (100, "starter", ()),
        (101, "starter", (CONNECTS,)),
        (436, "starter", (CONNECTS,)),
        (437, "starter", (CONNECTS, FLOW)),
        (471, "starter", (RESOURCES, CONNECTS, FLOW)),
        (1_001, "starter", (RESOURCES, CONNECTS, RECORDS, FLOW, EXECUTIONS)),
        (10_000, "fleet", (CONNECTS, RECORDS, FLOW)),
    ],
)
def test_what_depends_on_machines_is_advice(
    machines: int, size: str, quotas: tuple[object, ...]
) -> None:
    passed = check(site_with(machines, size), "", resources=resources(0, 30))
    assert [one.quota for one in passed] == list(quotas)
    assert not any(one.refused for one in passed)


def test_ten_thousand_machines_spread_their_connections_over_a_hundred_seconds() -> None:
    passed = check(site_with(10_000, "fleet"), "", resources={})
    assert passed[0].to_do == "Let each wait a random time, up to 100 s, before it connects"


def test_a_number_that_was_not_verified_says_so() -> None:
    assert "not verified" in Passed(EXECUTIONS, 1_001, "").sentence
    assert "not verified" not in Passed(CONNECTS, 101, "").sentence


def test_every_quota_names_its_page() -> None:
    assert all(one.source.startswith("https://docs.aws.amazon.com/") for one in QUOTAS)
    assert len({one.what for one in QUOTAS}) == len(QUOTAS)


def write_site(folder: Path, machines: int) -> Path:
    head = EXAMPLE.read_text("utf-8").partition("[[machines]]")[0]
    tables = (f'[[machines]]\nid = "M-{n:05}"\nclass = "roller"\n' for n in range(machines))
    path = folder / "chantier.toml"
    path.write_text(head + "".join(tables), "utf-8")
    return path


def test_synth_says_advice_on_stderr_and_the_template_on_stdout(tmp_path: Path) -> None:
    path = write_site(tmp_path, 1_001)
    told = CliRunner().invoke(main, ["synth", "--site", str(path)])
    assert told.exit_code == 0
    assert 'Set [site] size = "fleet" in the site file' in told.stderr
    assert told.stdout.startswith("AWSTemplateFormatVersion")
    assert "Note:" not in told.stdout


def test_synth_in_another_size_leaves_the_file_alone(tmp_path: Path) -> None:
    path = write_site(tmp_path, 12)
    before = path.read_bytes()
    told = CliRunner().invoke(main, ["synth", "--site", str(path), "--size", "fleet"])
    assert "\n  IngestQueue:\n" in told.stdout
    assert path.read_bytes() == before
    assert "IngestQueue" not in CliRunner().invoke(main, ["synth", "--site", str(path)]).stdout


def test_a_minimal_fleet_is_a_contradiction(tmp_path: Path) -> None:
    path = write_site(tmp_path, 12)
    told = CliRunner().invoke(main, ["synth", "--site", str(path), "--size", "fleet", "--minimal"])
    assert told.exit_code == 2
    assert "--minimal is a starter's" in told.stderr


def test_a_template_that_cloudformation_would_refuse_is_not_printed(tmp_path: Path) -> None:
    # Names as long as they may be do not compress, and every function carries them.
    head = EXAMPLE.read_text("utf-8").partition("[[machines]]")[0]
    path = tmp_path / "chantier.toml"
    tables = (f'[[machines]]\nid = "{_noise(n)}"\nclass = "roller"\n' for n in range(10_000))
    path.write_text(head + "".join(tables), "utf-8")
    told = CliRunner().invoke(main, ["synth", "--site", str(path), "--size", "fleet"])
    assert told.exit_code == 1
    assert told.stdout == ""
    assert "AWS's quota is 1,000,000" in told.stderr
    assert "Split the site" in told.stderr


def _noise(number: int) -> str:
    """64 characters that follow from a number and look like nothing."""
    return sha256(str(number).encode()).hexdigest()


@pytest.mark.parametrize(("machines", "told"), [(300, False), (301, True)])
def test_a_starter_with_too_many_machines_for_things_is_told_so(
    tmp_path: Path, machines: int, *, told: bool
) -> None:
    path = tmp_path / "chantier.toml"
    text = EXAMPLE.read_text("utf-8").partition("[[machines]]")[0]
    named = (f'[[machines]]\nid = "M-{n}"\nclass = "roller"\n' for n in range(machines))
    path.write_text(text + "".join(named), "utf-8")
    said = CliRunner().invoke(main, ["synth", "--site", str(path)])
    assert said.exit_code == 0
    assert ("too many for a thing each" in said.stderr) == told
