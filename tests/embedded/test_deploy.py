"""Deployments: created, unchanged, updated, failed with the reason, and too long for a request."""

from __future__ import annotations

import pytest

from chantier.cloud import Cloud
from chantier.deploying import stacks
from chantier.deploying.changes import Property
from chantier.deploying.widening import Widening
from chantier.errors import ChantierError, StackError
from chantier.local import without_lacking
from chantier.site import EXAMPLE, Site
from chantier.stack import Plan, deploy, discard, outputs, plan, stack_name
from chantier.staging import MAX_INLINE_BYTES, staged
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


ROLE = """
Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}
      Policies:
        - PolicyName: own-work
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: [%s]
                Resource: !Sub 'arn:aws:s3:::${AWS::StackName}/*'
"""


def planned(cloud: Cloud, body: str, site: str) -> Plan:
    made = plan(cloud, body, site=site, parameters={}, say=lambda _line: None)
    discard(cloud, made)
    return made


def test_a_replacement_is_told_with_what_was_and_what_will_be(cloud: Cloud) -> None:
    run(cloud, QUEUE % "replaced-1", "replaced")
    (change,) = planned(cloud, QUEUE % "replaced-2", "replaced").changes
    assert (change.replaces, change.fate) == (True, "Delete")
    (only,) = change.properties
    assert only == Property("QueueName", "replaced-1", "replaced-2", "Always")


def test_a_role_that_may_more_is_called_out_and_one_that_may_less_is_not(cloud: Cloud) -> None:
    run(cloud, ROLE % "'s3:GetObject'", "wider")
    (wider,) = planned(cloud, ROLE % "'s3:GetObject', 's3:PutObject'", "wider").widening
    assert wider == Widening(
        "Reader", "new action", "", ("s3:PutObject",), "arn:aws:s3:::${AWS::StackName}/*"
    )
    run(cloud, ROLE % "'s3:*'", "wider")
    narrower = planned(cloud, ROLE % "'s3:GetObject'", "wider")
    assert narrower.changes
    assert narrower.widening == ()


def test_a_plan_that_is_thrown_away_leaves_neither_change_set_nor_stack(cloud: Cloud) -> None:
    planned(cloud, QUEUE % "thrown", "thrown")
    assert stacks.describe(cloud.client("cloudformation"), stack_name("thrown")) is None


def test_a_stack_in_review_is_taken_over_and_keeps_what_somebody_else_planned(
    cloud: Cloud,
) -> None:
    client = cloud.client("cloudformation")
    client.create_change_set(
        StackName=stack_name("reviewed"),
        ChangeSetName="theirs",
        ChangeSetType="CREATE",
        TemplateBody=QUEUE % "theirs",
    )
    planned(cloud, QUEUE % "ours", "reviewed")
    assert stacks.describe(client, stack_name("reviewed"))["StackStatus"] == "REVIEW_IN_PROGRESS"
    done, _ = run(cloud, QUEUE % "ours", "reviewed")
    assert done.status == "CREATE_COMPLETE"  # type: ignore[attr-defined]


def test_old_templates_expire(cloud: Cloud) -> None:
    staged(cloud, QUEUE % "staged", site="staged")
    s3 = cloud.client("s3")
    (bucket,) = [
        one["Name"]
        for one in s3.list_buckets()["Buckets"]
        if one["Name"].startswith("chantier-templates-")
    ]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["Status"], rule["Expiration"]) == ("Enabled", {"Days": 30})
