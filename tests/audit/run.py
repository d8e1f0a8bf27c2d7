"""What independent checkers say of templates: checkov and parliament.

    make audit [TEMPLATE=FILE]

Exits with 1 on a failed check of checkov that the template's metadata does not answer, on an
answer to a check that does not fail, and on any finding of parliament.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import parliament

from tests.audit.loading import ARNS, load, resolved

Key = tuple[str, str]
# Findings of parliament that its data is too old or too narrow for: kind, a part of the
# detail, and why it stands.
ACCEPTED: dict[Key, str] = {
    ("UNKNOWN_CONDITION_FOR_ACTION", "iot:Connection.Thing.IsAttached"): (
        "AWS IoT developer guide, thing policy variables: on Connect, whether the certificate "
        "has the thing"
    ),
    ("RESOURCE_MISMATCH", "dynamodb:ListStreams"): (
        "Granted on the table's streams as AWS SAM's own DynamoDBStreamReadPolicy does"
    ),
}


class Told(NamedTuple):
    """What checkov says of a template: (resource, check) each.

    Attributes:
        passed: with the answers left out.
        answered: fails, and the metadata says why that is right.
        failed: fails, and nothing answers it.
        stale: answered, and does not fail.
    """

    passed: set[Key]
    answered: set[Key]
    failed: set[Key]
    stale: set[Key]


def checkov(path: Path) -> Told:
    """Run it on the template as it is, and on the same without its answers."""
    body = load(path)
    answers = {
        (f"{resource['Type']}.{name}", one["id"])
        for name, resource in body["Resources"].items()
        for one in resource.get("Metadata", {}).pop("checkov", {}).get("skip", ())
    }
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, f"{path.stem}.json")
        bare.write_text(json.dumps(body), "utf-8")
        report = _checkov(path, bare)["results"]

    def keys(kind: str, file: Path) -> set[Key]:
        return {
            (one["resource"], one["check_id"])
            for one in report[f"{kind}_checks"]
            if one["file_path"].endswith(f"/{file.name}")
        }

    fails = keys("failed", bare)
    return Told(
        passed=keys("passed", bare),
        answered=keys("skipped", path) & fails,
        failed=keys("failed", path),
        stale=answers - fails,
    )


def _checkov(*paths: Path) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("checkov")), "--framework", "cloudformation"]
    command += ["--skip-download", "--compact", "--output", "json"]
    for path in paths:
        command += ["--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"checkov did not answer:\n{done.stderr or done.stdout}")
    if report["summary"]["parsing_errors"] or "results" not in report:
        sys.exit(f"checkov cannot read {', '.join(map(str, paths))}.")
    return report


def policies(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy document of a template, with plausible ARNs, and whose it is."""
    body = load(path)
    for name, resource in body["Resources"].items():
        given = resource.get("Properties", {})
        for key in ("AssumeRolePolicyDocument", "PolicyDocument", "KeyPolicy"):
            if key in given:
                document = resolved(given[key], body)
                if key == "AssumeRolePolicyDocument":
                    # parliament wants a resource; a trust policy's is the role itself.
                    for statement in document["Statement"]:
                        statement["Resource"] = ARNS["AWS::IAM::Role"].format(name)
                yield f"{name} {key}", document
        for policy in given.get("Policies", ()):
            yield f"{name} {policy['PolicyName']}", resolved(policy["PolicyDocument"], body)


def parliament_of(path: Path) -> tuple[int, int, list[str]]:
    """How many policies parliament read, how much is accepted with a reason, and what is not."""
    found = [
        (finding.issue, str(finding.detail), whose)
        for whose, document in policies(path)
        for finding in parliament.analyze_policy_string(json.dumps(document), str(path)).findings
    ]
    left = [
        f"{whose}: {issue} {detail}"
        for issue, detail, whose in found
        if not any(kind == issue and part in detail for kind, part in ACCEPTED)
    ]
    return len([*policies(path)]), len(found) - len(left), left


def audit(path: Path) -> bool:
    """Print what both say of one template; whether there is nothing to mend."""
    told = checkov(path)
    count, accepted, found = parliament_of(path)
    print(
        f"{path.name}: checkov {len(told.passed)} passed, {len(told.answered)} answered with a "
        f"reason, {len(told.failed)} failed; parliament {count} policies, {accepted} findings "
        f"accepted with a reason, {len(found)} not."
    )
    lines = [f"not answered: {resource} {check}" for resource, check in sorted(told.failed)]
    lines += [f"answered without need: {one} {check}" for one, check in sorted(told.stale)]
    lines += [f"parliament: {line}" for line in found]
    for line in lines:
        print(f"  {line}")
    return not lines


def main() -> None:
    """Audit the templates that are named, and tell whether all are fine."""
    missing = [name for name in sys.argv[1:] if not Path(name).is_file()]
    if missing or not sys.argv[1:]:
        sys.exit(f"There is no template {', '.join(missing)}. Write one: chantier synth -o FILE")
    fine = [audit(Path(name)) for name in sys.argv[1:]]
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
