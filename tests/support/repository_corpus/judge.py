"""One checkout: copied, declared, planned, proven, written, planned again; and what an independent look says of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gitops_streams import config
from gitops_streams.errors import InternalError
from gitops_streams.git.repository import Repository
from gitops_streams.manifests import survey as surveys
from gitops_streams.manifests.scan import MAX_BYTES
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import ImagePair, InspectedPair
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.oci.resolution import Method, Question, Resolution, Resolved, TagsQuestion, Unresolvable
from gitops_streams.plan.model import Plan, Skipped
from gitops_streams.plan.proven import prove_file, proven
from gitops_streams.reconcile.declarations import declared_at
from gitops_streams.reconcile.one_pass import plan_at
from gitops_streams.registry.tags import TagList
from gitops_streams.streams.model import DockerImage
from gitops_streams.yamledit.prove import Unprovable
from repository_corpus.comparison import Collateral, differences
from repository_corpus.detector import Candidate, Unparsable, detect, digest_of, read

STREAMS = "imagestreams-of-the-corpus-run.json"
_UNUSED = "registry.example.com/unused/unused:1"
"""Something is declared even where nothing is found."""
SUFFIXES = (".yaml", ".yml", ".json")
_HINT = re.compile(rb"image|repository|newTag|oci://|[a-z0-9]/[\w.-]+:\w", re.IGNORECASE)
"""Without any of these there is no reference: parsing in pure Python takes a second for half a megabyte."""
_PINS = re.compile(
    rb"(?:[\r\n]+[ \t]*|,[ \t]*)?[\"']?\bdigest\b[\"']?:[ \t]*[\"']?sha256:[0-9a-f]{64}[\"']?"
    rb"|@?(?:sha256:)?[0-9a-f]{64}"
)
"""What an edit writes: a digest key with its line or its comma; a digest."""
_RULE = re.compile(r"\{[^{}]*\bpath: [^{}]*(?:\{[^{}]*\}[^{}]*)?\}")


class Stub:
    """Answers every question with a digest made from it; asks nobody."""

    requests = 0
    token_requests = 0
    warnings: tuple[str, ...] = ()

    def resolve_all(
        self, questions: Iterable[Question], *, progress: Callable[[int, int], None] | None = None
    ) -> dict[Question, Resolution]:
        del progress
        return {each: self._answer(each) for each in questions}

    @staticmethod
    def _answer(question: Question) -> Resolution:
        digest = Digest.parse(digest_of(f"{question.repository}:{question.tag}"))
        return Resolved(digest, "application/json", question.repository.domain, Method.HEAD)

    def tags_all(self, questions: Iterable[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        if not list(questions):
            return {}
        raise AssertionError("no policy was declared")

    def dates_all(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        if not list(images):
            return {}
        raise AssertionError("no gate was declared")

    def inspect_all(self, pairs: Iterable[ImagePair], **_: Any) -> dict[ImagePair, InspectedPair]:
        if not list(pairs):
            return {}
        raise AssertionError("nothing is inspected")

    def warn(self, line: str) -> None:
        raise AssertionError(line)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Report:
    """What one run over one checkout found."""

    rules: bool
    files: int = 0
    parsed: int = 0
    skimmed: int = 0
    """Files whose bytes hold nothing that could be a reference: not parsed by the detector."""
    unparsable: Counter[str] = field(default_factory=Counter)
    candidates: Counter[str] = field(default_factory=Counter)
    """Tagged references by form, as the independent detector counts."""
    pinned: Counter[str] = field(default_factory=Counter)
    """Of these, by form."""
    reported: Counter[str] = field(default_factory=Counter)
    """Of these, those that were not edited and are reported, by reason."""
    missed: list[str] = field(default_factory=list)
    """Of these, those of which nothing was said."""
    edited_sites: Counter[str] = field(default_factory=Counter)
    """Sites that changed, by the product's own name of their form."""
    edited_files: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    collateral: list[str] = field(default_factory=list)
    failed_proofs: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    """Files that the second parser does not accept: left alone, and reported."""
    unstable: list[str] = field(default_factory=list)
    rules_suggested: list[str] = field(default_factory=list)

    @property
    def coverage(self) -> float:
        """The share of tagged references that are pinned, in percent."""
        total = self.candidates.total()
        return 100.0 if not total else 100 * self.pinned.total() / total

    @property
    def wrong(self) -> bool:
        """Whether anything happened that never may."""
        return bool(self.collateral or self.failed_proofs or self.unstable)


