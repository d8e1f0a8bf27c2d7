"""chantier as a library: three names to start with, and builders that stand alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from troposphere import Output, Ref, Tags, Template
from troposphere.sns import SubscriptionResource

import chantier
from chantier import Site, build, render
from chantier.lint import lint
from chantier.rendering import to_yaml
from chantier.resources import storage
from chantier.site import EXAMPLE

RESOURCES = Path(storage.__file__).parent


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(str(EXAMPLE))


def test_the_package_names_what_a_user_starts_with() -> None:
    assert set(chantier.__all__) <= set(dir(chantier))
    with pytest.raises(AttributeError, match="no attribute 'bulid'"):
        chantier.__getattr__("bulid")


def test_importing_the_package_imports_neither_pydantic_nor_troposphere() -> None:
    ask = "import chantier, sys; print({'pydantic', 'troposphere', 'boto3'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_a_users_resource_is_deployed_with_ours_and_may_refer_to_them(site: Site) -> None:
    template = build(site)
    topic = template.resources["AlertsTopic"]
    mine = template.add_resource(
        SubscriptionResource(
            "Workshop",
            TopicArn=Ref(topic),
            Protocol="email",
            Endpoint="atelier@example.com",
            FilterPolicy={"severity": ["critical"]},
        )
    )
    template.add_output(Output("WorkshopArn", Value=Ref(mine)))
    text = render(template)
    assert text.index("# Added") < text.index("  Workshop:\n")
    assert lint(text, region="eu-west-3") == []


def test_a_builder_stands_alone_in_a_template_of_its_own(site: Site) -> None:
    template = Template("only the bucket")
    bucket = template.add_resource(storage.bucket(site))
    template.add_resource(storage.tls_only(bucket))
    bucket.Tags = Tags(owner="me")
    assert lint(to_yaml(template), region="eu-west-3") == []


@pytest.mark.parametrize("path", sorted(RESOURCES.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_resource_module_knows_no_template_and_no_section(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"chantier.template", "chantier.sections"}
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert "Template" not in names
