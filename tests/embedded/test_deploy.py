"""Deployments: created, unchanged, updated, failed with the reason, and too long for a request."""

from __future__ import annotations

import pytest

from chantier.cloud import Cloud
from chantier.errors import ChantierError, StackError
from chantier.local import without_lacking
from chantier.site import EXAMPLE, Site
from chantier.stack import deploy, outputs, plan, stack_name
from chantier.staging import MAX_INLINE_BYTES
from chantier.template import synthesize
from tests.embedded.conftest import Deployed

pytestmark = pytest.mark.embedded

QUEUE = """
Parameters:
  Days: {Type: Number, Default: 1}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: %s}
Outputs:
  Url: {Value: !Ref Queue}
"""
BROKEN = """
Resources:
  Good:
    Type: AWS::SQS::Queue
  Bad:
    Type: AWS::IoT::TopicRule
    DependsOn: Good
    Properties:
      RuleName: broken
      TopicRulePayload:
        Sql: this is not SQL
        Actions: [{Sqs: {QueueUrl: !Ref Good, RoleArn: 'arn:aws:iam::000000000000:role/none'}}]
"""


def run(cloud: Cloud, body: str, site: str, **parameters: str) -> tuple[object, list[str]]:
    said: list[str] = []
    done = deploy(cloud, body, site=site, parameters=parameters, say=said.append)
    return done, said


def test_a_stack_is_created_then_unchanged_then_updated(cloud: Cloud) -> None:
    created, said = run(cloud, QUEUE % "first", "three-steps")
    assert created == (
        "chantier-three-steps",
        "CREATE_COMPLETE",
        True,
        outputs(cloud, "three-steps"),
    )
    assert said == ["  add     Queue AWS::SQS::Queue", "  done    Queue"]
    same, said = run(cloud, QUEUE % "first", "three-steps")
    assert not same.changed  # type: ignore[attr-defined]
    assert said == ["Nothing to change."]
    updated, said = run(cloud, QUEUE % "second", "three-steps")
    assert updated.status == "UPDATE_COMPLETE"  # type: ignore[attr-defined]
    assert said[0].startswith("  modify  Queue")
    assert outputs(cloud, "three-steps")["Url"].endswith("second")


def test_a_plan_changes_nothing(cloud: Cloud) -> None:
    made = plan(cloud, QUEUE % "planned", site="planned", parameters={}, say=lambda _: None)
    assert made.creates
    assert [change.logical_id for change in made.changes] == ["Queue"]
    with pytest.raises(ChantierError, match="not deployed"):
        outputs(cloud, "planned")


def test_a_failed_deployment_tells_what_failed_first_and_the_next_one_works(
    cloud: Cloud,
) -> None:
    with pytest.raises(StackError) as failed:
        run(cloud, BROKEN, "broken")
    assert any(reason.startswith("Bad (AWS::IoT::TopicRule): ") for reason in failed.value.reasons)
    assert stack_name("broken") in failed.value.message
    done, said = run(cloud, QUEUE % "mended", "broken")
    assert done.status == "CREATE_COMPLETE"  # type: ignore[attr-defined]
    assert "failed to create before" in said[0]


def test_a_template_that_cloudformation_refuses_is_told(cloud: Cloud) -> None:
    with pytest.raises(StackError, match=r"refuses the template for chantier-refused: .*No::Such"):
        run(cloud, "Resources: {A: {Type: 'AWS::No::Such'}}", "refused")


def test_a_parameter_keeps_its_value_over_the_next_deployment(cloud: Cloud) -> None:
    run(cloud, QUEUE % "kept-1", "kept", Days="9")
    run(cloud, QUEUE % "kept-2", "kept")
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName="chantier-kept")["Stacks"]
    assert stack["Parameters"] == [{"ParameterKey": "Days", "ParameterValue": "9"}]


def test_a_site_that_is_not_deployed_is_told_the_next_command(cloud: Cloud) -> None:
    with pytest.raises(ChantierError) as refused:
        outputs(cloud, "nowhere")
    assert refused.value.hint == "Deploy it: chantier deploy --local"


def test_the_whole_site_deploys_again_without_a_change(deployed: Deployed) -> None:
    done = deploy(
        deployed.cloud,
        synthesize(deployed.site),
        site=deployed.site.name,
        parameters={},
        say=lambda _: None,
    )
    assert not done.changed
    assert done.outputs == deployed.outputs


def test_a_site_too_long_for_a_request_deploys_through_a_bucket(cloud: Cloud) -> None:
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"]["name"] = "long"
    said["machines"] = [{"id": f"MACHINE-{n:05}", "class": "roller"} for n in range(1_000)]
    site = Site.model_validate(said)
    body = synthesize(site)
    assert len(body.encode()) > MAX_INLINE_BYTES
    done, _ = run(cloud, body, "long", **without_lacking(body, lambda _line: None))
    assert done.status == "CREATE_COMPLETE"  # type: ignore[attr-defined]
    (bucket,) = [
        one["Name"]
        for one in cloud.client("s3").list_buckets()["Buckets"]
        if one["Name"].startswith("chantier-templates-")
    ]
    block = cloud.client("s3").get_public_access_block(Bucket=bucket)
    assert set(block["PublicAccessBlockConfiguration"].values()) == {True}
