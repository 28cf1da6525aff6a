"""Build the plan. This is the one function to read first: everything else prepares it or carries it out.

    sites + resolutions → an outcome for every site → the new bytes of every file

Pure: the registry's answers come in as values, and nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from gitops_streams.errors import InternalError
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Question, Resolution, Resolved, Unresolvable
from gitops_streams.plan.asked import Asked
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.holding import NONE, Holding, Holdings, holding_of
from gitops_streams.plan.local_references import LocalReferences, LocalSites
from gitops_streams.plan.model import (
    Change,
    Failed,
    FilePlan,
    Held,
    Pin,
    Plan,
    Site,
    SiteOutcome,
    Skipped,
    SkippedReference,
    TagPlan,
    Unchanged,
)
from gitops_streams.plan.named import marker
from gitops_streams.plan.rewrite import Target, rewrite
from gitops_streams.plan.shared import settle_shared
from gitops_streams.plan.together import settle_together
from gitops_streams.streams.follow import Followed
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.model import Catalog, DockerImage, InvalidTag, TagKey
from gitops_streams.streams.policy import Choosing
from gitops_streams.yamledit.edit import Conflict, Edit, splice
from gitops_streams.yamledit.nodes import NotEditable
from gitops_streams.yamledit.pointer import render
from gitops_streams.yamledit.problem import Problem


class _Wording:
    """How a digest is written down."""

    def __init__(self, pin: Pin, local: LocalSites) -> None:
        self._pin = pin
        self._local = local
        self._last: tuple[TagKey, DockerImage, Digest, str | None] | None = None
        self._target: Target | None = None

    def target(self, site: Site, image: DockerImage, digest: Digest, tag: str | None) -> Target:
        """Return what a site is to say: mostly the same as the site of its stream tag before it."""
        local = self._local.reference(site)
        if local is not None:
            return Target(local, digest, self._pin, marker(site.tag))
        wanted = (site.tag, image, digest, tag)
        if self._target is None or self._last != wanted:
            source = Reference(image.reference.name, image.reference.repository, tag)
            self._last, self._target = wanted, Target(source, digest, self._pin, marker(site.tag))
        return self._target


def build(  # noqa: PLR0913  the inputs of the decision, by name
    *,
    catalog: Catalog,
    bindings: Bindings,
    asked: Iterable[Asked],
    answers: Mapping[Question, Resolution],
    files: Iterable[ScannedFile],
    problems: Iterable[Problem],
    holdings: Holdings = NONE,
    pin: Pin = Pin.TAG_AND_DIGEST,
    local_registry: LocalRegistry | None = None,
    requests: int = 0,
) -> Plan:
    """Decide every site.

    Args:
        catalog: the declarations.
        bindings: which site belongs to which stream tag.
        asked: the stream tags that were resolved (``asked.what_to_ask``), policies settled (``asked.settle``).
        answers: the registries' answers.
        files: the files that the sites stand in.
        problems: what was noticed before.
        holdings: what keeps stream tags from moving, by stream tag; an alias is held with what it leads to.
        pin: what to write where the whole reference stands in one scalar.
        local_registry: serves the streams whose tags say ``referencePolicy.type: Local``.
        requests: how many HTTP requests the answers took.

    Raises:
        InternalError: two sites claim the same characters.
    """
    files = tuple(files)
    texts = {file.path: file.content.read_text for file in files}
    wording = _Wording(pin, LocalSites.among(LocalReferences(catalog, local_registry), bindings.sites))
    sites: dict[TagKey, list[Site]] = {}
    for site in bindings.sites:
        sites.setdefault(site.tag, []).append(site)
    tags: list[TagPlan] = []
    for item in asked:
        answer = _answer(item, answers)
        image = item.image
        bound = _sites_in_order(sites.get(item.key, ()))
        path = item.followed.path if isinstance(item.followed, Followed) else (item.key,)
        holding = holding_of(holdings, path)
        outcomes = tuple(_decide(site, image, answer, holding, wording, texts) for site in bound)
        tag = catalog.tags[item.key]
        tags.append(TagPlan(item.key, tag.source, image, answer, outcomes, tag.fingerprint, holding))
    tags = settle_shared(settle_together(tags))
    tags += [_invalid(tag) for tag in catalog.invalid]
    tags.sort(key=lambda tag: tag.key.sort_key)
    return Plan(
        tuple(tags),
        _in_order(bindings.skipped),
        _write(tags, files),
        tuple(sorted({*problems, *catalog.problems}, key=lambda found: (found.file, found.line or 0, found.reason))),
        requests,
    )


def _answer(item: Asked, answers: Mapping[Question, Resolution]) -> Resolution:
    match item.question:
        case Question():
            return answers[item.question]
        case Choosing():
            raise InternalError(f"no policy has chosen for {item.key}")
        case _:
            return item.question


def _in_order(skipped: Collection[SkippedReference]) -> tuple[SkippedReference, ...]:
    """Sort what is skipped; for two in one place only, reasons are asked for: the advice in them takes time."""
    places = Counter((item.file, item.line, item.reference) for item in skipped)

    def key(item: SkippedReference) -> tuple[str, int, str, str]:
        place = item.file, item.line, item.reference
        return *place, item.reason if places[place] > 1 else ""

    return tuple(sorted(skipped, key=key))


def _sites_in_order(sites: Sequence[Site]) -> list[Site]:
    """Sort sites by where they stand; the few that share a line, by the pointers that lead to them."""
    by_line = {(site.occurrence.file, site.occurrence.address[0][0], site.occurrence.line): site for site in sites}
    if len(by_line) == len(sites):
        return [by_line[place] for place in sorted(by_line)]
    return sorted(sites, key=_order)


def _order(site: Site) -> tuple[str, int, int, list[tuple[int, str]]]:
    occurrence = site.occurrence
    address = [(document, render(pointer)) for document, pointer in occurrence.address]
    return occurrence.file, address[0][0], occurrence.line, address


def _decide(
    site: Site,
    image: DockerImage | None,
    answer: Resolution,
    holding: Holding | None,
    wording: _Wording,
    texts: Mapping[str, Callable[[], str]],
) -> SiteOutcome:
    failure = answer.reason if isinstance(answer, Unresolvable) else "it leads nowhere"
    if image is None:
        return Failed(site, failure)
    text = texts[site.occurrence.file]
    if holding is not None:
        return _hold(site, image, answer, holding, wording, text)
    if isinstance(answer, Unresolvable):
        return Failed(site, failure)
    return _rewritten(site, image, answer.digest, image.tag, wording, text)


def _hold(
    site: Site, image: DockerImage, answer: Resolution, holding: Holding, wording: _Wording, text: Callable[[], str]
) -> SiteOutcome:
    """Decide a site whose stream tag does not move to ``answer``."""
    if not holding.enforced and isinstance(answer, Resolved):
        moved = _rewritten(site, image, answer.digest, image.tag, wording, text)
        if isinstance(moved, Unchanged | Skipped):
            return moved
    refused: SiteOutcome = Held(site, holding.reason, holding.until)
    if isinstance(answer, Unresolvable) and not holding.enforced:
        refused = Failed(site, answer.reason)
    if holding.digest is None or not (holding.enforced or site.occurrence.digest is None):
        return refused
    stayed = _rewritten(site, image, holding.digest, holding.source_tag or image.tag, wording, text)
    settled = isinstance(answer, Resolved) and answer.digest == holding.digest
    return stayed if settled or not isinstance(stayed, Unchanged) else refused


def _rewritten(
    site: Site, image: DockerImage, digest: Digest, tag: str | None, wording: _Wording, text: Callable[[], str]
) -> SiteOutcome:
    """Write a digest into a site."""
    rewritten = rewrite(site.occurrence, wording.target(site, image, digest, tag), text)
    if isinstance(rewritten, NotEditable):
        return Skipped(site, rewritten.reason)
    if not rewritten.edits:
        return Unchanged(site, rewritten.pointer, rewritten.after)
    return Change(site, rewritten.pointer, rewritten.before, rewritten.after, rewritten.edits)


def _invalid(tag: InvalidTag) -> TagPlan:
    reason = f"{tag.file}:{tag.line}: {tag.reason}"
    return TagPlan(tag.key, None, None, Unresolvable(Cause.UNSUPPORTED, reason), (), "")


def _write(tags: Iterable[TagPlan], files: Iterable[ScannedFile]) -> tuple[FilePlan, ...]:
    edits: dict[str, list[Edit]] = {}
    for tag in tags:
        for site in tag.sites:
            if isinstance(site, Change):
                edits.setdefault(site.site.occurrence.file, []).extend(site.edits)
    plans = []
    for file in files:
        if file.path not in edits:
            continue
        text = file.text
        after = splice(text, edits[file.path])
        if isinstance(after, Conflict):
            raise InternalError(f"{file.path}: two sites claim {after.first.pointer} and {after.second.pointer}")
        plans.append(FilePlan(file.path, text.encode(), after.encode(), text, tuple(edits[file.path])))
    return tuple(sorted(plans, key=lambda plan: plan.path))
