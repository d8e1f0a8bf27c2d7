"""The tables, the work group and QuickSight in the template."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from chantier.aggregates import ALERT_COLUMNS, HOUR_COLUMNS, HOURS, hour_key
from chantier.data_sets import DATA_SETS
from chantier.site import EXAMPLE, Site
from chantier.telemetry import Reading
from chantier.template import build

Body = dict[str, Any]
PRINCIPAL = "arn:aws:quicksight:us-east-1:123456789012:user/default/chef@chantier.example"
TYPES = {
    "QuickSightSource": "DataSource",
    "QuickSightHours": "DataSet",
    "QuickSightAlerts": "DataSet",
    "QuickSightHoursRefresh": "RefreshSchedule",
    "QuickSightAlertsRefresh": "RefreshSchedule",
    "QuickSightDashboard": "Dashboard",
}


def body(**said: str) -> Body:
    model = Site.load(EXAMPLE).model_dump(by_alias=True)
    model["site"] |= said
    found: Body = build(Site.model_validate(model)).to_dict()
    return found


@pytest.fixture(scope="module")
def template() -> Body:
    return body()


@pytest.fixture(scope="module")
def resources(template: Body) -> Body:
    found: Body = template["Resources"]
    return found


def resolved(value: Any) -> Any:
    """A resource as CloudFormation hands it on, with texts in the place of its functions."""
    if isinstance(value, dict):
        if value == {"Ref": "AWS::AccountId"}:
            return "123456789012"
        if len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")):
            return PRINCIPAL
        return {key: resolved(inner) for key, inner in value.items()}
    return [resolved(one) for one in value] if isinstance(value, list) else value


def faults(kind: str, properties: Body) -> list[str]:
    """What AWS's own schema of a resource type says of its properties."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-3", f"AWS::QuickSight::{kind}")
    found = StandardValidator(schema.schema).iter_errors(resolved(properties))
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in found]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", TYPES)
def test_awss_schema_accepts_each_resource(name: str, language: str) -> None:
    resource = body(language=language)["Resources"][name]
    assert resource["Type"] == f"AWS::QuickSight::{TYPES[name]}"
    assert faults(TYPES[name], resource["Properties"]) == []


@pytest.mark.parametrize("name", TYPES)
def test_awss_schema_would_find_a_wrong_word(name: str, resources: Body) -> None:
    wrong = copy.deepcopy(resources[name]["Properties"])
    wrong["Titel"] = "x"
    assert faults(TYPES[name], wrong)


def test_awss_schema_would_find_a_wrong_word_deep_in_the_definition(resources: Body) -> None:
    wrong = copy.deepcopy(resources["QuickSightDashboard"]["Properties"])
    kpi = wrong["Definition"]["Sheets"][0]["Visuals"][0]["KPIVisual"]["ChartConfiguration"]
    kpi["KPIOptions"]["PrimaryValueDisplayType"] = "LOUD"
    (fault,) = faults("Dashboard", wrong)
    assert "PrimaryValueDisplayType" in fault


def test_nothing_of_quicksight_exists_until_a_principal_is_given(template: Body) -> None:
    assert template["Parameters"]["QuickSightPrincipalArn"]["Default"] == ""
    assert template["Conditions"]["HasQuickSight"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "QuickSightPrincipalArn"}, ""]}]
    }
    theirs = {name for name in template["Resources"] if name.startswith("QuickSight")}
    assert theirs == {*TYPES, "QuickSightRole"}
    assert {template["Resources"][name]["Condition"] for name in theirs} == {"HasQuickSight"}
    assert template["Outputs"]["QuickSightUrl"]["Condition"] == "HasQuickSight"
    others = set(template["Resources"]) - theirs
    assert "QuickSight" not in json.dumps([template["Resources"][name] for name in others])


@pytest.mark.parametrize(
    ("arn", "good"),
    [
        ("", True),
        (PRINCIPAL, True),
        ("arn:aws:quicksight:eu-west-3:123456789012:group/default/chefs", True),
        ("arn:aws-us-gov:quicksight:us-gov-west-1:123456789012:user/default/Admin/a", True),
        ("arn:aws:iam::123456789012:user/chef", False),
        ("arn:aws:quicksight:eu-west-3:123456789012:namespace/default", False),
        ("chef@chantier.example", False),
    ],
)
def test_a_principal_is_the_whole_arn_of_a_user_or_group(
    arn: str,
    good: bool,  # noqa: FBT001 - a case
    template: Body,
) -> None:
    pattern = template["Parameters"]["QuickSightPrincipalArn"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, arn)) is good


