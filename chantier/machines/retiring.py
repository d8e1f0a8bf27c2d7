"""The end of a certificate and of a thing, step by step; each step may be found done.

AWS deletes no certificate that is active or attached, no thing that has a certificate, and
no policy that is attached or has former versions. What was detached a moment ago may still
count as attached (up to five minutes, by the page of DeletePolicy), so deletions are patient.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

GONE = ("ResourceNotFoundException",)
# A detachment that has not got everywhere: of a certificate, and of a thing.
STILL_ATTACHED = ("DeleteConflictException", "InvalidRequestException")
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
SITE_ATTRIBUTE = "site"
# The longest page that AWS IoT gives; it gives 25 otherwise.
LONG = {"PageSize": 250}


class Kept(NamedTuple):
    """A certificate that was not deleted.

    Attributes:
        certificate_id: its id.
        why: as a clause.
    """

    certificate_id: str
    why: str


def certificate_id(arn: str) -> str:
    """The id at the end of a certificate's ARN."""
    return arn.rpartition("/")[2]


def close_door(client: Any, arn: str, *, status: str = "INACTIVE") -> bool:
    """Let nobody in any more with a certificate; whether it opened the door until now.

    Args:
        client: of AWS IoT.
        arn: of the certificate.
        status: INACTIVE, or REVOKED, which AWS never takes back.
    """
    try:
        told = client.describe_certificate(certificateId=certificate_id(arn))
        before = str(told["certificateDescription"]["status"])
        if before not in (status, "REVOKED"):
            client.update_certificate(certificateId=certificate_id(arn), newStatus=status)
    except ClientError as error:
        if code(error) in GONE:
            return False
        raise
    return before == "ACTIVE"


def retire(client: Any, arn: str, *, things: Collection[str], policies: Collection[str]) -> Kept:
    """Deactivate, detach and delete a certificate; one that somebody else uses too is detached.

    Args:
        client: of AWS IoT.
        arn: of the certificate.
        things: names of the things that are the site's.
        policies: names of the site's policies.

    Returns:
        What is kept and why; an empty `why` when it is gone.
    """
    attached = things_of(client, arn)
    others = [thing for thing in attached if thing not in things]
    if not others:
        close_door(client, arn)
    for policy in policies_of(client, arn):
        if policy in policies or not others:
            _without(client.detach_policy, policyName=policy, target=arn)
    for thing in attached:
        if thing in things:
            _without(client.detach_thing_principal, thingName=thing, principal=arn)
    one = certificate_id(arn)
    if others:
        return Kept(one, f"it is also the certificate of {', '.join(others)}")
    patiently(lambda: _without(client.delete_certificate, certificateId=one, forceDelete=True))
    return Kept(one, "")


def delete_thing(
    client: Any, name: str, *, site: str, release: Callable[[], object] = lambda: None
) -> bool:
    """Delete a thing that has no certificate any more; False if it is not the site's.

    Args:
        client: of AWS IoT.
        name: of the thing.
        site: whose it has to be.
        release: called when AWS still sees a certificate on it, before the next try.
    """
    try:
        found = client.describe_thing(thingName=name)
    except ClientError as error:
        if code(error) in GONE:
            return True
        raise
    if found.get("attributes", {}).get(SITE_ATTRIBUTE) != site:
        return False
    patiently(lambda: client.delete_thing(thingName=name), release)
    return True


def free_policy(client: Any, name: str) -> int:
    """Make a policy deletable: attached to nothing, and without former versions.

    Returns:
        How many it was attached to.
    """
    try:
        targets = list(targets_of(client, name))
        for target in targets:
            _without(client.detach_policy, policyName=name, target=target)
        for version in client.list_policy_versions(policyName=name)["policyVersions"]:
            if not version["isDefaultVersion"]:
                client.delete_policy_version(policyName=name, policyVersionId=version["versionId"])
    except ClientError as error:
        if code(error) in GONE:
            return 0
        raise
    return len(targets)


def principals_of(client: Any, thing: str) -> list[str]:
    """ARNs of a thing's certificates; none for a thing that is not there."""
    pages = client.get_paginator("list_thing_principals").paginate(thingName=thing)
    return _all(str(one) for page in pages for one in page["principals"])


def things_of(client: Any, arn: str) -> list[str]:
    """Names of the things that a certificate is attached to."""
    pages = client.get_paginator("list_principal_things").paginate(principal=arn)
    return _all(str(thing) for page in pages for thing in page["things"])


def policies_of(client: Any, arn: str) -> list[str]:
    """Names of the policies that are attached to a certificate."""
    pages = client.get_paginator("list_attached_policies").paginate(target=arn)
    return _all(str(one["policyName"]) for page in pages for one in page["policies"])


def targets_of(client: Any, policy: str) -> list[str]:
    """ARNs of what a policy is attached to; none for a policy that is not there."""
    pages = client.get_paginator("list_targets_for_policy").paginate(
        policyName=policy, PaginationConfig=LONG
    )
    return _all(str(target) for page in pages for target in page["targets"])


def things_of_site(client: Any, site: str) -> list[str]:
    """Names of the things that say they are a site's."""
    pages = client.get_paginator("list_things").paginate(
        attributeName=SITE_ATTRIBUTE, attributeValue=site, PaginationConfig=LONG
    )
    return [str(one["thingName"]) for page in pages for one in page["things"]]


def statuses(client: Any) -> dict[str, str]:
    """Status by ARN of every certificate of the account and region."""
    pages = client.get_paginator("list_certificates").paginate(PaginationConfig=LONG)
    return {one["certificateArn"]: one["status"] for page in pages for one in page["certificates"]}


def code(error: ClientError) -> str:
    """The code of an AWS error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def patiently(delete: Callable[[], object], release: Callable[[], object] = lambda: None) -> None:
    """Delete; again, released and after a pause, while AWS still sees something attached."""
    for pause in PAUSES_S:
        try:
            delete()
        except ClientError as error:
            if code(error) not in STILL_ATTACHED:
                raise
            release()
            time.sleep(pause)
        else:
            return
    delete()


def _all(found: Iterator[str]) -> list[str]:
    """What a listing gives; nothing where what it is about is gone."""
    try:
        return list(found)
    except ClientError as error:
        if code(error) in GONE:
            return []
        raise


def _without(call: Callable[..., object], **request: Any) -> None:
    """Take something away that may be gone already."""
    try:
        call(**request)
    except ClientError as error:
        if code(error) not in GONE:
            raise
