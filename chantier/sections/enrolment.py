"""Enrolment: things of the site file, and machines that fetch their own certificate."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import AWSObject, Output, Ref, Template
from troposphere.awslambda import Function
from troposphere.logs import LogGroup

from chantier.resources import enrol, functions, iot_logging, parameters, provisioning
from chantier.resources.things import things
from chantier.sections.core import Core
from chantier.site import Site

# The things stand in the first section, with the other parts of a machine's identity.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "10. Enrolment: machines that fetch their own certificate, by claim",
        (
            "ProvisioningTemplate",
            "ProvisioningRole",
            "ClaimPolicy",
            "ProvisioningMayEnrol",
            "Enrol",
            "EnrolRole",
            "EnrolLog",
            "EnrolOnFailure",
            "IotLogging",
            "IotLoggingRole",
        ),
    ),
)


class Enrolment(NamedTuple):
    """What the other sections build on."""

    function: Function
    log: LogGroup


def add(template: Template, site: Site, core: Core) -> Enrolment:
    """Put the site's things, and what lets machines enrol themselves, in a template."""
    template.add_resource(things(site))
    log = functions.log_group(site, enrol.NAME)
    role = enrol.enrol_role(core.dead_letters, log)
    function = enrol.enrol_function(site, role=role, log=log)
    failure = functions.on_failure(function, core.dead_letters)
    template.add_resource([function, role, log, failure])
    template.add_resource(_provisioning(site, core, function))
    level = template.add_parameter(parameters.iot_log_level())
    template.add_condition(*iot_logging.has_iot_log(level))
    writer = iot_logging.logging_role()
    template.add_resource([writer, iot_logging.logging(level, writer)])
    for name, description, part in (
        (
            "ProvisioningTemplateName",
            "Machines with a claim register by it",
            "ProvisioningTemplate",
        ),
        ("ClaimPolicyName", "IoT policy of every claim", "ClaimPolicy"),
    ):
        template.add_output(Output(name, Description=description, Value=Ref(part)))
    return Enrolment(function, log)


def _provisioning(site: Site, core: Core, function: Function) -> list[AWSObject]:
    kind, group, policy = core.machine_type, core.machine_group, core.machine_policy
    role = provisioning.provisioning_role(group, policy, kind)
    permission = provisioning.hook_permission(site, function)
    template = provisioning.provisioning_template(
        site,
        function=function,
        permission=permission,
        role=role,
        kind=kind,
        group=group,
        policy=policy,
    )
    return [template, role, permission, provisioning.claim_policy(site)]
