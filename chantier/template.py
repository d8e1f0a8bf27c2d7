"""The whole template of a site, and its YAML.

This is the one place that knows every section. Resources stand in the order in
which a message meets them, not in the order they are built.
"""

from __future__ import annotations

from troposphere import Tags, Template
from troposphere.awslambda import Function

from chantier.answers import answer
from chantier.packing import unpacked
from chantier.rendering import to_yaml
from chantier.resources.tags import SITE_TAG
from chantier.sections import analysis, choices, core, enrolment, operations, reporting, telling
from chantier.site import Site

# Titles and logical ids, in the order in which a message meets them.
SECTIONS = (
    *core.SECTIONS,
    *telling.SECTIONS,
    *reporting.SECTIONS,
    *analysis.SECTIONS,
    *operations.SECTIONS,
    *enrolment.SECTIONS,
)


def build(site: Site, *, minimal: bool = False) -> Template:
    """The CloudFormation template of a site, to render or to add resources to.

    Args:
        site: the site file.
        minimal: ingest, detection, alerts and raw data alone; nobody is told, and neither
            silence nor dates are watched. It fits in one CloudFormation request, and is a
            starter's whatever the size of the site.
    """
    if minimal:
        site = site.of_size("starter")
    template = Template(
        f"chantier: connected construction site {site.name}. Machines send telemetry to AWS IoT "
        "Core; alerts go to DynamoDB, raw data to S3. Generated from the site file."
    )
    template.set_version()
    chosen = choices.of_site(template, site) if minimal else choices.add(template, site)
    built = core.add(template, site, chosen)
    if not minimal:
        told = telling.add(template, site, built)
        reported = reporting.add(template, site, built)
        analysis.add(template, site, built)
        operations.add(template, site, built, told, reported)
        enrolment.add(template, site, built)
        choices.everywhere(template, site)
    _tag(template, site)
    answer(template)
    return template


def _tag(template: Template, site: Site) -> None:
    """Every resource that can bear a tag says whose it is, for the bill and for cleaning up."""
    for resource in template.resources.values():
        if "Tags" in resource.props and "Tags" not in resource.properties:
            plain = resource.props["Tags"][0] is dict
            resource.Tags = {SITE_TAG: site.name} if plain else Tags({SITE_TAG: site.name})


def render(template: Template) -> str:
    """A template as YAML: our resources in the order in which a message meets them, then yours."""
    return to_yaml(template, SECTIONS)


def synthesize(site: Site, *, minimal: bool = False) -> str:
    """The template of a site as YAML, ready to deploy; `minimal` as in `build`."""
    return render(build(site, minimal=minimal))


def sources(site: Site) -> dict[str, str]:
    """The code of every function of the template, as it can be read, by the function's name."""
    resources = build(site).to_dict()["Resources"]
    return {
        title.lower(): unpacked(resource["Properties"]["Code"]["ZipFile"])
        for title, resource in resources.items()
        if resource["Type"] == Function.resource_type
    }
