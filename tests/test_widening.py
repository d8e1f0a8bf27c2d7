"""What a deployment would newly allow, by meaning: a policy before, a policy after."""

from __future__ import annotations

from typing import Any

import pytest

from chantier.deploying.changes import Change
from chantier.deploying.grants import matches
from chantier.deploying.widening import Widening, widening

READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/raw/*"}
TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
FROM_RULE = {"ArnEquals": {"aws:SourceArn": "arn:rule"}}


def role(*statements: Any, **more: Any) -> dict[str, Any]:
    policy = {"PolicyName": "own-work", "PolicyDocument": {"Statement": list(statements)}}
    return {"Properties": {"Policies": [policy], **more}}


def trusted(service: str, condition: Any = None) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": condition or {},
    }
    return {"Properties": {"AssumeRolePolicyDocument": {"Statement": [statement]}}}


def found(before: Any, after: Any, kind: str = "AWS::IAM::Role") -> tuple[Widening, ...]:
    action = "Modify" if before and after else "Add" if after else "Remove"
    change = Change(action, "R", kind, replaces=False, before=before or {}, after=after or {})
    return widening([change])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (role(READ), role(READ)),
        (role(READ), role({**READ, "Sid": "Renamed", "Action": "s3:getobject"})),
        (role({**READ, "Action": "s3:*"}), role(READ)),
        (role({**READ, "Resource": "*"}), role(READ)),
        (role(READ), role({**READ, "Condition": FROM_RULE})),
        (role({**READ, "Action": ["s3:GetObject", "s3:PutObject"]}), role(READ)),
        (role(READ), role()),
        (role(READ), role(READ, TLS)),
        (role(READ, TLS), role(READ, {**TLS, "Condition": {}})),
        (trusted("lambda.amazonaws.com"), trusted("lambda.amazonaws.com", FROM_RULE)),
        (
            role({**READ, "Condition": {"StringEquals": {"aws:x": ["1", "2"]}}}),
            role({**READ, "Condition": {"StringEquals": {"AWS:X": "1"}}}),
        ),
        (
            role({**READ, "Condition": {"StringNotEquals": {"aws:x": "1"}}}),
            role({**READ, "Condition": {"StringNotEquals": {"aws:x": ["1", "2"]}}}),
        ),
    ],
)
def test_what_is_as_narrow_or_narrower_is_not_called_out(before: Any, after: Any) -> None:
    assert found(before, after) == ()


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (role(READ), role({**READ, "Action": ["s3:GetObject", "s3:PutObject"]}), "new action"),
        (role(READ), role({**READ, "Action": "s3:*"}), "new action"),
        (role(READ), role({**READ, "Resource": "arn:aws:s3:::data/*"}), "new resource"),
        (role({**READ, "Condition": FROM_RULE}), role(READ), "loosened condition"),
        (
            role({**READ, "Condition": {"StringEquals": {"aws:x": "1"}}}),
            role({**READ, "Condition": {"StringLike": {"aws:x": "1"}}}),
            "loosened condition",
        ),
        (role(), role(READ), "new permission"),
        (None, role(READ), "new permission"),
        (role(READ, TLS), role(READ), "dropped refusal"),
        (role(READ, TLS), role(READ, {**TLS, "Action": "s3:GetObject"}), "dropped refusal"),
        (role(READ, TLS), None, "dropped refusal"),
        (trusted("lambda.amazonaws.com"), trusted("*"), "new principal"),
        (
            trusted("lambda.amazonaws.com", FROM_RULE),
            trusted("lambda.amazonaws.com"),
            "loosened condition",
        ),
        (
            role(READ),
            role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            "new permission",
        ),
        (role(READ, PermissionsBoundary="arn:b"), role(READ), "dropped boundary"),
        (role(READ), role(READ, ManagedPolicyArns=["arn:m"]), "managed policy"),
    ],
)
def test_what_is_wider_is_called_out_with_why(before: Any, after: Any, why: str) -> None:
    assert [one.why for one in found(before, after)] == [why]


def test_only_the_new_action_is_named() -> None:
    (one,) = found(role(READ), role({**READ, "Action": ["s3:GetObject", "s3:PutObject"]}))
    assert one == Widening(
        "R", "new action", actions=("s3:PutObject",), resource="arn:aws:s3:::data/raw/*"
    )


def test_a_refusal_in_another_policy_of_the_same_role_still_counts() -> None:
    two = role(READ)
    two["Properties"]["Policies"].append({"PolicyDocument": {"Statement": [TLS]}})
    assert found(role(READ, TLS), two) == ()


def test_trust_and_permissions_are_not_mixed_up() -> None:
    both = trusted("lambda.amazonaws.com")
    any_role = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    both["Properties"]["Policies"] = [{"PolicyDocument": {"Statement": [any_role]}}]
    assert [one.why for one in found(trusted("lambda.amazonaws.com"), both)] == ["new permission"]


def test_a_policy_as_text_and_a_lambda_permission_are_read() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}'
    policy = {"Properties": {"PolicyDocument": text}}
    assert [one.actions for one in found(None, policy, "AWS::IoT::Policy")] == [("iot:*",)]
    narrow = {"Action": "lambda:InvokeFunction", "Principal": "iot.amazonaws.com"}
    before = {"Properties": {**narrow, "FunctionName": "f", "SourceArn": "arn:rule"}}
    after = {"Properties": {**narrow, "FunctionName": "f"}}
    kind = "AWS::Lambda::Permission"
    assert [one.why for one in found(before, after, kind)] == ["loosened condition"]
    assert found(after, before, kind) == ()


@pytest.mark.parametrize(
    ("pattern", "name", "case", "fits"),
    [
        ("s3:Get*", "s3:getobject", False, True),
        ("s3:Get?", "s3:Get*", False, False),
        ("arn:A", "arn:a", True, False),
        ("*", "", False, False),
        ("s3:*", "s3:Get*", False, True),
        ("s3:Get*", "s3:*", False, False),
    ],
)
def test_patterns_match_as_iam_does(pattern: str, name: str, *, case: bool, fits: bool) -> None:
    assert matches(pattern, name, case=case) is fits
