"""One pass: read the declarations, find the sites, ask the registries, build the plan. It decides nothing itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from gitops_streams.config import Settings
from gitops_streams.errors import NoStreams, PlanRefused
from gitops_streams.git.snapshot import Snapshot, Unreadable, misplaced
from gitops_streams.git.write import FileEdit
from gitops_streams.manifests import scan
from gitops_streams.manifests.local_names import may_hold
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.image import ImagePair
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Question, Resolved
from gitops_streams.plan.bind import Binder, Bindings, joined, tracked
from gitops_streams.plan.build import ask_for, build, settle, what_to_ask
from gitops_streams.plan.declared_holds import declared_holds
from gitops_streams.plan.gates import Candidate, Judgement, candidates, judge, needs_inspection
from gitops_streams.plan.last_known import last_known_good
from gitops_streams.plan.local_references import LocalReferences, fallen_back
from gitops_streams.plan.model import Change, FilePlan, Plan, TagPlan
from gitops_streams.plan.named import local_names
from gitops_streams.plan.overrides import overridden
from gitops_streams.plan.paths import matches_any
from gitops_streams.plan.proven import prove_file
from gitops_streams.plan.saved import SavedPlan, fit
from gitops_streams.plan.whole_repositories import bind_each, takes_any, with_aliased
from gitops_streams.recall import NOTHING, Past, recall
from gitops_streams.registry.asking import Asking, Progress
from gitops_streams.registry.choosing import choose_all
from gitops_streams.render.commit_message import Move
from gitops_streams.streams import load, status
from gitops_streams.streams.condition import Condition, condition_of
from gitops_streams.streams.history import History, Item, conditioned
from gitops_streams.streams.model import Catalog, DockerImage, StreamKey, TagKey
from gitops_streams.streams.policy import Choosing
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.problem import Problem
from gitops_streams.yamledit.prove import Unprovable

if TYPE_CHECKING:
    from gitops_streams.registry import RegistryClient

_MANY_TAGS = 200
"""Declared stream tags from which on registries are asked while files are still being scanned."""


class Listener(Protocol):
    """Is told what a scan finds, while it goes on."""

    def declared(self, declarations: Declarations) -> None:
        """Every declaration is read."""

    def bound(self, declarations: Declarations, bindings: Bindings) -> None:
        """A file was scanned, and these are its sites."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a snapshot says is wanted, and what is recorded of it."""

    catalog: Catalog
    history: History
    located: dict[str, tuple[bytes, Located]]
    """The files that declare streams, which may be manifests too."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The references of a snapshot, and the stream tags they belong to."""

    declarations: Declarations
    files: tuple[ScannedFile, ...]
    bindings: Bindings
    problems: tuple[Problem, ...]


def read_declarations(snapshot: Snapshot, settings: Settings) -> Declarations:
    """Read every ImageStream and every status file of a snapshot.

    Raises:
        NoStreams: no stream is declared.
    """
    declared = declared_at(snapshot, settings)
    if not declared.catalog.streams:
        noticed = "".join(f"\n  {problem}" for problem in (*declared.problems, *declared.catalog.problems))
        raise NoStreams(
            "no ImageStream is declared in this repository" + (f"; noticed:{noticed}" if noticed else ""),
            hint="declare one (kind: ImageStream, image.openshift.io/v1); gitops-streams init proposes some",
        )
    return declared


def declared_at(snapshot: Snapshot, settings: Settings) -> Declarations:
    """Read every ImageStream and every status file of a snapshot that need not have any."""
    located: dict[str, tuple[bytes, Located]] = {}
    problems: list[Problem] = []
    paths = _included(snapshot.containing([load.SCREEN], scan.PATHSPECS), settings)
    for path, content in snapshot.read(paths, scan.MAX_BYTES):
        read = Problem(path, None, f"not scanned: {content.reason}") if isinstance(content, Unreadable) else None
        found = read or (scan.read(path, content) if isinstance(content, bytes) else None)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None and isinstance(content, bytes):
            located[path] = (content, found)
    catalog = with_aliased(load.load((path, found) for path, (_, found) in located.items()))
    history = read_history(snapshot)
    return Declarations(catalog, history, located, (*problems, *history.problems))


def read_history(snapshot: Snapshot) -> History:
    """Read every status file of a snapshot; one that cannot be read is a problem of the history."""
    recorded = dict(snapshot.read(snapshot.listing(status.DIRECTORY), scan.MAX_BYTES))
    history = status.read((path, content) for path, content in recorded.items() if isinstance(content, bytes))
    unread = [
        Problem(path, None, f"the recorded history cannot be read: {content.reason}")
        for path, content in recorded.items()
        if isinstance(content, Unreadable)
    ]
    return replace(history, problems=(*history.problems, *unread))


