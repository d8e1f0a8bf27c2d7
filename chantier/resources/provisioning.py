"""How machines enrol themselves: the provisioning template, its role, the policy of a claim."""

from __future__ import annotations

import json

import awacs.iot
from awacs.aws import PolicyDocument
from troposphere import AccountId, GetAtt, Ref
from troposphere.awslambda import Function, Permission
from troposphere.iam import Role
from troposphere.iot import (
    Policy,
    ProvisioningHook,
    ProvisioningTemplate,
    ThingGroup,
    ThingType,
)

from chantier.enrolment import (
    ACCEPTED,
    CLASS_PARAMETER,
    HOOK_VERSION,
    MACHINE_PARAMETER,
    REJECTED,
    REQUEST_TOPIC,
    SERIAL_PARAMETER,
    claim_client_id,
    provisioning_topic,
    template_name,
)
from chantier.resources.policies import VERSION, allow, regional_arn, role
from chantier.site import Site

CERTIFICATE = "AWS::IoT::Certificate::Id"
# AWS IoT names them when it makes them. It acts on the one whose ownership token the
# machine shows, which the machine was given with it.
ANY_CERTIFICATE = regional_arn("iot", "cert/*")
# As in `enrol`: the hook admits machines of the site file alone.
ANY_THING = regional_arn("iot", "thing/*")
# The form that AWS documents for every role of AWS IoT; whether it names the template
# when it provisions is not written anywhere.
ANY_OF_IOT = regional_arn("iot", "*")


def provisioning_role(group: ThingGroup, policy: Policy, kind: ThingType) -> Role:
    """What AWS IoT may do for a machine that the hook admits, and nothing beside.

    In place of AWS's managed policy AWSIoTThingsRegistration, which may also make policies
    and take machines out of groups, on every resource of the account.
    """
    return role(
        "ProvisioningRole",
        service="iot.amazonaws.com",
        description="Lets AWS IoT register machines that enrol themselves",
        source=ANY_OF_IOT,
        statements=[
            allow(
                "MakeTheThing",
                [awacs.iot.CreateThing, awacs.iot.DescribeThing, awacs.iot.UpdateThing],
                [ANY_THING],
            ),
            allow(
                "PutItInItsGroup",
                [awacs.iot.AddThingToThingGroup],
                [ANY_THING, GetAtt(group, "Arn")],
            ),
            allow(
                "ActivateTheCertificate",
                [
                    awacs.iot.AttachPolicy,
                    awacs.iot.DescribeCertificate,
                    awacs.iot.UpdateCertificate,
                ],
                [ANY_CERTIFICATE],
            ),
            # AWS's service authorization reference names no resource for it: only * allows it.
            allow("AttachItToTheThing", [awacs.iot.AttachThingPrincipal], ["*"]),
            allow("FindTheGroup", [awacs.iot.DescribeThingGroup], [GetAtt(group, "Arn")]),
            allow("FindTheType", [awacs.iot.DescribeThingType], [GetAtt(kind, "Arn")]),
            allow("FindThePolicy", [awacs.iot.GetPolicy], [GetAtt(policy, "Arn")]),
        ],
    )


def provisioning_template(  # noqa: PLR0913 - the parts that it is wired to
    site: Site,
    *,
    function: Function,
    permission: Permission,
    role: Role,
    kind: ThingType,
    group: ThingGroup,
    policy: Policy,
) -> ProvisioningTemplate:
    """A machine's thing, certificate and policy, once the hook admits it."""
    return ProvisioningTemplate(
        "ProvisioningTemplate",
        # It names these by text; and AWS IoT tries at once whether it may call the hook.
        DependsOn=[part.title for part in (kind, group, policy, permission)],
        TemplateName=template_name(site.name),
        TemplateType="FLEET_PROVISIONING",
        Description=f"Machines of {site.name} that enrol themselves by claim",
        Enabled=True,
        ProvisioningRoleArn=GetAtt(role, "Arn"),
        PreProvisioningHook=ProvisioningHook(
            PayloadVersion=HOOK_VERSION, TargetArn=GetAtt(function, "Arn")
        ),
        TemplateBody=template_body(
            site,
            kind=kind.ThingTypeName,
            group=group.ThingGroupName,
            policy=policy.PolicyName,
        ),
    )


def template_body(site: Site, *, kind: str, group: str, policy: str) -> str:
    """The provisioning template as AWS IoT reads it, JSON.

    A thing that is there, from the stack or a former box, keeps its other attributes
    and groups.
    """
    thing = {
        "ThingName": {"Ref": MACHINE_PARAMETER},
        "ThingTypeName": kind,
        "ThingGroups": [group],
        "AttributePayload": {"site": site.name, "class": {"Ref": CLASS_PARAMETER}},
    }
    keeping = {"AttributePayload": "MERGE", "ThingGroups": "MERGE", "ThingTypeName": "REPLACE"}
    certificate = {"CertificateId": {"Ref": CERTIFICATE}, "Status": "ACTIVE"}
    text = {"Type": "String"}
    body = {
        "Parameters": {
            MACHINE_PARAMETER: text,
            SERIAL_PARAMETER: {**text, "Default": ""},
            CLASS_PARAMETER: text,
            CERTIFICATE: text,
        },
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": thing,
                "OverrideSettings": keeping,
            },
            "certificate": {"Type": "AWS::IoT::Certificate", "Properties": certificate},
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
        },
    }
    return json.dumps(body, indent=2) + "\n"


def hook_permission(site: Site, function: Function) -> Permission:
    """The function's side of it: this site's provisioning template, nobody else."""
    return Permission(
        "ProvisioningMayEnrol",
        FunctionName=Ref(function),
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceAccount=AccountId,
        SourceArn=regional_arn("iot", f"provisioningtemplate/{template_name(site.name)}"),
    )


def claim_policy(site: Site) -> Policy:
    """What a claim may do: hand in a signing request, register by this site's template.

    It may not have AWS make a key, which would travel; and it sends no telemetry.
    """
    requests = REQUEST_TOPIC, provisioning_topic(template_name(site.name))
    answers = [f"{topic}/{answer}" for topic in requests for answer in (ACCEPTED, REJECTED)]
    return Policy(
        "ClaimPolicy",
        PolicyName=f"chantier-{site.name}-claim",
        PolicyDocument=PolicyDocument(
            Version=VERSION,
            Statement=[
                allow(
                    "ConnectWithAClaim",
                    [awacs.iot.Connect],
                    # A machine's own id follows; none can be known before it has a certificate.
                    [regional_arn("iot", f"client/{claim_client_id(site.name, '*')}")],
                ),
                allow(
                    "AskForACertificate",
                    [awacs.iot.Publish],
                    [regional_arn("iot", f"topic/{topic}") for topic in requests],
                ),
                allow(
                    "ListenForAnswers",
                    [awacs.iot.Subscribe],
                    [regional_arn("iot", f"topicfilter/{topic}") for topic in answers],
                ),
                allow(
                    "HearAnswers",
                    [awacs.iot.Receive],
                    [regional_arn("iot", f"topic/{topic}") for topic in answers],
                ),
            ],
        ),
    )
