"""What every policy of the template shares: trust by service, from this account alone."""

from __future__ import annotations

from collections.abc import Sequence

from awacs.aws import (
    Allow,
    ArnEquals,
    Bool,
    Condition,
    Deny,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
)
from awacs.sts import AssumeRole
from troposphere import AccountId, AWSHelperFn, Sub
from troposphere.iam import Policy, Role

VERSION = "2012-10-17"


def role(
    title: str,
    *,
    service: str,
    description: str,
    statements: Sequence[Statement],
    source: AWSHelperFn | None = None,
) -> Role:
    """A role that one AWS service may take, for this account's own resource.

    Args:
        title: logical id.
        service: who takes it, for example "lambda.amazonaws.com".
        description: what for; IAM shows it.
        statements: what it may do.
        source: ARN of the resource on whose behalf the service must act; None
            where the service does not send it.
    """
    conditions = []
    if source is not None:
        conditions = [
            StringEquals({"aws:SourceAccount": AccountId}),
            ArnEquals({"aws:SourceArn": source}),
        ]
    trust = Statement(Effect=Allow, Principal=Principal("Service", service), Action=[AssumeRole])
    if conditions:
        trust.Condition = Condition(conditions)
    return Role(
        title,
        Description=description,
        AssumeRolePolicyDocument=PolicyDocument(Version=VERSION, Statement=[trust]),
        Policies=[
            Policy(
                PolicyName="own-work",
                PolicyDocument=PolicyDocument(Version=VERSION, Statement=list(statements)),
            )
        ],
    )


def allow(sid: str, actions: Sequence[object], resources: Sequence[object]) -> Statement:
    """Actions on named resources, nothing else."""
    return Statement(Sid=sid, Effect=Allow, Action=list(actions), Resource=list(resources))


def refuse_plain_text(action: object, resources: Sequence[object]) -> PolicyDocument:
    """A resource policy that refuses every call without TLS, from anybody."""
    return PolicyDocument(
        Version=VERSION,
        Statement=[
            Statement(
                Sid="RefusePlainText",
                Effect=Deny,
                Principal=Principal("*"),
                Action=[action],
                Resource=list(resources),
                Condition=Condition(Bool({"aws:SecureTransport": False})),
            )
        ],
    )


def regional_arn(service: str, rest: str) -> Sub:
    """An ARN in the stack's own partition, region and account."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}")
