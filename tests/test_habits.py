"""What everybody's AWS tools do: profiles, regions, sign-ins, colours, completion, site files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from botocore import exceptions
from click.testing import CliRunner

from chantier.cli import main
from chantier.cli.deployment import Order
from chantier.cli.options import PROFILE, cloud_for, load, local_option, site_option
from chantier.cli.refusals import sentence
from chantier.cli.show import red
from chantier.cloud import Cloud
from chantier.site import EXAMPLE


@click.command()
@site_option
@local_option
def where(site_path: Path, *, local: bool) -> None:
    """Print where a command would go."""
    cloud = cloud_for(site_path, load(site_path), local=local)
    click.echo(f"{site_path} {cloud.region} {cloud.profile}")


def told(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(where, arguments)
    return result.exit_code, result.output.strip()


@pytest.fixture
def site_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "chantier.toml"
    path.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return path


def test_the_nearest_site_file_above_is_used(site_file: Path) -> None:
    assert told() == (0, f"{Path('..', '..', 'chantier.toml')} eu-west-3 None")
    site_file.parent.joinpath("a", "chantier.toml").write_text(site_file.read_text("utf-8"))
    assert told()[1].startswith(f"{Path('..', 'chantier.toml')} ")


def test_a_site_file_that_is_named_is_not_looked_for_above(site_file: Path) -> None:
    assert site_file.exists()
    result = CliRunner().invoke(where, ["--site", "chantier.toml"])
    assert result.exit_code == 1
    assert "There is no site file at chantier.toml." in str(result.exception)


def test_init_writes_here_whatever_is_above(site_file: Path) -> None:
    assert site_file.exists()
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    assert Path("chantier.toml").exists()


def test_profile_and_region_come_from_the_command_line(site_file: Path) -> None:
    arguments = ("--site", str(site_file), "--profile", "btp", "--region", "us-east-1")
    assert told(*arguments) == (0, f"{site_file} us-east-1 btp")


def test_a_region_that_is_none_is_a_usage_error(site_file: Path) -> None:
    assert site_file.exists()
    code, said = told("--region", "paris")
    assert code == 2
    assert "There is no AWS region 'paris'." in said


def test_profile_and_region_do_not_go_with_local(site_file: Path) -> None:
    assert site_file.exists()
    assert told("--local", "--profile", "btp")[0] == 2


def test_a_profile_that_is_not_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(exceptions.ProfileNotFound) as raised:
        Cloud("aws", "eu-west-3", profile="nobody").client("sts")
    said = sentence(raised.value)
    assert said
    assert "nobody" in said[0]
    assert said[1].startswith("List them: aws configure list-profiles")


@pytest.mark.parametrize(
    ("error", "said", "what"),
    [
        (
            exceptions.UnauthorizedSSOTokenError(),
            "The AWS SSO session has run out",
            "Sign in: aws sso login --profile btp",
        ),
        (
            exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
            "The AWS SSO session has run out",
            "Sign in: aws sso login --profile btp",
        ),
        (exceptions.NoCredentialsError(), "There are no AWS credentials here.", "Set them up"),
        (
            exceptions.ClientError(
                {"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "DescribeStacks"
            ),
            "The AWS session has run out.",
            "Sign in again: aws sso login --profile btp",
        ),
        (
            exceptions.ClientError(
                {
                    "Error": {
                        "Code": "AccessDenied",
                        "Message": "User: x is not authorized to perform: sts:AssumeRole",
                    }
                },
                "AssumeRole",
            ),
            "The role of this profile cannot be taken",
            "Check role_arn",
        ),
        (
            exceptions.ClientError(
                {"Error": {"Code": "AccessDenied", "Message": "{no}"}}, "DescribeStacks"
            ),
            "AWS does not allow that: An error occurred (AccessDenied)",
            "Whose they are",
        ),
    ],
)
def test_what_aws_refuses_is_a_sentence_and_the_next_command(
    error: Exception, said: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "btp")
    found = sentence(error)
    assert found
    assert found[0].startswith(said)
    assert found[1].startswith(what)


def test_an_error_that_is_not_of_aws_is_not_made_up() -> None:
    assert sentence(ValueError("x")) is None


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert red("x") != "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert red("x") == "x"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_commands(shell: str) -> None:
    asked = {
        **os.environ,
        "_CHANTIER_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "chantier dep",
        "COMP_CWORD": "1" if shell != "fish" else "dep",
    }
    program = "from chantier.cli import main; main(prog_name='chantier')"
    done = subprocess.run(
        [sys.executable, "-c", program], env=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "deploy" in done.stdout


def test_the_command_to_repeat_is_one_that_a_shell_takes() -> None:
    order = Order(Path("chantier.toml"), {"AlertEmail": "a b@x"}, True, False, False)  # noqa: FBT003 - flags as typed
    assert order.command("--yes") == "chantier deploy --local -p 'AlertEmail=a b@x' --yes"
    with click.Context(main, obj=None) as ctx:
        ctx.meta[PROFILE] = "btp"
        other = order._replace(site_path=Path("../site.toml"), local=False, given={})
        assert other.command() == "chantier deploy --site ../site.toml --profile btp"