def copy(source: Path, target: Path) -> None:
    """Copy a checkout into a new Git repository; the original is only read, links stay links."""

    def unwanted(folder: str, names: list[str]) -> set[str]:
        special = {name for name in names if not _ordinary(Path(folder, name))}
        return special | ({".git", ".gitops-streams"} & set(names))

    shutil.copytree(source, target, symlinks=True, ignore=unwanted, ignore_dangling_symlinks=True)
    for command in (
        ["init", "--quiet"],
        ["add", "--all", "--force"],
        ["commit", "--quiet", "--allow-empty", "-m", "as it was"],
    ):
        subprocess.run(["git", *_GIT, *command], cwd=target, check=True, capture_output=True, env=_environment())


_GIT = [
    "-c",
    "user.name=corpus",
    "-c",
    "user.email=corpus@example.com",
    "-c",
    "core.autocrlf=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "gc.auto=0",
]


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _ordinary(path: Path) -> bool:
    return path.is_symlink() or path.is_file() or path.is_dir()


def judge(root: Path, *, rules: Iterable[str] = ()) -> Report:
    """Track, pin, prove and compare a repository that ``copy`` made; its files are edited.

    Args:
        root: the copy, clean.
        rules: field rules, each as one flow map.
    """
    rules = list(rules)
    report = Report(bool(rules))
    before = _contents(root)
    found = {path: _detect(path, data, report) for path, data in before.items() if path.endswith(SUFFIXES)}
    questions = {candidate.question for candidates in found.values() for candidate in candidates}
    _declare(root, (questions | _surveyed(before)) - _declared(root))
    if rules:
        (root / ".gitops-streams").mkdir()
        (root / ".gitops-streams" / "config.yaml").write_text("fields:\n" + "".join(f"  - {rule}\n" for rule in rules))
    plan = _plan(root, report)
    said = _said(plan)
    _write(root, plan)
    report.edited_files = len(plan.files)
    report.edited_sites.update(change.site.occurrence.form_name for _, change in plan.changes)
    report.problems.update(re.sub(r"[\"'`].*?[\"'`]|[0-9]+", "…", problem.reason)[:100] for problem in plan.problems)
    again = _plan(root, Report(report.rules))
    report.unstable += [file.path for file in again.files]
    _compare(before, _contents(root), {file.path for file in plan.files}, questions, report)
    for path, candidates in found.items():
        _account(path, candidates, (root / path).read_bytes(), said, report)
    if not rules:
        reasons = [reference.reason for reference in plan.skipped]
        reasons += [site.reason for site in plan.sites if isinstance(site, Skipped)]
        report.rules_suggested += sorted({rule for reason in reasons for rule in _RULE.findall(reason)})
    return report


def _contents(root: Path) -> dict[str, bytes]:
    paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    inside = [path for path in paths if not {".git", ".gitops-streams"} & set(path.relative_to(root).parts)]
    return {str(path.relative_to(root)): path.read_bytes() for path in inside if path.name != STREAMS}


def _detect(path: str, data: bytes, report: Report) -> list[Candidate]:
    report.files += 1
    if len(data) > MAX_BYTES:
        report.unparsable["larger than 16 MiB"] += 1
        return []
    if "templates" in Path(path).parts[:-1] and b"{{" in data:
        report.unparsable["template"] += 1
        return []
    if _HINT.search(data) is None:
        report.skimmed += 1
        return []
    try:
        documents = read(data)
    except Unparsable as unparsable:
        report.unparsable[str(unparsable)] += 1
        return []
    report.parsed += 1
    return list(detect(path, documents))


def _surveyed(contents: dict[str, bytes]) -> set[str]:
    """Return what the product itself finds: that is tracked too, so that a false edit would be made."""
    questions = set()
    for path, data in contents.items():
        if path.endswith(SUFFIXES) and len(data) <= MAX_BYTES:
            uses, _ = surveys.survey(path, data)
            for use in uses.uses if uses is not None else ():
                occurrence = use.occurrence
                if occurrence.repository is not None and occurrence.tag is not None:
                    questions.add(f"{occurrence.repository}:{occurrence.tag}")
    return questions


def _declared(root: Path) -> set[str]:
    """Return what the checkout's own streams follow: to follow it twice would make every use ambiguous."""
    with Repository.discover(root) as repository:
        tags = declared_at(repository.work_tree(), config.Settings()).catalog.tags.values()
    references = [tag.source.reference for tag in tags if isinstance(tag.source, DockerImage)]
    return {f"{reference.repository}:{reference.tag}" for reference in references}


