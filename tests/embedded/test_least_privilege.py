"""Least privilege, proved: every permission is needed, and nothing else is allowed.

Of each permission of the template, taken away alone, something fails that works with it;
`privilege/proofs.py` says what, and in which of three ways that is shown. What a
machine's certificate may do stands in `test_identity.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chantier.cloud import Cloud
from tests.embedded.privilege import judge
from tests.embedded.privilege.behaviours import Refused
from tests.embedded.privilege.calls import CALLS, Ask, attempt, kind
from tests.embedded.privilege.grants import SIZES, Grant, Size, grants, resources, roles
from tests.embedded.privilege.proofs import (
    TRUSTED,
    Behaviour,
    Evaluated,
    Proof,
    Twin,
    proofs,
)
from tests.embedded.privilege.stage import Stage
from tests.embedded.privilege.strangers import strangers

pytestmark = pytest.mark.embedded
Case = tuple[Size, Grant]


def cases(proof: type[Proof]) -> list[Any]:
    """The permissions that are proved in one way."""
    return [
        pytest.param(size, grant, id=f"{size}-{grant}")
        for size in SIZES
        for grant, of in proofs(size).items()
        if isinstance(of, proof)
    ]


def sized_roles() -> list[Any]:
    """Every role of every size that has one of its own."""
    titles = [(size, title) for size in SIZES for title in {g.role: 0 for g in proofs(size)}]
    return [pytest.param(size, title, id=f"{size}-{title}") for size, title in titles]


@pytest.fixture(scope="module")
def on(cloud: Cloud, project: Path) -> Callable[[Size], Stage]:
    """The stack of a size, deployed when it is first asked for."""
    return cache(lambda size: Stage(cloud, project, size))


def test_every_permission_of_the_template_is_proved_and_none_is_proved_that_is_gone() -> None:
    starter, fleet = grants("starter"), grants("fleet")
    assert starter == proofs("starter").keys()
    assert fleet - starter == proofs("fleet").keys()
    assert len(starter) == sum(len(cases(way)) for way in (Behaviour, Twin, Evaluated)) - len(
        fleet - starter
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_role_says_what_it_may_do_in_one_policy_of_named_actions(size: Size) -> None:
    for title, role in roles(size).items():
        assert role.keys() <= {"Description", "AssumeRolePolicyDocument", "Policies", "Tags"}, title
    others = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"}
    assert not [title for title, one in resources(size).items() if one["Type"] in others]
    for title, role in roles(size).items():
        (policy,) = role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow", title
            assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}, title
            assert not [action for action in statement["Action"] if "*" in action], title


@pytest.mark.parametrize(("size", "grant"), cases(Behaviour))
def test_what_the_product_does_needs_each_permission(
    on: Callable[[Size], Stage], size: Size, grant: Grant
) -> None:
    stage, proof = on(size), proofs(size)[grant]
    assert isinstance(proof, Behaviour)
    role = stage.roles[grant.role]
    given = [(action, stage.arns[name]) for action, name in proof.given]
    with (
        role.without(*given, (grant.action, stage.arn(grant))),
        pytest.raises(Refused, match=grant.action),
    ):
        proof.run(stage)
    with role.without(*given):
        proof.run(stage)


@pytest.mark.parametrize(("size", "grant"), cases(Twin))
def test_the_services_own_call_needs_each_permission(
    on: Callable[[Size], Stage], size: Size, grant: Grant
) -> None:
    stage = on(size)
    twin, clients = stage.twin(grant.role)
    ask = Ask(clients, stage.root, stage.arn(grant))
    with twin.without((grant.action, ask.arn)):
        assert not attempt(grant.action, ask)
    assert attempt(grant.action, ask)


@pytest.mark.parametrize(("size", "grant"), cases(Evaluated))
def test_by_iams_rules_a_call_needs_each_permission(
    on: Callable[[Size], Stage], size: Size, grant: Grant
) -> None:
    stage = on(size)
    role, arn = stage.roles[grant.role], stage.arn(grant)
    with role.without((grant.action, arn)) as left:
        assert not judge.allows(left, grant.action, arn.replace("*", "one"))
    assert judge.allows(role.policy, grant.action, arn.replace("*", "one"))


@pytest.mark.parametrize(("size", "title"), sized_roles())
def test_a_role_may_do_nothing_but_its_work(
    on: Callable[[Size], Stage], size: Size, title: str
) -> None:
    stage = on(size)
    clients = stage.twin(title)[1]
    own = [grant for grant in grants(size) if grant.role == title]
    wrong = []
    for action, name, arn in tried(stage):
        may = any(grant.action == action and covers(grant.on, name) for grant in own)
        if attempt(action, Ask(clients, stage.root, arn)) is not may:
            wrong.append((action, name, "is refused" if may else "is allowed"))
    assert wrong == []


def tried(stage: Stage) -> Iterator[tuple[str, str, str]]:
    """Every call on every resource of its kind, ours and strangers."""
    for action, call in CALLS.items():
        for name, arn in {**stage.arns, **strangers(stage)}.items():
            if kind(arn) in call.kinds:
                yield action, name, arn


def covers(granted: str, name: str) -> bool:
    """Whether what is granted on one resource, by its name, is granted on another."""
    return granted == name or (granted.endswith("*") and name.startswith(granted[:-1]))


@pytest.mark.parametrize(("size", "title"), sized_roles())
def test_by_iams_rules_a_role_may_use_no_other_log_and_no_other_stream(
    on: Callable[[Size], Stage], size: Size, title: str
) -> None:
    stage = on(size)
    judged = {
        grant for grant, proof in proofs("starter").items() if isinstance(proof, Evaluated)
    }
    own = {(grant.action, grant.on) for grant in grants(size) if grant.role == title}
    for grant in judged:
        may = (grant.action, grant.on) in own
        arn = stage.arn(grant).replace("*", "one")
        assert judge.allows(stage.roles[title].policy, grant.action, arn) is may, grant
        other = arn.replace("privilege", "another")
        assert not judge.allows(stage.roles[title].policy, grant.action, other), grant
