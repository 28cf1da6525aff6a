"""Reviews the pins that a change touches: finds its base, compares, asks registries about what changed, assembles.

``review_change`` is for every verb that wants it: ``check --base``, and the step of the GitHub Action.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from gitops_streams import __version__
from gitops_streams.cli import session as sessions
from gitops_streams.cli.base_settings import settings_at
from gitops_streams.cli.session import Session
from gitops_streams.config import Settings
from gitops_streams.errors import ForgeError, NoStreams, RepositoryError
from gitops_streams.forges.detection.detect import Detected, detect
from gitops_streams.forges.forge import Forge, LendsCredential
from gitops_streams.forges.open import open_forge
from gitops_streams.forges.settings import ForgeSettings
from gitops_streams.git.authentication import HttpCredential, is_at
from gitops_streams.git.base import Base, Differing, differing, find_base
from gitops_streams.git.push import find_remote
from gitops_streams.git.remote import Remote, open_remote, url_of
from gitops_streams.git.repository import Branch
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.oci.resolution import Question, Resolution, Resolved, Unresolvable
from gitops_streams.plan.asked import Asked, ask_for, settle
from gitops_streams.plan.audit import Finding, audit
from gitops_streams.plan.bind import Bindings, tracked
from gitops_streams.reconcile.declarations import Declarations, declared_at
from gitops_streams.reconcile.sites import Found, sites_of
from gitops_streams.registry.asking import Asking
from gitops_streams.registry.choosing import choose_all
from gitops_streams.registry.registries import Registries
from gitops_streams.review.followed import followed_changes
from gitops_streams.review.pin_review import (
    Compared,
    Facts,
    PinReview,
    assemble_pins,
    digests_to_find,
    images_to_inspect,
    tags_to_ask,
)
from gitops_streams.review.pins import changed_pins, places
from gitops_streams.review.report import RunInfo
from gitops_streams.review.standing import Witness
from gitops_streams.streams.model import Catalog, DockerImage, StreamTag, TagKey
from gitops_streams.streams.policy import Choosing
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Change:
    """Which change is to be reviewed."""

    base: str
    """A commit or a branch; fetched if it is not here."""
    committed: bool = False
    """Whether only commits count; else the work tree, as it lies there."""
    offline: bool = False
    """Whether records alone are looked at; no registry is asked."""
    config_file: Path | None = None
    overlay: Callable[[Settings], Settings] = lambda settings: settings
    """What the caller, not the change, says in place of the base's configuration."""
    head_sha: str | None = None
    """The commit that people know the change by, where a CI system has checked out another one."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review, and the configuration that it was made with."""

    found: PinReview
    settings: Settings


def review_change(session: Session, change: Change) -> Reviewed:
    """Review the pins that differ between the merge base with ``change.base`` and what is checked out.

    The configuration is the base's. Registries are asked about what changed, and about nothing where nothing did.

    Raises:
        NoStreams: neither state declares a stream.
        RepositoryError: the base cannot be found or fetched.
        ConfigError: the base's configuration cannot be used.
    """
    repository = session.repository
    base = find_base(repository, change.base, _remotes(session, change.overlay(Settings()).publishing.forge))
    settings = change.overlay(settings_at(session, base.commit, change.config_file))
    committed = change.committed or repository.root is None
    after: Snapshot = repository.at(base.head) if committed else repository.work_tree()
    files = differing(repository, base, work_tree=not committed)
    facts = _compare(repository.at(base.merge_base), after, settings, base, files)
    if committed:
        facts = replace(facts, compared=replace(facts.compared, head_sha=change.head_sha or base.head))
    requests = 0
    if facts.changes and not change.offline:
        with sessions.registry_client(settings) as client:
            facts = _asked(facts, settings, client)
            requests = client.requests + client.token_requests
    found = assemble_pins(
        facts, settings.publishing.review, RunInfo(__version__), requests=requests, offline=change.offline
    )
    return Reviewed(found, settings)


def _compare(before: Snapshot, after: Snapshot, settings: Settings, base: Base, files: Differing) -> Facts:
    """Compare two states of the repository, of which only files that differ can hold a changed pin."""
    was, now = declared_at(before, settings), declared_at(after, settings)
    if not (was.catalog.streams or now.catalog.streams):
        raise NoStreams(
            "no ImageStream is declared, neither in the base nor in the change",
            hint="declare one (kind: ImageStream, image.openshift.io/v1); gitops-streams init proposes some",
        )
    repositories = tracked(was.catalog) | tracked(now.catalog)
    old = sites_of(before, settings, was, repositories, only=files.paths)
    new = sites_of(after, settings, now, repositories, only=files.paths)
    return Facts(
        Compared(base.revision, base.commit, base.merge_base, None),
        changed_pins(places(old.files, old.bindings), places(new.files, new.bindings), files.renamed),
        Witness(_guarded(new.declarations.catalog, was.catalog), was.history, now.history),
        followed_changes(was.catalog, now.catalog),
        _new_findings(was, now),
        _new_problems(old, new),
    )