def find_sites(snapshot: Snapshot, settings: Settings, *, listener: Listener | None = None) -> Found:
    """Read the declarations and bind every reference that they track.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        listener: told what is found as soon as it is found.
    """
    declarations = read_declarations(snapshot, settings)
    if listener is not None:
        listener.declared(declarations)
    return sites_of(snapshot, settings, declarations, tracked(declarations.catalog), listener=listener)


def sites_of(
    snapshot: Snapshot,
    settings: Settings,
    declarations: Declarations,
    repositories: frozenset[Repository],
    *,
    listener: Listener | None = None,
    only: Collection[str] | None = None,
) -> Found:
    """Bind every reference of a snapshot whose declarations are read.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        declarations: the snapshot's.
        repositories: whose references are found; those that nothing here follows stay unbound.
        listener: told what is found as soon as it is found.
        only: the files to scan; ``None``: all.
    """
    whole = takes_any(declarations.catalog)
    local = LocalReferences(declarations.catalog, settings.local_registry)
    binder = Binder(declarations.catalog, declarations.history, local)
    repositories = repositories.union(local.by_repository)
    files: list[ScannedFile] = []
    bound: dict[str, Bindings] = {}
    problems: list[Problem] = []
    for file in _scan(snapshot, settings, declarations, repositories, only):
        if isinstance(file, Problem):
            problems.append(file)
            continue
        files.append(file)
        if whole:
            continue  # which tags there are is known once all files are
        bound[file.path] = binder.bind(file)
        if listener is not None:
            listener.bound(declarations, bound[file.path])
    files.sort(key=lambda file: file.path)
    if whole:
        each = bind_each(files, declarations.catalog, declarations.history, settings.local_registry)
        bound = {file.path: bindings for file, bindings in zip(files, each.bindings, strict=True)}
        declarations = replace(declarations, catalog=each.catalog)
        problems += each.problems
    bindings = joined(bound[file.path] for file in files)
    catalog = declarations.catalog
    problems += overridden(bindings.sites, (field for file in files for field in file.ignored), catalog)
    if only is None:
        problems += fallen_back(LocalReferences(catalog, settings.local_registry), bindings.sites)
    return Found(declarations, tuple(files), bindings, (*declarations.problems, *problems))


@dataclass(frozen=True, slots=True)
class Pass:
    """One planned snapshot."""

    plan: Plan
    history: History
    """The recorded history that it was planned with."""
    catalog: Catalog


class _EarlyQuestions:
    """Hands each stream tag's question over as soon as a file has shown that the tag is in use."""

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self._settings = settings
        self._seen: set[TagKey] = set()

    def declared(self, declarations: Declarations) -> None:
        """Start a helper where many tags are declared: scanning will take a while then."""
        if len(declarations.catalog.tags) >= _MANY_TAGS:
            self._asking.start_helper()

    def bound(self, declarations: Declarations, bindings: Bindings) -> None:
        """Ask for the tags that are seen for the first time."""
        for site in bindings.sites:
            if site.tag not in self._seen:
                self._seen.add(site.tag)
                asked = ask_for(
                    declarations.catalog,
                    site.tag,
                    declarations.history,
                    platform=self._settings.platform,
                    scheduled=self._settings.scheduled,
                )
                self._asking.ask([asked.question] if isinstance(asked.question, Question) else [])


