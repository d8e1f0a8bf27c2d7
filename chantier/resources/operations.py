"""Where the stack tells of its own troubles: one topic for alarms and the budget."""

from __future__ import annotations

import awacs.sns
from awacs.aws import (
    Allow,
    ArnLike,
    Condition,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import AccountId, Parameter, Ref, Sub
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from chantier.resources.policies import refuse_plain_text, regional_arn
from chantier.site import Site

HAS_EMAIL = "HasOperationsEmail"
# What a checker asks of the topic, and why it is as it is.


def topic(site: Site) -> Topic:
    """The topic, without a key: alarms and Budgets could not publish through SNS's own.

    A key of one's own costs 1 USD a month; what goes through here names alarms and sums of
    money, no machine, no place, no person.
    """
    return Topic("OperationsTopic", DisplayName=f"chantier {site.name} operations")


def policy(topic: Topic) -> TopicPolicy:
    """Alarms of this stack and budgets of this account publish, nobody else, never in plain text.

    A budget has a random name that the topic, which comes first, cannot know.
    """
    document = refuse_plain_text(awacs.sns.Publish, [Ref(topic)])
    document.Statement = [
        _may_publish(
            "Alarms",
            topic,
            service="cloudwatch.amazonaws.com",
            source=regional_arn("cloudwatch", "alarm:${AWS::StackName}-*"),
        ),
        _may_publish(
            "Budgets",
            topic,
            service="budgets.amazonaws.com",
            source=Sub("arn:${AWS::Partition}:budgets::${AWS::AccountId}:*"),
        ),
        *document.Statement,
    ]
    return TopicPolicy("OperationsTopicPolicy", Topics=[Ref(topic)], PolicyDocument=document)


def _may_publish(sid: str, topic: Topic, *, service: str, source: Sub) -> Statement:
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("Service", service),
        Action=[awacs.sns.Publish],
        Resource=[Ref(topic)],
        Condition=Condition(
            [
                StringEquals({"aws:SourceAccount": AccountId}),
                ArnLike({"aws:SourceArn": source}),
            ]
        ),
    )


def email_subscription(topic: Topic, email: Parameter) -> SubscriptionResource:
    """The subscription of the address, if one is given."""
    return SubscriptionResource(
        "OperationsByEmail",
        Condition=HAS_EMAIL,
        TopicArn=Ref(topic),
        Protocol="email",
        Endpoint=Ref(email),
    )
