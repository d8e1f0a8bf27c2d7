"""Least privilege, proved: every permission is needed, and nothing else is allowed.

Of each permission of the template, taken away alone, something fails that works with it;
`privilege/tables` says what, and in which of three ways that is shown. What a
machine's certificate may do stands in `test_identity.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from chantier.cloud import Cloud
from chantier.local.environment import ACCOUNT
from tests.embedded.privilege import guards, judge
from tests.embedded.privilege.ask import Ask, kind
from tests.embedded.privilege.behaviours import Refused
from tests.embedded.privilege.calls import CALLS, UNCALLED, attempt
from tests.embedded.privilege.grants import (
    SIZES,
    Grant,
    Size,
    grants,
    named,
    resources,
    roles,
    statements,
    without,
)
from tests.embedded.privilege.proofs import ADMITTED, TRUSTED, proofs
from tests.embedded.privilege.stage import Stage
from tests.embedded.privilege.strangers import strangers
from tests.embedded.privilege.ways import Behaviour, Evaluated, Proof, Twin

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
        assert role.keys() <= {"Description", "AssumeRolePolicyDocument", "Policies", "Tags"}, (
            title
        )
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
    ask = Ask(clients, stage, stage.arn(grant))
    with twin.without((grant.action, ask.arn)):
        assert not attempt(grant.action, ask)
    assert attempt(grant.action, ask)


@pytest.mark.parametrize(("size", "grant"), cases(Evaluated))
def test_by_iams_rules_a_call_needs_each_permission(
    on: Callable[[Size], Stage], size: Size, grant: Grant
) -> None:
    stage = on(size)
    policy, arn = stage.roles[grant.role].policy, stage.arn(grant)
    assert judge.allows(policy, grant.action, judge.example(arn))
    left = without(policy, [(grant.action, arn)])
    assert not judge.allows(left, grant.action, judge.example(arn))


@pytest.mark.parametrize(
    ("size", "grant"), [one for one in cases(Evaluated) if one.values[1].action not in UNCALLED]
)
def test_what_is_left_to_the_evaluator_makes_no_difference_here(
    on: Callable[[Size], Stage], size: Size, grant: Grant
) -> None:
    stage = on(size)
    twin, clients = stage.twin(grant.role)
    ask = Ask(clients, stage, stage.arn(grant))
    with twin.without((grant.action, ask.arn)):
        less = attempt(grant.action, ask)
    assert attempt(grant.action, ask) is less


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
        if attempt(action, Ask(clients, stage, arn)) is not may:
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


@pytest.mark.parametrize("size", SIZES)
def test_what_a_role_may_do_on_a_condition_it_may_not_do_without(size: Size) -> None:
    for title, role in roles(size).items():
        for statement in statements(role):
            plain = {**statement, "Resource": "*"}
            said = {"Version": "2012-10-17", "Statement": [plain]}
            for action in statement["Action"]:
                assert judge.allows(said, action, "*") is ("Condition" not in statement), title


@pytest.mark.parametrize(("size", "title"), sized_roles())
def test_by_iams_rules_a_role_may_use_no_other_log_and_no_other_stream(
    on: Callable[[Size], Stage], size: Size, title: str
) -> None:
    stage = on(size)
    judged = {grant for grant, proof in proofs("starter").items() if isinstance(proof, Evaluated)}
    own = {(grant.action, grant.on) for grant in grants(size) if grant.role == title}
    for grant in judged:
        may = (grant.action, grant.on) in own
        arn = judge.example(stage.arn(grant))
        assert judge.allows(stage.roles[title].policy, grant.action, arn) is may, grant
        other = arn.replace("privilege", "another")
        assert other == arn or not judge.allows(stage.roles[title].policy, grant.action, other)


def test_of_every_role_it_is_said_who_takes_it() -> None:
    assert TRUSTED.keys() == roles("starter").keys() | roles("fleet").keys()


@pytest.mark.parametrize(("size", "title"), sized_roles())
def test_a_role_is_taken_by_its_service_alone_and_for_its_own_resource(
    on: Callable[[Size], Stage], size: Size, title: str
) -> None:
    stage = on(size)
    (statement,) = roles(size)[title]["AssumeRolePolicyDocument"]["Statement"]
    service, source, account_alone = TRUSTED[title]
    assert statement["Principal"] == {"Service": service}
    asked = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", "")
    assert (named(asked) if asked else "") == source
    right = judge.example(stage.written(asked)) if asked else ""
    trust = stage.trust(title)

    def may(*, service: str = "", source: str = "", account: str = ACCOUNT) -> bool:
        asked = judge.decides(
            trust, "sts:AssumeRole", "*", service=service, source=source, account=account
        )
        return asked == "Allow"

    assert may(service=service, source=right)
    assert not may(service="ec2.amazonaws.com", source=right)
    assert not may()
    assert not may(account=judge.STRANGER)
    assert may(service=service, account=judge.STRANGER) is not bool(source or account_alone)
    for theirs, account in strange(right, any_=source.endswith("*")) if right else ():
        assert not may(service=service, source=theirs, account=account), (theirs, account)


def strange(source: str, *, any_: bool = False) -> list[tuple[str, str]]:
    """Source and account of whom a service may act for that is not us: a confused deputy's.

    Args:
        source: whom it should act for.
        any_: whether that is an example of many.
    """
    theirs = source.replace(ACCOUNT, judge.STRANGER)
    others = [] if any_ else [(f"{source}-other", ACCOUNT)]
    accounts = [(source, judge.STRANGER), (theirs, judge.STRANGER), (theirs, ACCOUNT)]
    return [*accounts, ("", ACCOUNT), *others]


def everywhere(kind_of: str) -> Iterator[tuple[Size, str, dict[str, Any]]]:
    """The resources of a type: those of the starter, and what the fleet has beside them."""
    seen: set[str] = set()
    for size in SIZES:
        for title, said in resources(size).items():
            if said["Type"] == kind_of and title not in seen:
                seen.add(title)
                yield size, title, said["Properties"]


def test_a_function_is_called_by_named_resources_of_this_account_alone(
    on: Callable[[Size], Stage],
) -> None:
    found = list(everywhere("AWS::Lambda::Permission"))
    assert found
    for size, title, said in found:
        stage = on(size)
        policy, arn = guards.of_function(stage, said["FunctionName"]["Ref"])
        service, right = said["Principal"], stage.written(said["SourceArn"])
        may = partial(judge.decides, policy, said["Action"], arn)
        assert may(service=service, source=right) == "Allow", title
        assert may(service="s3.amazonaws.com", source=right) != "Allow", title
        assert may() != "Allow", title
        for source, account in strange(right):
            said_to = may(service=service, source=source, account=account)
            assert said_to != "Allow", (title, source, account)
        change = partial(judge.decides, policy, "lambda:UpdateFunctionCode", arn)
        assert change(service=service, source=right) != "Allow", title


@pytest.mark.parametrize("size", SIZES)
def test_every_bucket_queue_and_topic_has_a_policy(size: Size) -> None:
    assert guards.bare(size) == set()
    assert ADMITTED.keys() <= resources(size).keys()


@pytest.mark.parametrize("type_", guards.HELD)
def test_a_bucket_queue_or_topic_refuses_plain_text_and_lets_in_nobody_that_is_not_named(
    on: Callable[[Size], Stage], type_: str
) -> None:
    for size, title, _ in everywhere(type_):
        policy, arn = guards.HELD[type_].read(on(size), title)
        for action, part in guards.HELD[type_].tried:
            decides = partial(judge.decides, policy, action, arn + part)
            assert decides(tls=False) == "Deny", (title, action)
            assert decides(account=judge.STRANGER) != "Allow", (title, action)
            admitted = ADMITTED.get(title, {})
            for service in {*guards.SERVICES, *admitted}:
                let_in = action in admitted.get(service, ())
                assert decides(service=service, tls=False) == "Deny", (title, service, action)
                said = decides(service=service, source=guards.source_of(policy, service))
                assert (said == "Allow") is let_in, (title, service, action)
                stranger = decides(service=service, account=judge.STRANGER)
                assert stranger != "Allow", (title, service, action)
