"""The command line: load, call, show.

A command module imports click alone at its top; what a command needs it imports
when it runs, so that `chantier --help` answers at once.
"""

from __future__ import annotations

import click

from chantier.cli.alerts import alerts
from chantier.cli.costs import costs
from chantier.cli.demo import demo
from chantier.cli.destroy import destroy
from chantier.cli.doctor import doctor
from chantier.cli.enrolment import claim, enrol
from chantier.cli.evaluate import evaluate
from chantier.cli.exchange import export, import_
from chantier.cli.exits import ChantierGroup
from chantier.cli.letters import dead_letters
from chantier.cli.lint import lint
from chantier.cli.local import local
from chantier.cli.logs import logs
from chantier.cli.machine import machine
from chantier.cli.machine_papers import remove, revoke, rotate
from chantier.cli.machine_state import list_machines, show
from chantier.cli.prove import prove
from chantier.cli.quarantine import quarantine
from chantier.cli.report import report
from chantier.cli.settle import settle
from chantier.cli.simulate import simulate
from chantier.cli.site import init, source, synth
from chantier.cli.stack import deploy
from chantier.cli.status import status
from chantier.cli.telemetry import replay


@click.group(cls=ChantierGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chantier")
def main() -> None:
    """One site file in, a running connected construction site on AWS out.

    Try it without an AWS account: chantier demo
    """


for command in (
    init,
    synth,
    source,
    lint,
    costs,
    local,
    deploy,
    status,
    logs,
    doctor,
    machine,
    simulate,
    replay,
    evaluate,
    alerts,
    report,
    quarantine,
    export,
    import_,
    dead_letters,
    prove,
    demo,
    destroy,
):
    main.add_command(command)
alerts.add_command(settle)
for inner in (list_machines, show, revoke, rotate, remove, claim, enrol):
    machine.add_command(inner)
