"""What the roles of enrolment are for: the hook, who registers a machine, AWS IoT's own log."""

from __future__ import annotations

from chantier.enrolment import MACHINE_PARAMETER
from tests.embedded.privilege.behaviours import invoke
from tests.embedded.privilege.stage import Stage
from tests.embedded.privilege.ways import (
    Behaviour,
    Evaluated,
    Section,
    Table,
    Taker,
    Twin,
    function,
)


def admits_a_machine(stage: Stage) -> None:
    """The hook admits a machine that is known and has no certificate."""
    asked = {MACHINE_PARAMETER: stage.fresh()}
    assert invoke(stage, "Enrol", {"parameters": asked})["allowProvisioning"]


REGISTERS = Twin("AWS IoT's own call when a machine registers; test_enrolment.py sees it whole")
LOG = Evaluated("AWS IoT's own log; judged here on the group without its streams")

ROLES: dict[str, Table] = {
    "EnrolRole": function(
        "Enrol",
        {
            ("iot:DescribeThing", "iot:thing/*"): Behaviour(admits_a_machine),
            ("iot:ListThingPrincipals", "*"): Behaviour(admits_a_machine),
        },
    ),
    "ProvisioningRole": {
        ("iot:CreateThing", "iot:thing/*"): REGISTERS,
        ("iot:DescribeThing", "iot:thing/*"): REGISTERS,
        ("iot:UpdateThing", "iot:thing/*"): REGISTERS,
        ("iot:AddThingToThingGroup", "iot:thing/*"): REGISTERS,
        ("iot:AddThingToThingGroup", "MachineGroup"): REGISTERS,
        ("iot:AttachPolicy", "iot:cert/*"): Evaluated(
            "AWS IoT's own call; judged here without the certificate's ARN"
        ),
        ("iot:AttachThingPrincipal", "*"): REGISTERS,
        ("iot:DescribeCertificate", "iot:cert/*"): REGISTERS,
        ("iot:UpdateCertificate", "iot:cert/*"): REGISTERS,
        ("iot:DescribeThingGroup", "MachineGroup"): REGISTERS,
        ("iot:DescribeThingType", "MachineType"): REGISTERS,
        ("iot:GetPolicy", "MachinePolicy"): REGISTERS,
    },
    "IotLoggingRole": {
        ("logs:CreateLogGroup", "logs:log-group:AWSIotLogsV2"): Twin(
            "AWS IoT's own call when it first has something to say"
        ),
        ("logs:CreateLogGroup", "logs:log-group:AWSIotLogsV2:*"): LOG,
        ("logs:CreateLogStream", "logs:log-group:AWSIotLogsV2:*"): LOG,
        ("logs:PutLogEvents", "logs:log-group:AWSIotLogsV2:*"): LOG,
    },
}

TAKERS = {
    "EnrolRole": Taker("lambda.amazonaws.com"),
    "ProvisioningRole": Taker("iot.amazonaws.com", "iot:*"),
    "IotLoggingRole": Taker("iot.amazonaws.com", "iot:*"),
}

PROVED = Section(ROLES, TAKERS)
