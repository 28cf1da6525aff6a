"""Check the Action, this project's workflows and those that the examples offer; ``make check`` runs this.

Each tool's own judgement, offline, is all that counts: the published schemas (check-jsonschema), expressions and
contexts (actionlint, with shellcheck for the shell in them), injections, permissions and pins (zizmor), the
Action's scripts (shellcheck; braces around every variable are not asked for), and the Dockerfile (hadolint).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TOOLS = Path(sys.executable).parent


def workflows() -> list[Path]:
    """Return every workflow: this project's, and those to be copied."""
    return [
        *sorted((ROOT / ".github" / "workflows").glob("*.y*ml")),
        *sorted((ROOT / "examples").rglob("github-*.yaml")),
    ]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield what is checked and by which command."""
    scripts = sorted((ROOT / ".github" / "action").glob("*.sh"))
    yield "the Action's scripts", ["shellcheck", "--enable=all", "--exclude=SC2250", *_names(scripts)]
    yield "the Dockerfile", ["hadolint", "Dockerfile"]
    schema = ["check-jsonschema", "--builtin-schema"]
    yield "action.yml", [*schema, "vendor.github-actions", "action.yml"]
    yield "workflows", [*schema, "vendor.github-workflows", *_names(workflows())]
    yield "workflows' time limits", [*schema, "custom.github-workflows-require-timeout", *_names(workflows())]
    yield "the GitLab pipeline", [*schema, "vendor.gitlab-ci", "examples/ci/gitlab-ci.yml"]
    yield "workflows' expressions", ["actionlint", "-shellcheck", str(TOOLS / "shellcheck"), *_names(workflows())]
    yield (
        "the security of workflows and the Action",
        ["zizmor", "--offline", "--persona=pedantic", "--no-progress", "--quiet", "action.yml", *_names(workflows())],
    )


def check(command: list[str]) -> str:
    """Run a tool; return what it says against the files, nothing where all is well."""
    done = subprocess.run(
        [TOOLS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or f"{command[0]} ends with {done.returncode}"


def _names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def main() -> int:
    """Check, print what is wrong, and return the exit status."""
    problems = [f"{what}:\n{said}" for what, command in commands() if (said := check(command))]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
