"""What operators change: every parameter is used, explained, and refuses what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from troposphere import Template

from chantier.resources import parameters
from chantier.sections.choices import RESERVED, RESERVED_ELSE
from chantier.site import EXAMPLE, Site
from chantier.template import build
from tests.settled import holds_all, settled

ARN = "arn:aws:quicksight:eu-west-1:123456789012:"
GOOD: dict[str, tuple[object, ...]] = {
    "AlertEmail": ("", "chef@chantier.example"),
    "OperationsEmail": ("", "astreinte+aws@chantier.example"),
    "BudgetAmount": ("0", "0.50", "0.05", "1", "25", "25.5", "25.50", "1000000"),
    "BudgetScope": ("account", "site"),
    "QuickSightPrincipalArn": (
        "",
        f"{ARN}user/default/chef",
        f"{ARN}user/default/Role/chef@chantier.example",
        f"{ARN}group/default/chantier",
        "arn:aws-us-gov:quicksight:us-gov-west-1:123456789012:user/default/chef",
    ),
    "RawRetentionDays": (90, 1095, 36_500),
    "LogRetentionDays": (1, 30, 365),
    "DeletionProtection": ("true", "false"),
    "AccessLogBucket": ("", "my-logs", "logs.example.com", "a" * 63),
    "RawBufferSeconds": (0, 60, 900),
    "LogLevel": ("INFO", "WARN"),
    "IotLogLevel": ("DISABLED", "ERROR", "WARN", "INFO"),
    "ReservedConcurrency": ("true", "false"),
}
BAD: dict[str, tuple[object, ...]] = {
    "AlertEmail": ("chef", "a b@c.d", "chef@chantier", "a@b.c, d@e.f", "a" * 250 + "@b.cd"),
    "OperationsEmail": ("astreinte", "@chantier.example", " "),
    "BudgetAmount": ("", "-1", "0.00", "0.0", "00", "1e3", "25 USD", "25,50", "12345678"),
    "BudgetScope": ("", "Account", "machine"),
    "QuickSightPrincipalArn": (
        "chef",
        "*",
        "arn:aws:iam::123456789012:user/chef",
        f"{ARN}user/default/*",
        f"{ARN}user/default/",
        f"{ARN}dashboard/default/chef",
    ),
    "RawRetentionDays": (0, 89, 36_501),
    "LogRetentionDays": (0, 2, 31, 10_000),
    "DeletionProtection": ("", "True", "yes"),
    "AccessLogBucket": ("My-logs", "ab", "-logs", "logs-", "s3://logs", "a" * 64),
    "RawBufferSeconds": (-1, 901),
    "LogLevel": ("", "info", "DEBUG"),
    "IotLogLevel": ("", "DEBUG", "disabled"),
    "ReservedConcurrency": ("", "1", "TRUE"),
}


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


@pytest.fixture(scope="module")
def body(site: Site) -> dict[str, Any]:
    template = build(site)
    if "QuickSightPrincipalArn" not in template.parameters:
        template.add_parameter(parameters.quicksight_principal())
    return dict(template.to_dict())


def other_site(site: Site, **changes: dict[str, Any]) -> Site:
    said = site.model_dump(by_alias=True)
    for table, values in changes.items():
        said[table].update(values)
    return Site.model_validate(said)


def refused(parameter: dict[str, Any], value: object) -> bool:
    """What CloudFormation checks before anything else happens."""
    text = str(value)
    return (
        ("AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], text))
        or ("AllowedValues" in parameter and text not in map(str, parameter["AllowedValues"]))
        or ("MinValue" in parameter and float(text) < parameter["MinValue"])
        or ("MaxValue" in parameter and float(text) > parameter["MaxValue"])
        or ("MaxLength" in parameter and len(text) > parameter["MaxLength"])
    )


def test_every_parameter_has_values_that_are_tried_here(body: dict[str, Any]) -> None:
    assert set(body["Parameters"]) == set(GOOD) == set(BAD)


@pytest.mark.parametrize(("name", "value"), [(n, one) for n in GOOD for one in GOOD[n]])
def test_a_good_value_is_taken(body: dict[str, Any], name: str, value: object) -> None:
    assert not refused(body["Parameters"][name], value)


@pytest.mark.parametrize(("name", "value"), [(n, one) for n in BAD for one in BAD[n]])
def test_a_wrong_value_is_refused(body: dict[str, Any], name: str, value: object) -> None:
    assert refused(body["Parameters"][name], value)


def test_every_parameter_is_explained_and_says_what_it_takes(body: dict[str, Any]) -> None:
    for name, parameter in body["Parameters"].items():
        assert len(parameter["Description"]) > 20, name
        assert parameter["ConstraintDescription"], name
        assert not refused(parameter, parameter["Default"]), name


def test_every_parameter_and_every_condition_is_used(site: Site) -> None:
    template = build(site).to_dict()
    resources = json.dumps(template["Resources"])
    used = set(re.findall(r'"(?:Condition": |Fn::If": \[)"(\w+)"', resources))
    assert used == set(template["Conditions"])
    said = resources + json.dumps(template["Conditions"])
    assert not [name for name in template["Parameters"] if f'{{"Ref": "{name}"}}' not in said]


def test_the_console_groups_and_labels_exactly_the_parameters_that_there_are(
    site: Site, body: dict[str, Any]
) -> None:
    template = build(site).to_dict()
    shown = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in shown["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(shown["ParameterLabels"]) == sorted(template["Parameters"])
    named = {name for labels in parameters.GROUPS.values() for name in labels}
    assert named == set(body["Parameters"]), "a parameter without a label, or a label of none"


def test_the_minimal_template_has_one_parameter_and_no_metadata(site: Site) -> None:
    template = build(site, minimal=True).to_dict()
    assert list(template["Parameters"]) == ["RawBufferSeconds"]
    assert "Metadata" not in template
    assert "Conditions" not in template


def test_defaults_are_those_of_the_site(site: Site) -> None:
    other = other_site(
        site,
        budget={"monthly_usd": 120.5},
        retention={"raw_days": 400, "log_days": 7},
    )
    template = build(other).to_dict()["Parameters"]
    names = ("BudgetAmount", "RawRetentionDays", "LogRetentionDays")
    assert [template[name]["Default"] for name in names] == ["120.50", 400, 7]


@pytest.mark.parametrize("usd", [0.001, 0.5, 1, 25, 99.999, 1_000_000])
def test_every_budget_of_a_site_file_is_an_amount_that_the_parameter_takes(
    site: Site, usd: float
) -> None:
    amount = parameters.budget_amount(other_site(site, budget={"monthly_usd": usd})).to_dict()
    assert not refused(amount, amount["Default"])
    assert float(amount["Default"]) == pytest.approx(usd, abs=0.01)


def test_without_a_choice_the_whole_template_is_what_the_minimal_one_says(site: Site) -> None:
    whole = settled(build(site).to_dict())
    minimal = settled(build(site, minimal=True).to_dict())
    for resource in (*whole.values(), *minimal.values()):
        # Answers to checkers are other where a parameter stands.
        resource.pop("Metadata", None)
    assert not [name for name in minimal if not holds_all(minimal[name], whole[name])]


def test_every_function_has_the_level_and_every_log_the_retention(site: Site) -> None:
    resources = settled(build(site).to_dict(), LogLevel="WARN", LogRetentionDays=3)
    functions = [one for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]
    logs = [one for one in resources.values() if one["Type"] == "AWS::Logs::LogGroup"]
    assert functions
    assert logs
    for one in functions:
        assert one["Properties"]["Environment"]["Variables"]["LOG_LEVEL"] == "WARN"
    assert {one["Properties"]["RetentionInDays"] for one in logs} == {3}


def test_functions_share_the_accounts_concurrency_only_when_asked_to(site: Site) -> None:
    def shares(**given: str) -> dict[str, int | None]:
        return {
            name: one["Properties"].get("ReservedConcurrentExecutions")
            for name, one in settled(build(site).to_dict(), **given).items()
            if one["Type"] == "AWS::Lambda::Function"
        }

    assert set(shares().values()) == {None}
    asked = shares(ReservedConcurrency="true")
    assert asked == {name: RESERVED.get(name, RESERVED_ELSE) for name in asked}
    assert asked["Detect"] == 50
    # AWS keeps 100 for functions that reserve none; the parameter asks for a quota of 200.
    assert sum(filter(None, asked.values())) <= 100


def test_raw_data_is_kept_for_as_long_as_the_parameter_says(site: Site) -> None:
    rules = settled(build(site).to_dict(), RawRetentionDays=120)["DataBucket"]["Properties"][
        "LifecycleConfiguration"
    ]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert days == {"raw/": 120, "athena/": 7, "aggregates/meters/": 40}
    assert len({rule["Id"] for rule in rules}) == len(rules) == 4


def test_access_logs_are_written_where_a_bucket_is_named(site: Site) -> None:
    body = build(site).to_dict()
    assert "LoggingConfiguration" not in settled(body)["DataBucket"]["Properties"]
    bucket = settled(body, AccessLogBucket="my-logs")["DataBucket"]["Properties"]
    assert bucket["LoggingConfiguration"] == {
        "DestinationBucketName": "my-logs",
        "LogFilePrefix": f"chantier/{site.name}/",
    }


def test_the_alerts_table_can_be_protected(site: Site) -> None:
    body = build(site).to_dict()

    def protected(**given: str) -> object:
        return settled(body, **given)["AlertsTable"]["Properties"]["DeletionProtectionEnabled"]

    assert (protected(), protected(DeletionProtection="true")) == (False, True)


def test_the_quicksight_parameter_comes_with_its_condition_and_its_place_in_the_console() -> None:
    template = Template()
    principal = template.add_parameter(parameters.quicksight_principal())
    template.add_condition(*parameters.has_quicksight(principal))
    body = template.to_dict()
    assert body["Conditions"]["HasQuickSight"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "QuickSightPrincipalArn"}, ""]}]
    }
    (group,) = parameters.interface(template.parameters)["ParameterGroups"]
    assert group["Parameters"] == ["QuickSightPrincipalArn"]
