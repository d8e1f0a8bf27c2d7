"""What to do about the causes that deployments usually fail of."""

from __future__ import annotations

import re
from typing import NamedTuple

from chantier.deploying.failures import Failure

AGAIN = "Deploy again; AWS says that this passes."


class Cause(NamedTuple):
    """One usual cause.

    Attributes:
        pattern: of AWS's code and reason.
        what: to do, a sentence.
    """

    pattern: str
    what: str


# The first that fits counts: the narrow ones come first.
CAUSES = (
    Cause(
        r"already exists in stack",
        "Another stack has it, and nothing is in two stacks. Give it another id here, or deploy "
        "the other site without it first.",
    ),
    Cause(
        r"EarlyValidation|NAME_CONFLICT|AlreadyExists|already (exist|owned)|"
        r"BucketAlreadyOwnedByYou|name is not available",
        "Something of that name is there already, of another stack or made by hand: delete it, or "
        "give this site another name ([site] name).",
    ),
    Cause(
        r"cannot be assumed|unable to assume|not authorized to perform: sts:AssumeRole|"
        r"role defined for the function cannot",
        "IAM had not spread the new role yet. Deploy again; if it stays, see who may take it.",
    ),
    Cause(
        r"explicit deny|service control policy|permissions boundary",
        "A policy of your organization or a permissions boundary forbids it: ask who keeps it.",
    ),
    Cause(
        r"AccessDenied|not authorized|UnauthorizedOperation|Unauthorized\b",
        "The credentials lack that permission. Who they are: aws sts get-caller-identity",
    ),
    Cause(
        r"LimitExceeded|ServiceLimit|QuotaExceeded|exceed(ed|s)? (the |your )?(quota|limit)|"
        r"maximum number of",
        "A quota of the account is used up: ask for more in the console under Service Quotas, or "
        "delete what is not used.",
    ),
    Cause(r"Throttl|Rate exceeded|TooManyRequests|RequestLimitExceeded|SlowDown", AGAIN),
    Cause(
        r"not subscribed|SubscriptionRequired|OptInRequired|signed up for QuickSight|"
        r"quicksight.*(not found|does not exist)",
        "The account is not subscribed to that service, or not in this region: subscribe, or "
        "leave it out (QuickSight: -p QuickSightPrincipalArn=).",
    ),
    Cause(
        r"not (available|supported) in (this|the) region|Unrecognized resource types?",
        "The region lacks that service: another one stands in the site file under [site] region.",
    ),
    Cause(
        r"NotStabilized|did not stabilize|timed? ?out|ServiceInternal|InternalFailure|"
        r"InternalError|ServiceUnavailable",
        f"The service did not finish. {AGAIN}",
    ),
    Cause(r"ResourceConflict|ConcurrentModification|is being (modified|updated|deleted)", AGAIN),
    Cause(
        r"PROPERTY_VALIDATION|InvalidRequest|Model validation|ValidationException|"
        r"InvalidParameter|Invalid",
        "A value is not what the service takes: mend it in the site file or the parameter, and "
        "check it first: chantier lint",
    ),
    Cause(
        r"NotFound|does not exist|NoSuch",
        "What it refers to is not there: deleted by hand, or in another region.",
    ),
)
OTHERWISE = "The service's own sentence says what to mend; then deploy again."


def remedy(failure: Failure) -> str:
    """What to do about a failure."""
    text = f"{failure.code} {failure.reason}"
    fits = (one.what for one in CAUSES if re.search(one.pattern, text, re.IGNORECASE))
    return next(fits, OTHERWISE)
