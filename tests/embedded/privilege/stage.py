"""A deployed stack whose roles can be narrowed, and their twins, which a test can take.

A twin has the policy of a deployed role and trusts the test. The embedded AWS judges
what a twin calls as AWS would, where it judges that action's resource at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from chantier.cloud import Cloud
from chantier.local.environment import ACCOUNT
from chantier.site import Site
from chantier.stack import deploy, stack_name
from chantier.template import build, render
from tests.embedded.conftest import Deployed
from tests.embedded.privilege.grants import (
    POLICY,
    Grant,
    Size,
    named,
    roles,
    site,
    statements,
    without,
)

_ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
# A budget is a resource that the embedded AWS does not have.
CHOSEN = {"RawBufferSeconds": "1", "BudgetAmount": "0"}
_ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


class Clients:
    """boto3 clients of one principal, made when they are asked for.

    Args:
        cloud: the embedded AWS.
        session: whose models are shared; to read them takes longer than any call.
        key: access key id, secret, and a session token or None.
    """

    def __init__(
        self, cloud: Cloud, session: boto3.session.Session, key: tuple[str, str, str | None]
    ) -> None:
        self._cloud = cloud
        self._session = session
        self._key = key
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            key, secret, token = self._key
            self._made[service] = self._session.client(
                service,  # type: ignore[call-overload]  # the name is not known statically
                region_name=self._cloud.region,
                endpoint_url=self._cloud.endpoint_url,
                verify=str(self._cloud.ca),
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=_ONCE,
            )
        return self._made[service]


class Role:
    """A role in IAM, with its policy as it was deployed."""

    def __init__(self, iam: Any, name: str, policy: dict[str, Any]) -> None:
        self._iam = iam
        self.name = name
        self.policy = policy

    @contextmanager
    def without(self, *taken: tuple[str, str]) -> Iterator[dict[str, Any]]:
        """Take (action, ARN) pairs away for a while; the policy that is left."""
        left = without(self.policy, taken)
        self._put(left)
        try:
            yield left
        finally:
            self._put(self.policy)

    def _put(self, policy: dict[str, Any]) -> None:
        if policy["Statement"]:
            document = json.dumps(policy)
            self._iam.put_role_policy(
                RoleName=self.name, PolicyName=POLICY, PolicyDocument=document
            )
        else:
            self._iam.delete_role_policy(RoleName=self.name, PolicyName=POLICY)


class Stage:
    """One deployed size of the example site.

    Args:
        cloud: where.
        project: folder of the machines' keys.
        size: of the site.
    """

    def __init__(self, cloud: Cloud, project: Path, size: Size) -> None:
        self.cloud = cloud
        self.size: Size = size
        self.site = site(size)
        outputs = _deploy(cloud, self.site)
        self.deployed = Deployed(self.site, cloud, project / ".chantier", outputs)
        self._models = boto3.session.Session()
        self.root = Clients(cloud, self._models, (*(cloud.credentials or ("", "")), None))
        self.ids = self._physical_ids()
        iam = self.root("iam")
        self.roles = {title: self._role(iam, self.ids[title]) for title in roles(size)}
        self.arns = dict(self._arns())
        self._fresh = count()
        self._rest()

    def fresh(self) -> str:
        """A machine that nothing has happened to."""
        return self.site.machines[next(self._fresh)].id

    def arn(self, grant: Grant) -> str:
        """ARN of what a grant is on, as deployed."""
        return self.arns[grant.on]

    def written(self, value: Any) -> str:
        """An ARN of the template, its pseudo parameters filled in."""
        if isinstance(value, str):
            return value
        ((function, text),) = value.items()
        if function != "Fn::Sub":
            return self.arns[named(value)]
        for name, pseudo in {
            "Partition": "aws",
            "Region": self.cloud.region,
            "AccountId": ACCOUNT,
        }.items():
            text = text.replace(f"${{AWS::{name}}}", pseudo)
        return str(text)

    def trust(self, title: str) -> dict[str, Any]:
        """Who may take a role."""
        role = self.root("iam").get_role(RoleName=self.roles[title].name)["Role"]
        return dict(role["AssumeRolePolicyDocument"])

    @cache  # noqa: B019 - one stage of a size lives as long as the tests do
    def twin(self, title: str) -> tuple[Role, Clients]:
        """A role like a deployed one that the test has taken."""
        iam, name = self.root("iam"), f"twin-{self.size}-{title}"
        trust = json.dumps({"Version": "2012-10-17", "Statement": [_ANYBODY]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        twin = Role(iam, name, self.roles[title].policy)
        with twin.without():
            pass
        return twin, self._taken(name)

    def _taken(self, name: str) -> Clients:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        said = self.root("sts").assume_role(RoleArn=arn, RoleSessionName="twin")["Credentials"]
        key = said["AccessKeyId"], said["SecretAccessKey"], said["SessionToken"]
        return Clients(self.cloud, self._models, key)

    def _physical_ids(self) -> dict[str, str]:
        pages = self.root("cloudformation").get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages.paginate(StackName=stack_name(self.site.name))
            for one in page["StackResourceSummaries"]
        }

    @staticmethod
    def _role(iam: Any, name: str) -> Role:
        found = iam.get_role_policy(RoleName=name, PolicyName=POLICY)
        return Role(iam, name, found["PolicyDocument"])

    def _arns(self) -> Iterator[tuple[str, str]]:
        for title, role in roles(self.size).items():
            deployed = self.roles[title].policy["Statement"]
            for said, stands in zip(statements(role), deployed, strict=True):
                yield from zip(map(named, said["Resource"]), stands["Resource"], strict=True)

    def _rest(self) -> None:
        """Nothing wakes a function up but the tests."""
        aws = self.root("lambda")
        for mapping in aws.list_event_source_mappings()["EventSourceMappings"]:
            if mapping["FunctionArn"].rpartition(":")[2] in self.ids.values():
                aws.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        self.root("scheduler").delete_schedule(Name=self.ids["WatchSchedule"])


def _deploy(cloud: Cloud, of: Site) -> dict[str, str]:
    """Deploy a site; a role that stands under a condition is made all the same."""
    template = build(of)
    for resource in template.resources.values():
        if resource.resource_type == "AWS::IAM::Role":
            resource.resource.pop("Condition", None)
    done = deploy(
        cloud,
        render(template),
        site=of.name,
        parameters={name: CHOSEN[name] for name in CHOSEN if name in template.parameters},
        say=lambda _line: None,
    )
    return done.outputs
