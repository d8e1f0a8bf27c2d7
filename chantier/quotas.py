"""The AWS quotas that a site comes near, and what to set when it would pass one.

It reads a site and what its template holds, and asks AWS nothing: an account's own
quotas may be higher, or lower in a new account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chantier.site import Site


class Quota(NamedTuple):
    """A limit of AWS.

    Attributes:
        what: what is limited.
        limit: the default.
        source: AWS's page.
        verified: whether the number was read there, or in a dated copy of it.
    """

    what: str
    limit: int
    source: str
    verified: bool = True


DOCS = "https://docs.aws.amazon.com"
CFN = f"{DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
LAMBDA = f"{DOCS}/lambda/latest/dg/gettingstarted-limits.html"
IOT = f"{DOCS}/general/latest/gr/iot-core.html"
FIREHOSE = f"{DOCS}/firehose/latest/dev/limits.html"

RESOURCES = Quota("resources in one CloudFormation stack", 500, CFN)
TEMPLATE = Quota("bytes of template", 1_000_000, CFN)
REQUEST = Quota("bytes of template in one request", 51_200, CFN)
INLINE = Quota("bytes of a function's inline code", 4 * 1024 * 1024, LAMBDA)
# 500 in large regions.
CONNECTS = Quota("connections to AWS IoT in one second", 100, IOT)
# Of all functions of the account; a new account may have 10.
EXECUTIONS = Quota("executions of functions at once", 1_000, LAMBDA, verified=False)
# Twice as many in us-east-1, us-west-2 and eu-west-1.
RECORDS = Quota("records to a delivery stream in one second", 1_000, FIREHOSE, verified=False)
# Five times as many in those three regions.
FLOW = Quota("bytes to a delivery stream in one second", 1_048_576, FIREHOSE, verified=False)
QUOTAS = (RESOURCES, TEMPLATE, REQUEST, INLINE, CONNECTS, EXECUTIONS, RECORDS, FLOW)
# A message of six readings.
MESSAGE_BYTES = 2_400

THING = "AWS::IoT::Thing"
TO_FLEET = 'Set [site] size = "fleet" in the site file'
TOGETHER = "if every machine does so at once"


class Passed(NamedTuple):
    """A quota that a site would pass.

    Attributes:
        quota: which.
        value: what the site would need.
        to_do: what to set or do.
        refused: whether AWS refuses the template for it; otherwise it is advice.
        when: under which circumstances; empty for always.
    """

    quota: Quota
    value: int
    to_do: str
    refused: bool = False
    when: str = ""

    @property
    def sentence(self) -> str:
        """What the site needs, under which circumstances, and the limit."""
        when = f", {self.when}" if self.when else ""
        mark = "" if self.quota.verified else ", not verified"
        return (
            f"{self.value:,} {self.quota.what}{when}: AWS's quota is {self.quota.limit:,}{mark}."
        )


def check(
    site: Site,
    body: str,
    *,
    resources: Mapping[str, str],
    code: Mapping[str, int] | None = None,
    minimal: bool = False,
) -> list[Passed]:
    """The quotas that a site passes, those that AWS refuses it for first.

    Args:
        site: the site file.
        body: its template's text.
        resources: of the template, CloudFormation type by logical id.
        code: bytes of inline code by logical id of the function.
        minimal: whether the template is to fit in one request.
    """
    size = len(body.encode())
    found = [
        Passed(RESOURCES, len(resources), _fewer(site, resources), refused=True),
        Passed(TEMPLATE, size, "Split the site: two site files, each its machines", refused=True),
        *(
            Passed(INLINE, bytes_of, f"Give {name} its code from a bucket", refused=True)
            for name, bytes_of in (code or {}).items()
        ),
        *(
            [Passed(REQUEST, size, "Hand it over through a bucket (TemplateURL)")]
            if minimal
            else ()
        ),
        *_of_machines(site, resources),
    ]
    return [one for one in found if one.value > one.quota.limit]


def _fewer(site: Site, resources: Mapping[str, str]) -> str:
    """How the template gets fewer resources."""
    if site.site.size == "starter" and THING in resources.values():
        return f"{TO_FLEET}: machines then enrol without a resource each"
    return "Put resources of your own in another stack"


def _of_machines(site: Site, resources: Mapping[str, str]) -> list[Passed]:
    """What depends on how many machines there are, whatever the template holds."""
    machines = len(site.machines)
    spread = (
        "Let each wait a random time, up to "
        f"{-(-machines // CONNECTS.limit)} s, before it connects"
    )
    found = [
        Passed(CONNECTS, machines, spread, when=TOGETHER),
        Passed(RECORDS, machines, spread, when=TOGETHER),
        Passed(FLOW, machines * MESSAGE_BYTES, spread, when=TOGETHER),
    ]
    if site.site.size == "starter":
        others = sum(kind != THING for kind in resources.values())
        if len(resources) <= RESOURCES.limit:
            each = f"{TO_FLEET}: machines enrol without one"
            when = "if each machine had one in the template"
            found.insert(0, Passed(RESOURCES, others + machines, each, when=when))
        bounded = f"{TO_FLEET}: a queue bounds them"
        found.append(Passed(EXECUTIONS, machines, bounded, when=TOGETHER))
    return found