def plan_at(
    snapshot: Snapshot,
    settings: Settings,
    client: RegistryClient,
    *,
    everything: bool = False,
    progress: Progress | None = None,
    now: datetime | None = None,
    past: Past | None = None,
) -> Pass:
    """Plan one snapshot: the sentence that this program is.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        client: who asks the registries.
        everything: resolve stream tags that nothing uses too.
        progress: told how far the resolution is.
        now: the time that gates go by; by default the clock's.
        past: the log that tells what somebody has taken back; ``None`` remembers nothing.

    Raises:
        NoStreams: no stream is declared.
    """
    with Asking(client, progress) as asking:
        found = find_sites(snapshot, settings, listener=_EarlyQuestions(asking, settings))
        catalog, history = found.declarations.catalog, found.declarations.history
        asked = what_to_ask(
            catalog,
            found.bindings,
            history,
            platform=settings.platform,
            scheduled=settings.scheduled,
            everything=everything,
        )
        asking.ask(item.question for item in asked if isinstance(item.question, Question))
        # A policy's tag is a second question: what it is depends on the repository's list.
        choosing = [item.question for item in asked if isinstance(item.question, Choosing)]
        asked, noticed = settle(asked, choose_all(asking, choosing, settings.tag_policy) if choosing else {})
        asking.ask(item.question for item in asked if isinstance(item.question, Question))
        answers = asking.answers()
        moving = candidates(catalog, asked, answers, history, defaults=settings.tag_policy)
        gated = judged(moving, client, settings, now or datetime.now(tz=UTC))
    recalled = NOTHING
    if past is not None:
        recalled = recall(past, snapshot, catalog, asked, answers, history)
    plan = build(
        catalog=catalog,
        bindings=found.bindings,
        asked=asked,
        answers=answers,
        files=found.files,
        problems=(*found.problems, *noticed, *_noticed(catalog, gated), *recalled.problems),
        # A hold goes before a gate: nothing moves there that a gate could judge.
        holdings={
            **gated.holdings,
            **recalled.holdings,
            **last_known_good(catalog, asked, answers, history),
            **declared_holds(catalog, history),
        },
        pin=settings.pin,
        local_registry=settings.local_registry,
        requests=asking.requests,
    )
    return Pass(plan, history, catalog)


def judged(found: Sequence[Candidate], client: RegistryClient, settings: Settings, now: datetime) -> Judgement:
    """Have the gates judge what would move; only images whose date or platforms they ask about are inspected."""
    pairs = {
        one.tag.key: ImagePair(
            one.image.reference.repository, None, one.new.digest, one.tag.platform, insecure=one.tag.insecure
        )
        for one in found
        if needs_inspection(one, settings.gates)
    }
    # One index, one manifest, one configuration.
    inspected = client.inspect_all(pairs.values(), requests_per_image=3) if pairs else {}
    images = {(key, pair.new): inspected[pair].new for key, pair in pairs.items()}
    return judge(found, images, settings.gates, now, most=settings.max_changes)


def _noticed(catalog: Catalog, judgement: Judgement) -> list[Problem]:
    """Say what a gate let pass though it could not tell."""
    return [
        Problem(catalog.tags[key].file, catalog.tags[key].line, f"{key}: {reason}") for key, reason in judgement.notices
    ]


def resolved_items(plan: Plan) -> list[tuple[TagKey, Item]]:
    """List what a plan's stream tags resolved to, as their histories record it."""
    return [
        (
            tag.key,
            Item(
                tag.image.reference.pinned(tag.recorded, keep_tag=False),
                tag.recorded,
                source_tag_of(tag),
                tag.fingerprint,
            ),
        )
        for tag in plan.tags
        if tag.recorded is not None and tag.image is not None
    ]


def source_tag_of(tag: TagPlan) -> str:
    """Return the tag that a stream tag's digest was found under; empty where the declaration names a digest alone."""
    held = tag.holding.source_tag if tag.holding is not None else None
    return held or (tag.image.tag if tag.image is not None else None) or ""


def conditions_of(plan: Plan) -> dict[TagKey, Condition | None]:
    """Say what is wrong with the stream tags of a plan that a registry was asked for; ``None`` where nothing is.

    A tag that fails because of an outage is left out: what is recorded of it stays.
    """
    found: dict[TagKey, Condition | None] = {}
    for tag in plan.tags:
        if isinstance(tag.resolution, Resolved):
            found[tag.key] = None
        elif isinstance(tag.source, DockerImage):
            condition = condition_of(tag.resolution.cause, tag.source.reference)
            found |= {} if condition is None else {tag.key: condition}
    return found


def edits_for(plan: Plan, history: History, snapshot: Snapshot) -> tuple[FileEdit, ...]:
    """Make the edits that carry a plan out, status included."""
    return edits_of(plan.files, resolved_items(plan), history, snapshot, conditions_of(plan))


def edits_of(
    files: Iterable[FilePlan],
    resolved: Sequence[tuple[TagKey, Item]],
    history: History,
    snapshot: Snapshot,
    conditions: Mapping[TagKey, Condition | None] | None = None,
) -> tuple[FileEdit, ...]:
    """Make the edits that write files, and the status of every stream whose history grew.

    Conditions are brought up to date in a status that is written anyway, and never for their own sake: otherwise
    every registry that is down would make commits.
    """
    edits = [FileEdit(file.path, file.before, file.after) for file in files]
    streams = dict(history.streams)
    for key, item in resolved:
        if history.newest(key) != item:
            streams[key.stream] = status.record(streams.get(key.stream), key, item)
    wrong: dict[StreamKey, dict[str, Condition | None]] = {}
    for key, condition in (conditions or {}).items():
        wrong.setdefault(key.stream, {})[key.tag] = condition
    for stream, recorded in streams.items():
        if recorded is not history.streams.get(stream):
            path = status.path_of(stream)
            written = status.render(conditioned(recorded, wrong.get(stream, {})))
            before = snapshot.read_one(path, scan.MAX_BYTES)
            content = before if isinstance(before, bytes) else None
            edits.append(FileEdit(path, content, written.encode()))
    return tuple(sorted(edits, key=lambda edit: edit.path))


