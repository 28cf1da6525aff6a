"""Check that the documents say what the code does; ``make check`` runs this, ``make fix`` with ``--write``.

1. A ``console`` block that begins with ``$ gitops-streams … --help`` holds exactly that help, and every command
   has such a block. ``--write`` brings the blocks up to date and adds missing ones to docs/commands.md.
2. Every dependency that pyproject.toml names has its row in docs/architecture.md, and no row is left over.
3. Links between documents lead to files that exist.
4. The tables of inputs and outputs in docs/github-action.md are what action.yml says; ``--write`` writes them.
5. No tracked file names a path of somebody's machine or the host of a package index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
ARCHITECTURE = ROOT / "docs" / "architecture.md"
COMMANDS = ROOT / "docs" / "commands.md"
ACTION = ROOT / "docs" / "github-action.md"

PROGRAM = "gitops-streams"
_BLOCK = re.compile(
    r"^```console\n\$ (?P<command>gitops-streams[^\n]* --help)\n(?P<help>.*?)^```$", re.DOTALL | re.MULTILINE
)
_VERBS = re.compile(r"^  ([a-z][a-z-]*)(?:  |$)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)#:]+)(?:#[^)]*)?\)")
_TABLE = re.compile(r"^\|[^\n]*\n(?:\|[^\n]*\n)+", re.MULTILINE)
_ROW = re.compile(r"^\| `(?P<name>[A-Za-z0-9._-]+)` \|", re.MULTILINE)
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")

# The brackets keep this file clean by its own rule.
_FORBIDDEN = re.compile(r"(?<![\w.}>-])/(?:[w]ork|[r]oot|[o]pt)\b|\.[l]ibrary/|py[p]i\.org|python[h]osted\.org")


class HelpFailed(Exception):
    """A command cannot even print its help."""


def documents() -> list[Path]:
    """Return every document of the project."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    ]


def true_help(command: str) -> str:
    """Return what a command with ``--help`` prints on a terminal of 80 columns."""
    arguments = command.removeprefix(PROGRAM).split()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [Path(sys.executable).parent / PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise HelpFailed(f"`{command}` fails: {done.stderr.strip()}")
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def check_help(*, write: bool) -> list[str]:
    """Compare every ``--help`` block, and ask for one for every command."""
    problems: list[str] = []
    truths = _every_help(problems)
    shown = set()
    for document in documents():
        text = document.read_text()
        changed = text
        for block in _BLOCK.finditer(text):
            shown.add(block["command"])
            truth = truths.get(block["command"])
            if truth == block["help"]:
                continue
            if write and truth is not None:
                changed = changed.replace(block[0], _block(block["command"], truth))
            else:
                line = text.count("\n", 0, block.start()) + 1
                problems.append(f"{_name(document)}:{line}: not what `{block['command']}` prints; run `make fix`")
        if changed != text:
            document.write_text(changed)
    missing = [command for command in truths if command not in shown]
    if write and missing:
        before = COMMANDS.read_text() if COMMANDS.exists() else "# Commands\n"
        parts = [
            f"\n## {command.removesuffix(' --help')}\n\n{_block(command, truths[command])}\n" for command in missing
        ]
        COMMANDS.write_text(before + "".join(parts))
    elif missing:
        problems += [f"{_name(COMMANDS)}: no block for `{command}`; run `make fix`" for command in missing]
    return problems


def check_dependencies() -> list[str]:
    """Compare the dependencies with the rows of the architecture's table."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for group in project["project"].get("optional-dependencies", {}).values():
        named += group
    for group in project.get("dependency-groups", {}).values():
        named += [entry for entry in group if isinstance(entry, str)]
    wanted = {_canonical(entry) for entry in named}
    text = ARCHITECTURE.read_text()
    _, _, section = text.partition("\n## Dependencies\n")
    explained = {_canonical(row["name"]) for row in _ROW.finditer(section.partition("\n## ")[0])}
    problems = [f"{_name(ARCHITECTURE)}: no row for the dependency `{name}`" for name in sorted(wanted - explained)]
    return problems + [f"{_name(ARCHITECTURE)}: `{name}` is no dependency" for name in sorted(explained - wanted)]


def check_links() -> list[str]:
    """Follow every link between files."""
    problems = []
    for document in documents():
        for link in _LINK.finditer(document.read_text()):
            if not (document.parent / link["target"]).exists():
                problems.append(f"{_name(document)}: {link['target']} does not exist")  # noqa: PERF401
    return problems


def check_action(*, write: bool) -> list[str]:
    """Compare the tables of the Action's page with action.yml."""
    text = changed = ACTION.read_text()
    problems = []
    for heading, table in _action_tables():
        before, found, section = changed.partition(f"\n## {heading}\n")
        shown = _TABLE.search(section.partition("\n## ")[0])
        if not found or shown is None:
            problems.append(f"{_name(ACTION)}: no table under the heading {heading}")
        elif shown[0] != table:
            changed = before + found + section.replace(shown[0], table, 1)
            if not write:
                problems.append(f"{_name(ACTION)}: {heading} are not what action.yml says; run `make fix`")
    if write and changed != text:
        ACTION.write_text(changed)
    return problems


def check_words() -> list[str]:
    """Look for what belongs to one machine in every tracked file."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    problems = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if not name or path.is_symlink() or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        for match in _FORBIDDEN.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            problems.append(f"{name}:{line}: {match[0]!r} belongs to one machine or names a package index")
    return problems


def _action_tables() -> Iterator[tuple[str, str]]:
    """Yield the heading and the table of the Action's inputs and outputs."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    rows = ["| Input | Meaning | Default |", "| --- | --- | --- |"]
    for name, about in action["inputs"].items():
        default = ", ".join(f"`{line}`" for line in about["default"].splitlines()) or "empty"
        rows.append(f"| `{name}` | {about['description']} | {default} |")
    yield "Inputs", "".join(f"{row}\n" for row in rows)
    rows = ["| Output | Meaning |", "| --- | --- |"]
    rows += [f"| `{name}` | {about['description']} |" for name, about in action["outputs"].items()]
    yield "Outputs", "".join(f"{row}\n" for row in rows)


def _every_help(problems: list[str]) -> dict[str, str]:
    """Return the help of every command; a command that cannot print it is a problem."""
    root = f"{PROGRAM} --help"
    truths = {root: true_help(root)}
    for verb in _VERBS.findall(truths[root].partition("Commands:\n")[2]):
        command = f"{PROGRAM} {verb} --help"
        try:
            truths[command] = true_help(command)
        except HelpFailed as failed:
            problems.append(str(failed))
    return truths


def _block(command: str, content: str) -> str:
    return f"```console\n$ {command}\n{content}```"


def _canonical(requirement: str) -> str:
    match = _REQUIREMENT.match(requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def main() -> int:
    """Check, print what is out of step, and return the exit status."""
    write = "--write" in sys.argv[1:]
    problems = [
        *check_help(write=write),
        *check_dependencies(),
        *check_links(),
        *check_action(write=write),
        *check_words(),
    ]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
