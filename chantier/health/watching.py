"""What watches the stack: CloudWatch's alarms, and the month's spend against the budget."""

from __future__ import annotations

from collections.abc import Mapping

from chantier.cloud import Cloud
from chantier.health.part import ATTENTION, GOOD, UNKNOWN, Part

ALARM, BUDGET = "AWS::CloudWatch::Alarm", "AWS::Budgets::Budget"
# CloudWatch takes 100 names a call.
_BATCH = 100
_CLOSE = 0.8


def alarms_part(cloud: Cloud, alarms: Mapping[str, str]) -> Part:
    """Which alarms ring.

    Args:
        cloud: where.
        alarms: names by logical id.
    """
    client, states, names = cloud.client("cloudwatch"), dict[str, str](), list(alarms.values())
    for begin in range(0, len(names), _BATCH):
        some = names[begin : begin + _BATCH]
        for one in client.describe_alarms(AlarmNames=some)["MetricAlarms"]:
            states[one["AlarmName"]] = one["StateValue"]
    told = {logical: states.get(name, "MISSING") for logical, name in alarms.items()}
    ringing = sorted(logical for logical, state in told.items() if state in ("ALARM", "MISSING"))
    if ringing:
        text = ", ".join(f"{one} {told[one].lower()}" for one in ringing)
        return Part("alarms", ATTENTION, text, told, "What failed: chantier logs --errors")
    waiting = sum(state == "INSUFFICIENT_DATA" for state in told.values())
    text = f"{len(told)}, none rings" + (f", {waiting} without data yet" if waiting else "")
    return Part("alarms", GOOD, text, told)


def spending_part(cloud: Cloud, name: str | None) -> Part:
    """What this month has cost so far, as Budgets knows it (a day behind)."""
    if name is None:
        return Part(
            "spending", UNKNOWN, "no budget: BudgetAmount is 0, or this AWS has no Budgets"
        )
    account = cloud.client("sts").get_caller_identity()["Account"]
    said = cloud.client("budgets").describe_budget(AccountId=account, BudgetName=name)["Budget"]
    limit = float(said["BudgetLimit"]["Amount"])
    spend = said.get("CalculatedSpend", {})
    actual = float(spend.get("ActualSpend", {}).get("Amount", 0))
    forecast = float(spend.get("ForecastedSpend", {}).get("Amount", 0))
    data = {"limit_usd": limit, "actual_usd": actual, "forecast_usd": forecast}
    text = f"{actual:.2f} of {limit:.2f} USD this month, {forecast:.2f} forecast"
    over = max(actual, forecast) > _CLOSE * limit
    return Part("spending", ATTENTION if over else GOOD, text, data)