def moves_of(plan: Plan) -> list[Move]:
    """List the stream tags that a plan moves, for the commit message."""
    moves = []
    for tag in plan.tags:
        old = {site.site.occurrence.digest for site in tag.sites if isinstance(site, Change)}
        if old and tag.digest is not None and tag.image is not None:
            before = old.pop() if len(old) == 1 else None
            moves.append(Move(str(tag.key), tag.image.reference.repository, before, tag.digest))
    return moves


def fit_saved(wanted: SavedPlan, snapshot: Snapshot) -> tuple[FilePlan, ...]:
    """Fit a saved plan to a snapshot, and prove every edit.

    Raises:
        PlanRefused: a file is not there, lies outside the repository, or is not what the plan was made for.
        InternalError: a proof does not hold.
    """
    files = []
    # What git ignores, and what belongs to a submodule, can be read but is none of the repository's.
    own = set(snapshot.listing("")) if wanted.files else set()
    for file in wanted.files:
        reason = misplaced(file.path)
        content = snapshot.read_one(file.path, scan.MAX_BYTES) if reason is None else Unreadable(reason)
        if isinstance(content, bytes) and file.path not in own:
            content = Unreadable("git ignores it, or it belongs to a submodule")
        if not isinstance(content, bytes):
            reason = content.reason if isinstance(content, Unreadable) else "it is not there"
            raise PlanRefused(f"{file.path}: {reason}", hint="make a new plan: gitops-streams diff -o json")
        fitted = fit(file, content)
        try:
            prove_file(fitted)
        except Unprovable as error:
            raise PlanRefused(f"{file.path}: no edit of this file can be proven: {error}") from error
        files.append(fitted)
    return tuple(files)


def edits_of_saved(wanted: SavedPlan, files: Iterable[FilePlan], snapshot: Snapshot) -> tuple[FileEdit, ...]:
    """Make the edits that carry a saved plan out, status included."""
    resolved = [(move.key, move.item) for move in wanted.resolved if move.recorded]
    return edits_of(files, resolved, read_history(snapshot), snapshot)


def moves_of_saved(wanted: SavedPlan) -> list[Move]:
    """List the stream tags that a saved plan moves, for the commit message."""
    return [
        Move(
            str(move.key),
            move.item.reference.repository,
            move.old[0] if len(move.old) == 1 else None,
            move.item.image,
        )
        for move in wanted.resolved
        if move.files
    ]


def _scan(
    snapshot: Snapshot,
    settings: Settings,
    declarations: Declarations,
    repositories: frozenset[Repository],
    only: Collection[str] | None,
) -> Iterator[ScannedFile | Problem]:
    """Scan every file that can be edited; those that declare streams are located already."""
    local = local_names(declarations.catalog)
    certain = set(snapshot.containing(scan.needles(repositories), scan.PATHSPECS))
    # A stream's name may be a word that stands in every file: those that hold it are looked at before they are parsed.
    possible = snapshot.containing(sorted(local), scan.PATHSPECS) if local else []
    paths = _included(sorted(certain.union(possible)), settings)
    if only is not None:
        paths = [path for path in paths if path in only]
    for path in paths:
        if path in declarations.located:
            yield from _split(scan.scan_located(path, *declarations.located[path], repositories, local))
    unread = [path for path in paths if path not in declarations.located]
    for path, content in snapshot.read(unread, scan.MAX_BYTES):
        if isinstance(content, Unreadable):
            yield Problem(path, None, f"not scanned: {content.reason}")
        elif path in certain or may_hold(content, local):
            yield from _split(scan.scan(path, content, repositories, local))


def _split(scanned: tuple[ScannedFile | None, list[Problem]]) -> Iterator[ScannedFile | Problem]:
    file, problems = scanned
    if file is not None:
        yield file
    yield from problems


def _included(paths: Iterable[str], settings: Settings) -> list[str]:
    return [path for path in paths if not matches_any(settings.exclude, path)] if settings.exclude else list(paths)
