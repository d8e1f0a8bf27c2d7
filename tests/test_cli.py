"""The command line: what it prints, where, and with which exit code. No AWS here."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from chantier.cli import main
from chantier.cli.exits import ChantierGroup
from chantier.cli.show import table
from chantier.lint import Finding
from chantier.site import EXAMPLE
from tests import golden

Run = Callable[..., Result]
ROOT = Path(__file__).parents[1]
LOADS = "import sys; from chantier.cli import main; print(sorted(sys.modules))"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run chantier in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="chantier")

    return call


def every_command() -> list[str]:
    found = []
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            found += [name] if command.invoke_without_command else []
            found += [f"{name} {inner}" for inner in command.commands]
        else:
            found.append(name)
    return found


@pytest.mark.parametrize("command", every_command())
def test_every_command_has_help_and_stands_in_the_readme(command: str) -> None:
    told = CliRunner().invoke(main, [*command.split(), "--help"], prog_name="chantier")
    assert told.exit_code == 0
    assert re.search(r"\n  [A-Z]", told.output), "no sentence"
    assert f"chantier {command}" in (ROOT / "README.md").read_text("utf-8")


def test_help_loads_nothing_heavy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADS], capture_output=True, text=True, check=True
    ).stdout
    for heavy in ("boto3", "botocore", "pydantic", "troposphere", "rich", "cfnlint", "aiomqtt"):
        assert f"'{heavy}'" not in loaded


def test_init_then_synth_prints_the_golden_template(run: Run) -> None:
    assert run("init").exit_code == 0
    printed = run("synth")
    assert printed.exit_code == 0
    committed = golden.TEMPLATE.read_text("utf-8")
    assert golden.readable(printed.stdout) == golden.readable(committed)


def test_source_prints_the_code_that_the_template_carries_packed(run: Run) -> None:
    run("init")
    code = (golden.FUNCTIONS / "detect.py").read_text("utf-8")
    assert run("source", "detect").stdout == code
    assert run("source", "detect", "-o", "seen.py").exit_code == 0
    assert Path("seen.py").read_text("utf-8") == code
    assert hashlib.sha256(code.encode()).hexdigest() in run("synth").stdout


def test_source_without_a_name_is_the_only_function_or_the_list_of_them(run: Run) -> None:
    run("init")
    names = sorted(path.stem for path in golden.FUNCTIONS.iterdir())
    printed = run("source").stdout
    if len(names) == 1:
        assert printed == run("source", *names).stdout
    else:
        assert sorted(printed.split()) == names


def test_source_of_no_function_says_which_there_are(run: Run) -> None:
    run("init")
    told = run("source", "detekt")
    assert told.exit_code == 1
    assert "The template has no function 'detekt'." in told.stderr
    assert "It has: detect" in told.stderr


def test_init_does_not_write_over_a_file(run: Run) -> None:
    Path("chantier.toml").write_text("mine", "utf-8")
    told = run("init")
    assert told.exit_code == 1
    assert "is there already; nothing was written" in told.stderr
    assert Path("chantier.toml").read_text("utf-8") == "mine"


def test_synth_through_cfn_lint_gives_nothing(run: Run) -> None:
    template = run("synth", "--site", str(EXAMPLE)).stdout
    tool = Path(sys.executable).with_name("cfn-lint")
    checked = subprocess.run(
        [tool, "-c", "I"], input=template, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_lint_answers_as_json(run: Run) -> None:
    told = run("lint", "--site", str(EXAMPLE), "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout) == []


def test_a_bad_site_file_is_refused_with_all_its_faults_on_stderr(run: Run) -> None:
    Path("chantier.toml").write_text(EXAMPLE.read_text("utf-8").replace("voltage", "volts"))
    told = run("synth")
    assert told.exit_code == 1
    assert told.stdout == ""
    assert told.stderr.count("unknown key; did you mean 'voltage'?") == 2


@pytest.mark.parametrize("command", ["synth", "lint", "alerts", "deploy", "machine list"])
def test_without_a_site_file_the_next_command_is_named(run: Run, command: str) -> None:
    told = run(*command.split())
    assert told.exit_code == 1
    assert "Write one: chantier init" in told.stderr


@pytest.mark.parametrize(
    "command", ["deploy", "alerts", "quarantine", "machine add --all", "simulate"]
)
def test_without_a_local_aws_the_next_command_is_named(run: Run, command: str) -> None:
    run("init")
    told = run(*command.split(), "--local")
    assert told.exit_code == 1
    assert "chantier local up" in told.stderr


def test_without_aws_credentials_the_way_out_is_named(run: Run) -> None:
    run("init")
    told = run("deploy")
    assert told.exit_code == 1
    assert "no AWS credentials" in told.stderr
    assert "--local" in told.stderr


@pytest.mark.parametrize(
    "arguments", [["machine", "add"], ["machine", "add", "EX-001", "--all"], ["nonsense"]]
)
def test_wrong_usage_ends_with_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_answer_that_says_no_ends_with_its_code() -> None:
    @click.group(cls=ChantierGroup)
    def tool() -> None: ...

    @tool.command()
    def refuse() -> None:
        raise click.exceptions.Exit(1)

    assert CliRunner().invoke(tool, ["refuse"]).exit_code == 1


def test_lint_with_findings_ends_with_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("E0000", 1, "made up", "error")
    monkeypatch.setattr("chantier.lint.lint", lambda _body, region: [finding][: len(region)])
    told = run("lint", "--site", str(EXAMPLE))
    assert told.exit_code == 1
    assert "template:1: E0000 made up" in told.stdout


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf"])
def test_a_speed_that_no_clock_has_is_refused(run: Run, speed: str) -> None:
    told = run("simulate", "--speed", speed)
    assert told.exit_code == 2
    assert "a number above 0" in told.stderr


def test_a_network_fault_that_there_is_not_is_refused_with_the_names_and_an_example(
    run: Run,
) -> None:
    run("init")
    told = run("simulate", "--network", "los=2%")
    assert told.exit_code == 1
    assert "did you mean 'loss'?" in told.stderr
    assert "for example loss=2%,latency=300ms" in told.stderr


def test_faults_of_a_network_go_with_a_run_that_sends(run: Run) -> None:
    told = run("simulate", "--network", "loss=2%", "--backfill", "1d", "--out", "history")
    assert told.exit_code == 2
    assert not Path("history").exists()


def numbers() -> list[tuple[str, click.Option]]:
    """Every option that takes a number with a point, by its command."""
    found = []
    for command in every_command():
        group, _, inner = command.partition(" ")
        given = main.commands[group]
        chosen = given.commands[inner] if inner and isinstance(given, click.Group) else given
        found += [
            (f"{command} {one.opts[0]}", one)
            for one in chosen.params
            if isinstance(one, click.Option) and one.type.name.startswith("float")
        ]
    return found


# Its own function refuses what no meter shows: tests/embedded/test_answering.py.
LATER = {"machine service --hours"}


@pytest.mark.parametrize(("name", "option"), [one for one in numbers() if one[0] not in LATER])
@pytest.mark.parametrize("typed", ["nan", "inf", "-inf", "-1", "1e999"])
def test_a_number_that_nothing_can_be_counted_with_is_refused(
    name: str, option: click.Option, typed: str
) -> None:
    with pytest.raises(click.BadParameter):
        option.process_value(click.Context(main, info_name=name), typed)


def test_there_are_options_that_take_numbers() -> None:
    assert {"costs --hours-a-day", "simulate --speed", *LATER} <= {name for name, _ in numbers()}


def test_a_region_that_does_not_exist_is_told(run: Run) -> None:
    text = EXAMPLE.read_text("utf-8").replace("eu-west-3", "eu-wst-3")
    Path("chantier.toml").write_text(text, "utf-8")
    told = run("lint")
    assert told.exit_code == 1
    assert "There is no AWS region 'eu-wst-3'." in told.stderr
    assert "eu-west-3" in told.stderr


def test_a_template_that_cannot_be_written_is_told(run: Run) -> None:
    told = run("synth", "--site", str(EXAMPLE), "-o", "no/such/folder.yaml")
    assert told.exit_code == 1
    assert "Could not open file 'no/such/folder.yaml'" in told.stderr


def test_what_a_machine_sent_cannot_draw_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table(("message",), [("hello [/is] not [red]markup \x1b]0;PWNED\x07\n",)])
    printed = capsys.readouterr().out
    assert "hello [/is] not [red]markup" in printed
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_machine_list_is_a_list_of_objects_with_id(run: Run) -> None:
    told = run("machine", "list", "--json", "--site", str(EXAMPLE))
    machines = json.loads(told.stdout)
    assert len(machines) == 12
    assert machines[0] == {
        "id": "EX-001",
        "class": "crawler-excavator",
        "label": "Pelle 22 t",
        "zone": "plateforme",
        "voltage": 24,
        "certificate": False,
    }


def test_local_status_tells_that_nothing_runs(run: Run) -> None:
    told = run("local", "status", "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["running"] is False


def test_local_down_with_nothing_to_stop_is_done(run: Run) -> None:
    told = run("local", "down")
    assert told.exit_code == 0
    assert "was not running" in told.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("missing.jsonl", None, "There is no recording at"),
        ("empty.jsonl", "", "empty.jsonl"),
        ("broken.jsonl", '{"t":"2026-11-02T08:00:01Z"}\nnot json\n', "line 2"),
        ("broken.csv", "t,rpm\n2026-11-02T08:00:01Z,fast\n", "line 2"),
    ],
)
def test_a_recording_that_cannot_be_read_is_one_clear_line(
    run: Run, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        Path(name).write_text(text, "utf-8")
    told = run("demo", "--replay", name)
    assert told.exit_code == 1
    assert said in told.stderr
    assert "Traceback" not in told.output
    assert not Path("chantier.toml").exists(), "a demo that cannot run must not begin"


def test_options_of_the_list_before_a_command_are_not_lost_without_a_word(run: Run) -> None:
    run("init")
    refused = run("alerts", "--local", "ack", "EX-001/TOW")
    assert refused.exit_code == 2
    assert "Put the options after it: chantier alerts ack" in refused.stderr
