"""Where alerts go out to people: one topic, and an e-mail address if one is given."""

from __future__ import annotations

import awacs.sns
from troposphere import Not, Parameter, Ref
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from chantier.resources.parameters import is_given
from chantier.resources.policies import refuse_plain_text
from chantier.site import Site

HAS_EMAIL = "HasAlertEmail"


def topic(site: Site) -> Topic:
    """The topic, encrypted with the account's own key for SNS, which costs nothing."""
    return Topic(
        "AlertsTopic",
        DisplayName=f"chantier {site.name}",
        KmsMasterKeyId="alias/aws/sns",
    )


def tls_only(topic: Topic) -> TopicPolicy:
    """The topic's policy: nobody publishes in plain text.

    SNS refuses a policy of every action; publishing is the one that carries alerts.
    """
    return TopicPolicy(
        "AlertsTopicPolicy",
        Topics=[Ref(topic)],
        PolicyDocument=refuse_plain_text(awacs.sns.Publish, [Ref(topic)]),
    )


def has_email(email: Parameter) -> tuple[str, Not]:
    """The condition's name, and whether an address is given."""
    return HAS_EMAIL, is_given(email)


def email_subscription(topic: Topic, email: Parameter) -> SubscriptionResource:
    """The subscription of that address."""
    return SubscriptionResource(
        "AlertsByEmail",
        Condition=HAS_EMAIL,
        TopicArn=Ref(topic),
        Protocol="email",
        Endpoint=Ref(email),
    )