def test_the_parameter_says_what_turning_it_on_costs(template: Body) -> None:
    said = template["Parameters"]["QuickSightPrincipalArn"]["Description"]
    assert "24 USD" in said
    assert "3 USD" in said


def test_the_principal_owns_everything_by_aws_own_lists_of_actions(resources: Body) -> None:
    counts = {"DataSource": 6, "DataSet": 10, "Dashboard": 8}
    for name, kind in TYPES.items():
        if kind == "RefreshSchedule":
            continue
        (permission,) = resources[name]["Properties"]["Permissions"]
        assert permission["Principal"] == {"Ref": "QuickSightPrincipalArn"}
        assert len(set(permission["Actions"])) == counts[kind]
        assert all(re.fullmatch(r"quicksight:[A-Za-z]+", one) for one in permission["Actions"])


def test_a_data_set_is_imported_without_being_waited_for_and_refreshed_hourly(
    resources: Body,
) -> None:
    for name in ("QuickSightHours", "QuickSightAlerts"):
        properties = resources[name]["Properties"]
        assert properties["ImportMode"] == "SPICE"
        assert properties["IngestionWaitPolicy"] == {"WaitForSpiceIngestion": False}
        assert set(properties["DataSetUsageConfiguration"]) == {
            "DisableUseAsDirectQuerySource",
            "DisableUseAsImportedSource",
        }
        refresh = resources[f"{name}Refresh"]
        assert refresh["DependsOn"] == [name]
        assert refresh["Properties"]["DataSetId"] == properties["DataSetId"]
        assert refresh["Properties"]["Schedule"] == {
            "ScheduleId": "hourly",
            "RefreshType": "FULL_REFRESH",
            "ScheduleFrequency": {"Interval": "HOURLY"},
        }


def test_a_data_set_waits_for_the_tables_that_its_sql_names(resources: Body) -> None:
    for name, table in (("Hours", "HoursTable"), ("Alerts", "HourAlertsTable")):
        data_set = resources[f"QuickSight{name}"]
        assert data_set["DependsOn"] == ["AnalysisDatabase", table]
        asked = data_set["Properties"]["PhysicalTableMap"][name.lower()]["CustomSql"]["SqlQuery"]
        database = resources["AnalysisDatabase"]["Properties"]["DatabaseInput"]["Name"]
        wanted = resources[table]["Properties"]["TableInput"]["Name"]
        assert f"FROM {database}.{wanted}\n" in asked


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_column_of_the_sql_is_declared_and_called_by_its_title(language: str) -> None:
    found = body(language=language)["Resources"]
    for data_set in DATA_SETS.values():
        properties = found[f"QuickSight{data_set.name.title()}"]["Properties"]
        source = properties["PhysicalTableMap"][data_set.name]["CustomSql"]
        names = [one["Name"] for one in source["Columns"]]
        lines = source["SqlQuery"].split("\nFROM ", maxsplit=1)[0]
        selected = re.findall(r"(?:AS (\w+)|^  (\w+)),?$", lines, re.MULTILINE)
        assert [one or other for one, other in selected] == names
        steps = properties["LogicalTableMap"][data_set.name]["DataTransforms"]
        renamed = [one["RenameColumnOperation"] for one in steps]
        assert [one["ColumnName"] for one in renamed] == names
        assert [one["NewColumnName"] for one in renamed] == [
            column.title.to(language) for column in data_set.columns
        ]


def test_the_dashboard_is_checked_strictly_and_answers_no_questions(resources: Body) -> None:
    properties = resources["QuickSightDashboard"]["Properties"]
    assert properties["ValidationStrategy"] == {"Mode": "STRICT"}
    options = properties["DashboardPublishOptions"]
    for name in ("DataQAEnabledOption", "ExecutiveSummaryOption", "DataStoriesSharingOption"):
        assert options[name] == {"AvailabilityStatus": "DISABLED"}


def test_a_ratio_is_a_sum_over_a_sum_of_what_is_known(resources: Body) -> None:
    definition = resources["QuickSightDashboard"]["Properties"]["Definition"]
    said = {one["Name"]: one["Expression"] for one in definition["CalculatedFields"]}
    ratios = {
        "Taux d'utilisation": ("Heures moteur", "Heures planifiées"),
        "Taux de productivité": ("Heures de travail", "Heures planifiées"),
        "Taux de ralenti": ("Heures au ralenti", "Heures moteur"),
        "Consommation (L/h)": ("Carburant (L)", "Heures moteur"),
        "Coût horaire": ("Coût", "Heures moteur"),
    }
    assert said == {
        name: f"sum({{{above}}}) / sum(ifelse(isNotNull({{{above}}}), {{{below}}}, NULL))"
        for name, (above, below) in ratios.items()
    }
    assert "AVERAGE" not in json.dumps(definition)


