"""The monthly bill: by hand, within bounds, and as the command tells it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from chantier.cli import main
from chantier.costs import Bill, Regime, advice, bill, queue_prices
from chantier.prices import ELSEWHERE, METERS, meter
from chantier.site import EXAMPLE, Calendar, Site
from chantier.usage import HOURS_A_MONTH, Use, open_hours, quantities, use_of

# The table of our notes for one message a minute: machines, hours a month, USD. It is
# computed with other assumptions; `test_the_bill_is_that_of_the_notes_but_for` says which.
NOTED = [(100, 730.0, 5.33), (10_000, 730.0, 528), (100, 220.0, 1.61), (10_000, 220.0, 159)]
REGIMES = get_args(Regime)


def usd(use: Use, name: str, regime: Regime = "none") -> float:
    """What one meter costs."""
    (line,) = [
        one
        for one in bill(use, regime=regime).lines
        if one.meter == METERS[name].name and one.service == METERS[name].service
    ]
    return line.usd


def test_the_messages_of_a_hundred_machines_round_the_clock_by_hand() -> None:
    use = Use(100)
    # 100 machines x 730 h x 60 messages = 4.38 M.
    assert use.messages == 4_380_000
    assert usd(use, "iot_minutes") == pytest.approx(4.38 * 0.08)
    assert usd(use, "iot_rules") == pytest.approx(4.38 * 0.15)
    assert usd(use, "iot_actions") == pytest.approx(8.76 * 0.15)
    # 4.38 M calls of detect, 43,800 of watch.
    assert usd(use, "lambda_calls") == pytest.approx(4.4238 * 0.20)
    # 5 KB of 1,024 bytes for each message.
    assert usd(use, "firehose_gb") == pytest.approx(4_380_000 * 5 / 1024 / 1024 * 0.029)
    # A read a message, and half of one for each of 8,760 looks at each machine.
    assert usd(use, "dynamodb_reads") == pytest.approx((4.38 + 0.438) * 0.125)
    assert usd(use, "s3_gb") == pytest.approx(4_380_000 * 2_400 / 1024**3 * 0.023)


def test_a_fleets_queue_by_hand() -> None:
    # 4.38 M sends, 2.19 M batches of two received and deleted, and 657,000 that found nothing.
    assert usd(Use(100, size="fleet"), "sqs") == pytest.approx((4.38 + 4.38 + 0.657) * 0.40)


def test_detect_in_a_starter_by_hand() -> None:
    gb_s = quantities(Use(1))["lambda_gb_s"]
    # 43,800 messages of 15 ms at half a GB; 43,800 looks of 20 ms and 8,760 of half a ms at a
    # quarter.
    assert gb_s == pytest.approx(43_800 * 0.015 * 0.5 + (43_800 * 0.02 + 8_760 * 0.0005) * 0.25)


def test_always_free_units_are_taken_off_once_and_never_more_than_there_are() -> None:
    few, many = bill(Use(1)), bill(Use(1_000))
    assert sum(line.usd for line in few.lines if line.service == "Lambda") == 0
    (calls,) = (one for one in many.lines if (one.service, one.meter) == ("Lambda", "requests"))
    assert calls.free == 1_000_000
    assert calls.usd == pytest.approx((43_800_000 + 43_800 - 1_000_000) / 1e6 * 0.20)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("size", ["starter", "fleet"])
def test_more_machines_never_cost_less_and_nothing_is_ever_negative(
    regime: Regime, size: str
) -> None:
    bills = [
        bill(Use(machines, size=size), regime=regime)
        for machines in (1, 2, 5, 10, 50, 100, 470, 1_000, 5_000, 10_000)
    ]
    totals = [one.usd for one in bills]
    assert totals == sorted(totals)
    assert all(line.usd >= 0 for one in bills for line in one.lines)
    assert totals[0] >= 0


@pytest.mark.parametrize("machines", [1, 100, 10_000])
def test_what_is_free_only_makes_it_cheaper(machines: int) -> None:
    none, always, new = (
        bill(Use(machines), regime=regime).usd for regime in ("none", "always-free", "new-account")
    )
    assert new <= always <= none


def test_credits_pay_a_sixth_of_200_dollars_a_month_and_no_more_than_the_bill() -> None:
    small, large = (bill(Use(n), regime="new-account") for n in (12, 10_000))
    assert small.usd == 0
    assert small.credits == pytest.approx(small.metered)
    assert large.credits == pytest.approx(200 / 6)
    assert large.usd == pytest.approx(large.metered - 200 / 6)


@pytest.mark.parametrize(("machines", "hours", "noted"), NOTED)
def test_the_bill_is_that_of_the_notes_but_for_memory_logs_and_the_function(
    machines: int, hours: float, noted: float
) -> None:
    """The notes write memory for fewer messages, log 410 bytes a message, and call for less."""
    other = bill(Use(machines, hours)).usd
    assert 0.9 * noted < other < 1.3 * noted


def test_a_fleet_differs_from_a_starter_by_its_queue_and_by_fewer_calls() -> None:
    starter, fleet = (bill(Use(10_000, size=size)).services for size in ("starter", "fleet"))
    assert {name for name in fleet if fleet[name] != starter.get(name)} == {"SQS", "Lambda"}
    assert fleet["Lambda"] < starter["Lambda"]


def test_the_queue_is_dearer_than_a_stream_for_ten_thousand_machines_and_cheaper_for_twelve() -> (
    None
):
    many, few = queue_prices(Use(10_000)), queue_prices(Use(12))
    # 438 M messages: 1.2 and 3 requests each; a shard for 730 h and a PUT unit a message.
    assert many["sqs_full"] == pytest.approx(438 * 1.2 * 0.40)
    assert many["sqs_single"] == pytest.approx(438 * 3 * 0.40)
    assert many["kinesis"] == pytest.approx(730 * 0.015 + 438 * 0.014)
    assert many["kinesis"] < many["kinesis_fan_out"] < many["sqs_full"]
    assert few["sqs_single"] < few["kinesis"]


def test_what_the_template_does_not_hold_costs_nothing() -> None:
    assert {line.service for line in bill(Use(100)).lines} == {
        *("IoT Core", "Lambda", "DynamoDB", "Firehose"),
        *("S3", "CloudWatch", "SNS", "EventBridge"),
    }


def test_alarms_dashboards_and_metrics_are_counted_in_the_template() -> None:
    alarms = {f"Alarm{n}": "AWS::CloudWatch::Alarm" for n in range(12)}
    use = Use(1, resources={**alarms, "Board": "AWS::CloudWatch::Dashboard"})
    assert usd(use, "alarms", "always-free") == pytest.approx(0.20)
    assert usd(use, "dashboards", "always-free") == 0
    assert usd(use, "dashboards") == 3


def test_hourly_aggregates_cost_a_call_and_three_objects_an_hour() -> None:
    without, counted = (
        quantities(Use(1, resources=one)) for one in ({}, {"Aggregate": "AWS::Lambda::Function"})
    )
    assert counted["lambda_calls"] - without["lambda_calls"] == HOURS_A_MONTH
    assert counted["s3_puts"] - without["s3_puts"] == 3 * HOURS_A_MONTH


def test_quicksight_is_off_until_somebody_is_named() -> None:
    use = Use(1, authors=1, readers=4)
    assert bill(use).services["QuickSight"] == 24 + 4 * 3
    assert "QuickSight" not in bill(Use(1)).services


def test_raw_data_is_paid_for_every_month_that_it_lies_there() -> None:
    one, three = (quantities(Use(100, months=months))["s3_gb"] for months in (1, 3))
    assert three == pytest.approx(3 * one)


def test_open_hours_are_those_of_the_calendar_and_all_of_them_without_one() -> None:
    # 8 h on four days and 7 h on Friday, in 365 / 7 / 12 weeks a month.
    calendar = Site.load(EXAMPLE).calendar
    assert open_hours(calendar) == pytest.approx((4 * 8 + 7) * 365 / 84)
    assert open_hours(Calendar(monday=("08:00-24:00",))) == pytest.approx(16 * 365 / 84)
    assert open_hours(Calendar()) == HOURS_A_MONTH


def test_a_price_that_was_not_found_for_the_region_is_that_of_us_east_1_and_says_so() -> None:
    assert meter("iot_rules", "us-east-1").verified
    paris = meter("iot_rules", "eu-west-3")
    assert (paris.usd, paris.verified) == (METERS["iot_rules"].usd, False)
    assert meter("dynamodb_writes", "eu-west-3").usd == 0.7423
    assert meter("dynamodb_writes", "eu-west-3").verified
    assert not meter("athena_tb", "eu-west-3").verified


def test_every_regional_price_is_of_a_meter_there_is() -> None:
    assert {name for prices in ELSEWHERE.values() for name in prices} <= set(METERS)


def test_every_quantity_has_a_price() -> None:
    assert set(quantities(Use(1, size="fleet", authors=1))) <= set(METERS)


def test_a_bill_over_budget_says_what_to_set() -> None:
    mine = bill(Use(10_000))
    said = advice(mine, {"starter": mine, "fleet": mine}, budget=25)
    assert f"set [budget] monthly_usd = {-(-mine.metered // 1):.0f} or more" in said[-1]
    assert "4%" not in said[-1]


def test_a_site_is_used_as_its_file_says() -> None:
    site = Site.load(EXAMPLE)
    use = use_of(site, resources={})
    assert (use.machines, use.size, use.region) == (12, "starter", "eu-west-3")
    assert use.hours == open_hours(site.calendar)


def costs(*arguments: str) -> Any:
    told = CliRunner().invoke(main, ["costs", "--site", str(EXAMPLE), *arguments])
    assert told.exit_code == 0, told.output
    return told


def test_the_command_prints_a_table_and_the_total() -> None:
    told = costs()
    assert "rules triggered" in told.stdout
    assert "12 machines" in told.stdout
    assert "size starter" in told.stdout
    assert "A month in each size: starter" in told.stderr
    assert "The site's budget is 25.00 USD" in told.stderr


def test_the_command_answers_as_json_what_it_is_asked() -> None:
    asked = ("--machines", "10000", "--hours-a-day", "24", "--size", "fleet")
    said = json.loads(costs("--json", *asked).stdout)
    assert (said["machines"], said["hours_a_month"], said["size"]) == (10_000, 730.0, "fleet")
    assert said["usd"] == pytest.approx(sum(line["usd"] for line in said["lines"]))
    assert said["sizes_usd"]["fleet"] == said["usd"]
    assert said["sizes_usd"]["starter"] < said["usd"]
    working = json.loads(costs("--json", "--hours-a-day", "10").stdout)
    assert working["hours_a_month"] == 220


def test_days_without_hours_are_a_usage_error() -> None:
    told = CliRunner().invoke(main, ["costs", "--site", str(EXAMPLE), "--days-a-month", "20"])
    assert told.exit_code == 2
    assert "--days-a-month goes with --hours-a-day" in told.stderr


def test_shares_of_a_bill_add_up() -> None:
    mine: Bill = bill(Use(1_000))
    assert sum(mine.services.values()) == pytest.approx(mine.metered)
    assert list(mine.services.values()) == sorted(mine.services.values(), reverse=True)