def _declare(root: Path, questions: set[str]) -> None:
    """Declare a stream for each repository, with a stream tag for each tag."""
    by_repository: dict[str, list[str]] = {}
    for question in sorted(questions | {_UNUSED}):
        reference = looks_like_reference(question)
        if reference is not None and reference.tag is not None:
            by_repository.setdefault(str(reference.repository), []).append(reference.tag)
    items = [
        {
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {"name": f"corpus-{number}"},
            "spec": {
                "tags": [
                    {"name": f"t{index}", "from": {"kind": "DockerImage", "name": f"{repository}:{tag}"}}
                    for index, tag in enumerate(tags)
                ]
            },
        }
        for number, (repository, tags) in enumerate(by_repository.items())
    ]
    (root / STREAMS).write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def _plan(root: Path, report: Report) -> Plan:
    with Repository.discover(root) as repository:
        file = root / config.PATH
        settings = config.read(file.read_bytes(), config.PATH, root) if file.is_file() else config.Settings()
        plan = plan_at(repository.work_tree(), settings, Stub()).plan
    for planned in plan.files:
        try:
            prove_file(planned)
        except Unprovable as error:
            report.unproven.append(f"{planned.path}: {error}")
        except InternalError as error:
            report.failed_proofs.append(f"{planned.path}: {error}")
    return plan if report.failed_proofs else proven(plan)


def _write(root: Path, plan: Plan) -> None:
    for file in plan.files:
        (root / file.path).write_bytes(file.after)


def _said(plan: Plan) -> dict[tuple[str, str], str]:
    """Return the reasons that the plan gives, by file and canonical ``repository:tag``."""
    said: dict[tuple[str, str], str] = {}
    for reference in plan.skipped:
        parsed = looks_like_reference(reference.reference)
        if parsed is not None and parsed.tag is not None:
            said[reference.file, f"{parsed.repository}:{parsed.tag}"] = reference.reason
    for site in plan.sites:
        occurrence = site.site.occurrence
        reason = getattr(site, "reason", None)
        if reason is not None and occurrence.repository is not None:
            said[occurrence.file, f"{occurrence.repository}:{occurrence.tag}"] = reason
    for problem in plan.problems:
        said.setdefault((problem.file, ""), problem.reason)
    return said


def _compare(
    before: dict[str, bytes], after: dict[str, bytes], planned: set[str], questions: set[str], report: Report
) -> None:
    """Compare the whole tree: planned files differ in references that got their digest, nothing else differs."""
    report.collateral += [f"{path}: it came or went" for path in sorted(before.keys() ^ after.keys())]
    digests = {digest_of(question) for question in questions}
    for path in sorted(before.keys() & after.keys()):
        if before[path] == after[path]:
            continue
        if path not in planned:
            report.collateral.append(f"{path}: it changed, and was not planned")
            continue
        try:
            found = list(differences(read(before[path]), read(after[path])))
        except (Collateral, Unparsable) as error:
            report.collateral.append(f"{path}: {error}")
            continue
        for address, old, new in found:
            if not _is_pin(old, new, digests):
                report.collateral.append(f"{path}: {address}: {old!r} became {new!r}")
        if not _same_but_for_pins(before[path], after[path]):
            report.collateral.append(
                f"{path}: more than digests differs, in what no reading tells (comments, blanks, quotes)"
            )


def _same_but_for_pins(before: bytes, after: bytes) -> bool:
    """Compare byte by byte: after taking every digest, its quotes and added digest keys away, nothing differs."""
    old, new = (_PINS.sub(b"", data) for data in (before, after))
    if old == new:
        return True
    # A key that was there, empty, and one that was added look alike without their digests.
    old, new = (re.sub(rb",?digest:|null|~", b"", re.sub(rb"[\"' \t\r\n]", b"", data)) for data in (old, new))
    return old == new


def _is_pin(old: str | None, new: str, digests: set[str]) -> bool:
    """Whether the new text is the old one with a made-up digest, and nothing else."""
    parts = re.split(r"(?:sha256:)?([0-9a-f]{64})", new)
    if not all(f"sha256:{each}" in digests for each in parts[1::2] if old is None or each not in old):
        return False
    if old is None:
        return len(parts) > 1 and not "".join(parts[::2]).strip("@")
    bare = re.compile(r"@?(?:sha256:)?[0-9a-f]{64}|@sha256:")
    return bare.sub("", old) == bare.sub("", new) or (old in {"", "null", "~"} and not bare.sub("", new))


def _account(
    path: str, candidates: list[Candidate], data: bytes, said: dict[tuple[str, str], str], report: Report
) -> None:
    if not candidates:
        return
    now = {candidate.address: candidate for candidate in detect(path, read(data))}
    for candidate in candidates:
        report.candidates[candidate.form] += 1
        found = now.get(candidate.address)
        if found is not None and found.digest == digest_of(candidate.question):
            report.pinned[candidate.form] += 1
            continue
        reason = said.get((path, candidate.question)) or said.get((path, ""))
        if reason is None:
            report.missed.append(
                f"{path}: {'/'.join(map(str, candidate.address))}: {candidate.question} ({candidate.form})"
            )
        else:
            report.reported[f"{candidate.form}: {_RULE.sub('{…}', reason)[:110]}"] += 1
