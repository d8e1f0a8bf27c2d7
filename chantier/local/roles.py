"""Acting under a deployed role, as the service that AWS would let act.

The embedded AWS enforces the policies of whoever signs a request, but has no
way to call as a service does. This opens a session for the role, after checking
that its trust policy admits the service and its conditions. It reaches private
names of ministack and runs in its process only.
"""

from __future__ import annotations

from dataclasses import dataclass

from ministack.core import iam_evaluator
from ministack.services import iam, sts

from chantier.local.environment import ACCOUNT


class Untrusted(Exception):
    """The role is not there, or does not trust the service."""


@dataclass(frozen=True)
class Session:
    """Temporary credentials of a role."""

    key: str
    secret: str
    token: str


def assume(role: str, *, service: str, source: str, region: str) -> Session:
    """A session of the role with ARN `role`.

    Args:
        role: ARN of the role.
        service: service principal, for example "firehose.amazonaws.com".
        source: ARN of the resource that the service acts for.
        region: AWS region.

    Raises:
        Untrusted: the role is not there, or its trust policy refuses.
    """
    name = role.rsplit("/", 1)[-1]
    record = iam._roles.get_scoped(ACCOUNT, None, name)  # noqa: SLF001 - no API for it
    if record is None:
        raise Untrusted(f"the role {role} does not exist")
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:root",
        principal_type="Service",
        principal_account=ACCOUNT,
        action="sts:AssumeRole",
        resource_arn=role,
        region=region,
        service_context={
            "aws:sourceaccount": ACCOUNT,
            "aws:sourcearn": source,
            "sts:externalid": ACCOUNT,
        },
    )
    trust = record["AssumeRolePolicyDocument"]
    answer = iam_evaluator.evaluate_resource_policy(trust, context, service=service)
    if answer.decision != "Allow":
        raise Untrusted(f"the trust policy of {role} does not admit {service} for {source}")
    return _open(role, name, service)


def _open(role: str, name: str, service: str) -> Session:
    session = Session(
        key=sts._gen_session_access_key(),  # noqa: SLF001 - what AssumeRole itself calls
        secret=sts._gen_secret(),  # noqa: SLF001
        token=sts._gen_session_token(),  # noqa: SLF001
    )
    label = service.split(".", 1)[0]
    sts.register_session(
        session.key,
        {
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{label}",
            "UserId": f"{sts._role_id(role)}:{label}",  # noqa: SLF001
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "AccountId": ACCOUNT,
            "PrincipalType": "AssumedRole",
        },
    )
    return session