def test_people_choose_dates_machines_and_zones_on_every_sheet(resources: Body) -> None:
    definition = resources["QuickSightDashboard"]["Properties"]["Definition"]
    assert [sheet["Name"] for sheet in definition["Sheets"]] == ["Vue d'ensemble", "Alertes"]
    for sheet in definition["Sheets"]:
        dates = [one["DateTimePicker"]["Title"] for one in sheet["ParameterControls"]]
        assert dates == ["Du", "Au"]
        chosen = [one["CrossSheet"]["SourceFilterId"] for one in sheet["FilterControls"]]
        assert chosen == ["name", "zone_name"]


def test_both_languages_have_the_same_ids() -> None:
    def ids(language: str) -> list[str]:
        text = json.dumps(body(language=language)["Resources"])
        return re.findall(r'"(?:\w*Id|ElementId)": "([^"]+)"', text)

    french = ids("fr")
    assert len(french) > 150
    assert french == ids("en")


def test_a_dashboard_is_a_small_part_of_what_a_template_may_be(resources: Body) -> None:
    text = json.dumps(resources["QuickSightDashboard"], ensure_ascii=False, separators=(",", ":"))
    assert 30_000 < len(text.encode()) < 40_000


def test_the_role_is_quicksights_for_this_account_and_reads_the_two_tables_alone(
    resources: Body,
) -> None:
    role = resources["QuickSightRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "quicksight.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (policy,) = role["Policies"]
    granted = {
        action: [json.dumps(one) for one in statement["Resource"]]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
    assert not [one for one in granted if "*" in one]
    assert all(
        one.endswith(('/hours/*"}', '/alerts/*"}', '/athena/*"}'))
        for one in {arn for arns in granted.values() for arn in arns if "*" in arn}
    )
    assert "raw" not in json.dumps(role["Policies"])


@pytest.mark.parametrize(("size", "limit"), [("starter", 10**9), ("fleet", 10**11)])
def test_a_query_that_reads_too_much_is_stopped_and_nobody_can_lift_that(
    size: str, limit: int
) -> None:
    properties = body(size=size)["Resources"]["AnalysisWorkGroup"]["Properties"]
    configuration = properties["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == limit
    assert configuration["PublishCloudWatchMetricsEnabled"] is True
    assert configuration["ResultConfiguration"] == {
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
        "OutputLocation": {"Fn::Sub": "s3://${DataBucket}/athena/"},
    }
    assert properties["RecursiveDeleteOption"] is True


@pytest.mark.parametrize(
    ("name", "columns"), [("HoursTable", HOUR_COLUMNS), ("HourAlertsTable", ALERT_COLUMNS)]
)
def test_a_table_has_the_columns_of_the_aggregates(
    name: str, columns: dict[str, str], resources: Body
) -> None:
    table = resources[name]["Properties"]["TableInput"]
    found = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}
    assert found == columns


def test_a_partition_lies_where_the_aggregates_are_written(resources: Body) -> None:
    table = resources["HoursTable"]["Properties"]["TableInput"]
    template = table["Parameters"]["storage.location.template"]["Fn::Sub"]
    folder = template.replace("${!dt}", "2026-11-22").removeprefix("s3://${DataBucket}/")
    assert hour_key(HOURS, "2026-11-22T09:00:00Z") == f"{folder}09.json"
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert table["Parameters"]["projection.dt.range"] == "2026-01-01,NOW"


def test_the_raw_table_has_every_field_of_a_reading(resources: Body) -> None:
    table = resources["RawTable"]["Properties"]["TableInput"]
    columns = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}
    assert list(columns) == ["v", "site", "machine", "arrived_at", "readings"]
    head, inner, tail = columns["readings"]["Fn::Join"][1]
    assert (head, tail) == ("array<struct<", ">>")
    fields = dict(one.split(":") for one in inner["Fn::Join"][1])
    assert list(fields) == list(Reading._fields)
    assert fields["t"] == "string"
    assert fields["dtc"] == "array<array<int>>"
    assert not [one for one in inner["Fn::Join"][1] if " " in one]


def test_the_slow_module_of_troposphere_stays_out() -> None:
    asked = "import sys, chantier.template; print('troposphere.quicksight' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
