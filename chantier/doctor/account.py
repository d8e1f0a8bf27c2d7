"""The account: who asks, where, whose clock is right, and what quotas leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from chantier.cloud import Cloud
from chantier.doctor.finding import FAULT, GOOD, SKIPPED, WARNING, Finding
from chantier.quotas import CONNECTS, EXECUTIONS
from chantier.site import Site

# AWS refuses a signature whose time is five minutes off.
SKEW_WARNING_S, SKEW_FAULT_S = 60, 300
# Messages a second that one machine sends, and how long the function may take, s.
_PER_MACHINE_S, _CALL_S = 1 / 60, 0.1


def account(cloud: Cloud, site: Site) -> Iterator[Finding]:
    """Credentials, clock and quotas; what needs them is skipped without them."""
    said, why = _asked(lambda: cloud.client("sts").get_caller_identity())
    if said is None:
        fix = "aws configure, or aws sso login --profile NAME, then --profile NAME"
        yield Finding("credentials", FAULT, why, fix)
        for what in ("clock", "functions at once", "connections a second", "QuickSight"):
            yield Finding(what, SKIPPED, "needs credentials")
        return
    yield Finding("credentials", GOOD, f"{said['Arn']}, in {cloud.region}")
    yield clock(said["ResponseMetadata"]["HTTPHeaders"].get("date", ""))
    yield _executions(cloud, site)
    yield _connects(site)
    yield _quicksight(cloud)


def clock(date: str, now: datetime | None = None) -> Finding:
    """How far this computer's clock is from the service's.

    Args:
        date: header of an answer, RFC 9110.
        now: this computer's; read when None.
    """
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return Finding("clock", SKIPPED, "the service named no time")
    off = abs(((now or datetime.now(UTC)) - theirs).total_seconds())
    text, fix = f"{off:.0f} s off", "Set it: timedatectl set-ntp true"
    if off >= SKEW_FAULT_S:
        return Finding("clock", FAULT, f"{text}: AWS refuses what is signed", fix)
    if off >= SKEW_WARNING_S:
        return Finding("clock", WARNING, text, fix)
    return Finding("clock", GOOD, text)


def _executions(cloud: Cloud, site: Site) -> Finding:
    what = "functions at once"
    said, why = _asked(lambda: cloud.client("lambda").get_account_settings())
    if said is None:
        return Finding(what, SKIPPED, why)
    limit = int(said["AccountLimit"]["ConcurrentExecutions"])
    needed = max(1, round(len(site.machines) * _PER_MACHINE_S * _CALL_S))
    text = f"{limit} allowed, about {needed} needed at one message a minute and machine"
    if limit < min(needed * 4, EXECUTIONS.limit):
        fix = "Ask for more: Service Quotas, AWS Lambda, Concurrent executions"
        return Finding(what, WARNING, text, fix)
    return Finding(what, GOOD, text)


def _connects(site: Site) -> Finding:
    what, machines = "connections a second", len(site.machines)
    if machines <= CONNECTS.limit:
        return Finding(what, GOOD, f"{machines} machines, {CONNECTS.limit} a second in any region")
    text = f"{machines} machines at once would pass {CONNECTS.limit} a second"
    fix = "Boxes must spread their connections at power-up: see README, Ten thousand machines"
    return Finding(what, WARNING, text, fix)


def _quicksight(cloud: Cloud) -> Finding:
    """A subscription is needed only for the dashboard, which is off until asked for."""
    client = cloud.client("quicksight")
    try:
        number = cloud.client("sts").get_caller_identity()["Account"]
        said = client.describe_account_subscription(AwsAccountId=number)["AccountInfo"]
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code == "ResourceNotFoundException":
            return Finding("QuickSight", SKIPPED, "not subscribed; only its dashboard needs it")
        # It names the region in which the account's users are kept.
        return Finding("QuickSight", SKIPPED, str(error)[:200])
    except BotoCoreError as error:
        return Finding("QuickSight", SKIPPED, str(error))
    status = str(said.get("AccountSubscriptionStatus", "unknown"))
    return Finding(
        "QuickSight", GOOD, f"{said.get('Edition')}, {status.lower().replace('_', ' ')}"
    )


def _asked(ask: Callable[[], Any]) -> tuple[Any, str]:
    """An answer, or why there is none."""
    try:
        return ask(), ""
    except NoCredentialsError:
        return None, "there are none"
    except ClientError as error:
        return None, f"{error.response['Error'].get('Code')}: {error.response['Error']['Message']}"
    except BotoCoreError as error:
        return None, str(error)
