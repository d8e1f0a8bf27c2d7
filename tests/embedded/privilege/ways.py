"""The ways of proof, and what a section of the template says of its permissions.

A permission is proved in one of three ways, the first that the embedded AWS can judge:

    Behaviour   what the product does with it fails without it and works with it
    Twin        a twin of the role makes the service's own call, with and without it
    Evaluated   IAM's rules, applied to the deployed policy, with and without it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.embedded.privilege.stage import Stage


@dataclass(frozen=True)
class Behaviour:
    """What needs the permission, on the real path.

    Attributes:
        run: does it.
        given: grants of the same role, (action, resource), that it is only seen without.
    """

    run: Callable[[Stage], None]
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Twin:
    """Who needs it, and why that cannot be seen here: `reason`."""

    reason: str


@dataclass(frozen=True)
class Evaluated:
    """Why the embedded AWS cannot judge the call: `reason`."""

    reason: str


Proof = Behaviour | Twin | Evaluated
Table = dict[tuple[str, str], Proof]


class Taker(NamedTuple):
    """Who may take a role.

    Attributes:
        service: the AWS service.
        source: what it must act for, and in our account; empty where it says nothing of it.
        account: whether it must act in our account, though it does not say for what.
    """

    service: str
    source: str = ""
    account: bool = False


class Section(NamedTuple):
    """What is said of the permissions of one section of the template.

    Attributes:
        roles: of each role, what each (action, resource) that it is allowed is for.
        takers: who takes each role.
        fleet: what `size = "fleet"` grants and `starter` does not, as `roles`.
        admitted: of a bucket, queue or topic, the services that its policy lets in, and
            the actions.
    """

    roles: dict[str, Table]
    takers: dict[str, Taker]
    fleet: dict[str, Table] = {}  # noqa: RUF012 - nobody writes to it
    admitted: dict[str, dict[str, tuple[str, ...]]] = {}  # noqa: RUF012 - nor to this


AFTER_RETRIES = Twin("Lambda's own call after the last retry, not made under the role here")
FIREHOSE_ASKS = Twin("kept because AWS's documentation of Firehose asks for it; not used here")
LOGS = Evaluated("written by Lambda and Firehose; judged here on the group without its streams")
STREAMS = Evaluated("called by Lambda for the function; judged here without the stream's ARN")

_LOG: Table = {
    ("logs:CreateLogStream", "{}Log"): LOGS,
    ("logs:PutLogEvents", "{}Log"): LOGS,
}


def function(name: str, own: Table) -> Table:
    """What every function may do, and its own work."""
    log = {(action, on.format(name)): proof for (action, on), proof in _LOG.items()}
    return {**own, ("sqs:SendMessage", "DeadLetters"): AFTER_RETRIES, **log}
