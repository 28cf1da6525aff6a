"""Scan files for references: which bytes are worth parsing, and what is said of a file as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gitops_streams.manifests import (
    deployment_config,
    documents,
    flux_markers,
    ignored_differences,
    local_names,
    markers,
    triggers,
)
from gitops_streams.manifests.content import Content, Held
from gitops_streams.manifests.field_rules import NO_RULES, UserRules
from gitops_streams.manifests.ignored_differences import IgnoredField
from gitops_streams.manifests.occurrence import Finding, LocalName, MarkedScalar, Mention, Occurrence, TriggeredField
from gitops_streams.oci.reference import DOCKER_HUB, Repository
from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate
from gitops_streams.yamledit.problem import Problem

MAX_BYTES = 16 * 1024 * 1024
"""Larger files are reported and not read."""

_ESCAPED_SLASH = "\\/"
_SCREENS = (
    markers.SCREEN,
    triggers.SCREEN,
    deployment_config.SCREEN,
    local_names.RESOLVE_NAMES,
    ignored_differences.SCREEN,
)


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file with what was found in it."""

    path: str
    content: Content
    findings: tuple[Finding, ...]
    ignored: tuple[IgnoredField, ...] = ()
    """What Argo CD does not compare, if the file tells it so."""

    @property
    def text(self) -> str:
        """Its text, which may have to be read for it."""
        return self.content.read_text()


def needles(tracked: Iterable[Repository], rules: UserRules = NO_RULES) -> list[str]:
    """Return fixed strings of which every file that can be edited contains at least one.

    A scanner takes a repository's path only from text that spells it out; an official image on Docker
    Hub may be spelt without ``library/``. JSON may escape slashes: such a reference is reported, and one
    string finds them all, since twice as many strings would take the search twice as long.
    """
    paths = {
        repository.path.removeprefix("library/") if repository.domain == DOCKER_HUB else repository.path
        for repository in tracked
    }
    flux = () if rules.image_policies is None else (flux_markers.SCREEN,)
    return sorted({*_SCREENS, _ESCAPED_SLASH, *flux, *rules.needles, *paths})


def scan(
    path: str,
    data: bytes,
    tracked: Collection[Repository],
    local: Collection[str] = (),
    rules: UserRules = NO_RULES,
) -> tuple[ScannedFile | None, list[Problem]]:
    """Scan one file for references to tracked repositories, and for scalars that markers or triggers name.

    Args:
        path: the file's path in its repository.
        data: its bytes.
        tracked: the repositories that streams follow.
        local: the names of the streams that may be named bare.
        rules: what the user says of places.

    Returns:
        The file with its findings (``None`` if it holds none, so that its text can be forgotten), and problems.
    """
    located = read(path, data)
    if isinstance(located, Problem):
        return None, [located]
    return scan_located(path, located, tracked, local, rules)


def read(path: str, data: bytes) -> Located | Problem:
    """Locate the nodes of one file, or say why it cannot be scanned."""
    text = decode(data)
    if isinstance(text, Unparsable):
        return Problem(path, text.line, f"not scanned: {text.reason}")
    located = locate(text)
    return _unparsable(path, text, located) if isinstance(located, Unparsable) else located


def scan_located(
    path: str,
    located: Located,
    tracked: Collection[Repository],
    local: Collection[str] = (),
    rules: UserRules = NO_RULES,
) -> tuple[ScannedFile | None, list[Problem]]:
    """Scan a file whose nodes are located already; see ``scan``."""
    text = located.text
    if "{{" in text and "templates" in PurePosixPath(path).parts[:-1]:
        return None, [Problem(path, None, "not scanned: it is a Helm template")]
    findings: list[Finding] = []
    ignored: list[IgnoredField] = []
    problems: list[Problem] = []
    for finding in documents.find(path, located, tracked, local, rules):
        if isinstance(finding, Problem):
            problems.append(finding)
        elif isinstance(finding, IgnoredField):
            ignored.append(finding)
        elif isinstance(finding, Mention) or _is_tracked(finding, tracked):
            findings.append(finding)
    file = ScannedFile(path, Held(text), tuple(findings), tuple(ignored)) if findings or ignored else None
    return file, problems


def _is_tracked(occurrence: Occurrence, tracked: Collection[Repository]) -> bool:
    return isinstance(occurrence.form, MarkedScalar | TriggeredField | LocalName) or occurrence.repository in tracked


def _unparsable(path: str, text: str, found: Unparsable) -> Problem:
    if "{{" in text:
        return Problem(path, found.line, "not scanned: it is a template, not YAML")
    return Problem(path, found.line, f"not scanned: it is not YAML: {found.reason}")
