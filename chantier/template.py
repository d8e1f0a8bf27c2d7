"""The whole template of a site, and its YAML.

This is the one place that knows every section. Resources stand in the order in
which a message meets them, not in the order they are built.
"""

from __future__ import annotations

from troposphere import Tags, Template
from troposphere.awslambda import Function

from chantier.packing import unpacked
from chantier.render import render
from chantier.sections import core, reporting, telling
from chantier.site import Site

# Titles and logical ids, in the order in which a message meets them.
SECTIONS = (*core.SECTIONS, *telling.SECTIONS, *reporting.SECTIONS)
SITE_TAG = "chantier:site"


def build(site: Site, *, minimal: bool = False) -> Template:
    """The CloudFormation template of a site, to render or to add resources to.

    Args:
        site: the site file.
        minimal: ingest, detection, alerts and raw data alone; nobody is told, and neither
            silence nor dates are watched. It fits in one CloudFormation request.
    """
    template = Template(
        f"chantier: connected construction site {site.name}. Machines send telemetry to AWS IoT "
        "Core; alerts go to DynamoDB, raw data to S3. Generated from the site file."
    )
    template.set_version()
    built = core.add(template, site)
    if not minimal:
        telling.add(template, site, built)
        reporting.add(template, site, built)
    _tag(template, site)
    return template


def _tag(template: Template, site: Site) -> None:
    """Every resource that can bear a tag says whose it is, for the bill and for cleaning up."""
    for resource in template.resources.values():
        if "Tags" in resource.props and "Tags" not in resource.properties:
            plain = resource.props["Tags"][0] is dict
            resource.Tags = {SITE_TAG: site.name} if plain else Tags({SITE_TAG: site.name})


def synthesize(site: Site, *, minimal: bool = False) -> str:
    """The template of a site as YAML, ready to deploy; `minimal` as in `build`."""
    return render(build(site, minimal=minimal), SECTIONS)


def sources(site: Site) -> dict[str, str]:
    """The code of every function of the template, as it can be read, by the function's name."""
    resources = build(site).to_dict()["Resources"]
    return {
        title.lower(): unpacked(resource["Properties"]["Code"]["ZipFile"])
        for title, resource in resources.items()
        if resource["Type"] == Function.resource_type
    }