def _asked(facts: Facts, settings: Settings, client: Registries) -> Facts:
    """Ask the registries for what the review needs to know of the pins that changed."""
    witness = facts.witness
    with Asking(client) as asking:
        asked: Sequence[Asked] = [
            ask_for(witness.catalog, key, witness.base, platform=settings.platform, scheduled=settings.scheduled)
            for key in tags_to_ask(facts.changes)
        ]
        choosing = [item.question for item in asked if isinstance(item.question, Choosing)]
        asked, noticed = settle(asked, choose_all(asking, choosing, settings.tag_policy) if choosing else {})
        asking.ask(item.question for item in asked if isinstance(item.question, Question))
        found = asking.answers()
    answers: dict[TagKey, Resolution] = {}
    for item in asked:
        match item.question:
            case Question():
                answers[item.key] = found[item.question]
            case Resolved() | Unresolvable():
                answers[item.key] = item.question
            case Choosing():
                raise AssertionError("every policy has chosen")
            case _:
                assert_never(item.question)
    witness = replace(witness, answers=answers)
    facts = replace(facts, problems=tuple(sorted({*facts.problems, *noticed})))
    insecure = {
        tag.source.reference.repository
        for tag in witness.catalog.tags.values()
        if tag.insecure and isinstance(tag.source, DockerImage)
    }
    wanted = {
        (repository, digest): Question(repository, str(digest), insecure=repository in insecure)
        for repository, digest in digests_to_find(facts.changes, witness)
    }
    present = client.resolve_all(wanted.values())
    witness = replace(witness, present={pair: present[question] for pair, question in wanted.items()})
    facts = replace(facts, witness=witness)
    images = images_to_inspect(facts)
    if images and settings.publishing.review.requests_per_image:
        inspected = client.inspect_all(images, requests_per_image=settings.publishing.review.requests_per_image)
        facts = replace(facts, inspected=inspected)
    return facts


def _guarded(now: Catalog, was: Catalog) -> Catalog:
    """Return the declarations of the change as they may be obeyed: what they alone call insecure is not."""
    trusted = {
        tag.source.reference.repository
        for tag in (*was.tags.values(), *(stream.whole for stream in was.streams if stream.whole is not None))
        if tag.insecure and isinstance(tag.source, DockerImage)
    }

    def guarded(tag: StreamTag) -> StreamTag:
        known = isinstance(tag.source, DockerImage) and tag.source.reference.repository in trusted
        return replace(tag, insecure=tag.insecure and known)

    streams = (replace(stream, tags=tuple(map(guarded, stream.tags))) for stream in now.streams)
    return Catalog(tuple(streams), now.problems)


def _new_findings(was: Declarations, now: Declarations) -> tuple[Finding, ...]:
    """Return what is wrong with declarations, and was not before; places are judged on their own."""
    nothing = Bindings((), ())
    known = {(found.kind, found.tag, found.reason) for found in audit(was.catalog, nothing, was.history)}
    found = audit(now.catalog, nothing, now.history)
    return tuple(each for each in found if (each.kind, each.tag, each.reason) not in known)


def _new_problems(old: Found, new: Found) -> tuple[Problem, ...]:
    def all_of(found: Found) -> set[Problem]:
        return {*found.problems, *found.declarations.catalog.problems}

    known = {(problem.file, problem.reason) for problem in all_of(old)}
    return tuple(sorted(problem for problem in all_of(new) if (problem.file, problem.reason) not in known))


def _remotes(session: Session, forge: ForgeSettings) -> Iterator[Remote]:
    """Yield the remote as git is set up to speak to it, then with the forge's token where there is one.

    ``forge`` is nothing that the change says: it would name the host that a token is sent to.
    """
    commands = session.repository.commands()
    head = session.repository.head()
    try:
        name = find_remote(commands, head.name if isinstance(head, Branch) else "")
    except RepositoryError:
        return
    yield open_remote(commands, name)
    url = url_of(commands, name)
    detected = detect(forge, url, os.environ)
    if not isinstance(detected, Detected) or not is_at(detected.url, url):
        return
    try:
        with _opened(open_forge(forge, url, os.environ)) as opened:
            lent = opened.git_credential() if isinstance(opened, LendsCredential) else None
    except ForgeError:
        return
    if lent is not None:
        yield open_remote(commands, name, HttpCredential(detected.url, lent.username, lent.password))


@contextmanager
def _opened(forge: Forge) -> Iterator[Forge]:
    try:
        yield forge
    finally:
        forge.close_connections()
