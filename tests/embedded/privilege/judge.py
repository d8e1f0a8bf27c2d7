"""What IAM's rules say of a call that the embedded AWS does not judge as AWS does.

The evaluator is ministack's. It decides here from nothing but a policy, an action, a
resource and the keys of the request; no service is called.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator as evaluator

from chantier.local.environment import ACCOUNT

REGION = "eu-west-3"
STRANGER = "111122223333"
"""An account that is not ours: the one of AWS's own examples."""


def example(arn: str) -> str:
    """One resource of those that an ARN with a wildcard stands for."""
    if ":log-group:" in arn and arn.endswith(":*"):
        return f"{arn[:-1]}log-stream:one"
    return arn.replace("*", "one")


def allows(policy: dict[str, Any], action: str, resource: str) -> bool:
    """Whether a role's policy allows a call over TLS."""
    context = _context(action, resource, f"arn:aws:sts::{ACCOUNT}:assumed-role/any/any")
    parsed = [evaluator.parse_policy_document(policy)]
    return bool(evaluator.evaluate(context, parsed).decision == "Allow")


def decides(  # noqa: PLR0913 - what a request is made of
    policy: dict[str, Any],
    action: str,
    resource: str,
    *,
    service: str = "",
    tls: bool = True,
    account: str = ACCOUNT,
    source: str = "",
) -> str:
    """What a resource's policy or a role's trust says: Allow, Deny or ImplicitDeny.

    Args:
        policy: of the resource, or who may take the role.
        action: what is asked for.
        resource: ARN.
        service: the AWS service that asks; empty for a role of `account`.
        tls: whether the request came over TLS.
        account: `aws:SourceAccount` of a service; its own account of a role.
        source: `aws:SourceArn` of a service; empty for none.
    """
    who = f"arn:aws:iam::{account}:role/anybody"
    context = _context(action, resource, who, tls=tls, account=account)
    if service:
        context.service_context |= {"aws:sourceaccount": account}
        if source:
            context.service_context |= {"aws:sourcearn": source}
    answer = evaluator.evaluate_resource_policy(policy, context, service=service or None)
    return str(answer.decision)


def _context(
    action: str, resource: str, who: str, *, tls: bool = True, account: str = ACCOUNT
) -> Any:
    return evaluator.EvalContext(
        principal_arn=who,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=REGION,
        source_ip="127.0.0.1",
        secure_transport=tls,
    )
