"""The bill's guard: one monthly budget, told to the operations topic."""

from __future__ import annotations

from troposphere import Equals, If, Not, NoValue, Parameter, Ref
from troposphere.budgets import (
    Budget,
    BudgetData,
    Notification,
    NotificationWithSubscribers,
    ResourceTag,
    Spend,
    Subscriber,
)
from troposphere.sns import Topic, TopicPolicy

from chantier.resources.tags import SITE_TAG
from chantier.site import Site

HAS_BUDGET = "HasBudget"
COUNTS_SITE = "BudgetCountsSite"
# Per cent of the amount: spent, while a fifth is left; and what the month is heading for.
SPENT_PCT, FORECAST_PCT = 80, 100


def has_budget(amount: Parameter) -> tuple[str, Not]:
    """The condition's name, and whether there is a budget at all."""
    return HAS_BUDGET, Not(Equals(Ref(amount), "0"))


def counts_site(scope: Parameter) -> tuple[str, Equals]:
    """The condition's name, and whether only what bears the site's tag is counted."""
    return COUNTS_SITE, Equals(Ref(scope), "site")


def budget(site: Site, *, amount: Parameter, topic: Topic, policy: TopicPolicy) -> Budget:
    """The budget of a month.

    Its name and its notifications can never change (CloudFormation would have to make another
    under the same name), so it bears none, and tells one topic that people subscribe to.
    """
    return Budget(
        "Budget",
        Condition=HAS_BUDGET,
        # Nothing else says that the topic lets it publish before it has anything to tell.
        DependsOn=policy,
        Budget=BudgetData(
            BudgetType="COST",
            TimeUnit="MONTHLY",
            BudgetLimit=Spend(Amount=Ref(amount), Unit="USD"),
            CostFilters=If(
                COUNTS_SITE, {"TagKeyValue": [f"user:{SITE_TAG}${site.name}"]}, NoValue
            ),
        ),
        NotificationsWithSubscribers=[
            _tell(topic, "ACTUAL", SPENT_PCT),
            _tell(topic, "FORECASTED", FORECAST_PCT),
        ],
        ResourceTags=[ResourceTag(Key=SITE_TAG, Value=site.name)],
    )


def _tell(topic: Topic, kind: str, percent: int) -> NotificationWithSubscribers:
    return NotificationWithSubscribers(
        Notification=Notification(
            NotificationType=kind,
            ComparisonOperator="GREATER_THAN",
            Threshold=percent,
            ThresholdType="PERCENTAGE",
        ),
        Subscribers=[Subscriber(SubscriptionType="SNS", Address=Ref(topic))],
    )
