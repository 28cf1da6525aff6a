"""Scan files for references: which bytes are worth parsing, which documents are left alone, who looks at the rest."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import assert_never

from gitops_streams.manifests import (
    advice,
    argocd,
    by_value,
    deployment_config,
    embedded,
    flux_markers,
    generator_literals,
    helm,
    ignored_differences,
    image_fields,
    image_key,
    image_map,
    json_patch_value,
    kustomize,
    local_names,
    markers,
    mentions,
    merges,
    named_scalars,
    oci_repository,
    pipelines,
    prospects,
    ruled,
    ruled_words,
    spared,
    triggers,
)
from gitops_streams.manifests.content import Content, Held
from gitops_streams.manifests.field_rules import NO_RULES, FieldForm, FieldRule, UserRules
from gitops_streams.manifests.ignored_differences import IgnoredField
from gitops_streams.manifests.occurrence import (
    NO_LOOKUP,
    Finding,
    LocalLookup,
    LocalName,
    MarkedScalar,
    Mention,
    Occurrence,
    Place,
    Scanner,
    SplitReference,
    TriggeredField,
)
from gitops_streams.manifests.owners import owned
from gitops_streams.manifests.prospects import Prospects
from gitops_streams.manifests.spared import NOTHING, Spared
from gitops_streams.manifests.walking import is_text, walk
from gitops_streams.oci.reference import DOCKER_HUB, Repository
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate
from gitops_streams.yamledit.nodes import (
    Alias,
    Document,
    Mapping,
    Node,
    NotEditable,
    Scalar,
    content,
    resolve,
    target,
)
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

SCANNERS: tuple[Scanner, ...] = (
    local_names.find,
    kustomize.find,
    helm.find,
    image_map.find,
    image_fields.find,
    image_key.find,
    oci_repository.find,
    generator_literals.find,
    pipelines.find,
    json_patch_value.find,
    argocd.find,
)
"""Every form of reference, in the order in which they claim a scalar."""

PATHSPECS = ("*.yaml", "*.yml", "*.json", "*Kustomization")
"""The files that may be manifests, as Git pathspecs."""

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

_LEFT_ALONE = {
    "CustomResourceDefinition": "a CustomResourceDefinition's schema is no manifest",
    "ImageStream": "an ImageStream is a declaration",
    "ImageStreamTag": "an ImageStreamTag is a declaration",
    "ImageStreamImage": "an ImageStreamImage is a declaration",
    "ImageStreamImport": "an ImageStreamImport is a declaration",
    "ImageStreamMapping": "an ImageStreamMapping is a declaration",
    "ImageRepository": "an ImageRepository is Flux's declaration",
    "ImagePolicy": "an ImagePolicy is Flux's declaration",
    "ImageUpdater": "an ImageUpdater is Argo CD Image Updater's declaration",
}
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_DECLARATIONS = frozenset(_LEFT_ALONE) - {"CustomResourceDefinition"}


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
    if "templates" in PurePosixPath(path).parts[:-1] and "{{" in text:
        return None, [Problem(path, None, "not scanned: it is a Helm template")]
    findings: list[Finding] = []
    ignored: list[IgnoredField] = []
    problems: list[Problem] = []
    for finding in _scan_documents(path, located, tracked, local, rules):
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


@dataclass(frozen=True, slots=True)
class _Scan:
    """What is looked for in one document, and what has to be known of all of it."""

    path: str
    text: str
    document: Document
    tracked: Collection[Repository]
    lent: merges.Overrides
    local: LocalLookup = NO_LOOKUP
    triggered: bool = False
    """Whether the text holds what a trigger cannot do without."""
    within: Embedding | None = None
    """The string that the text is the value of, where it is one."""
    rules: UserRules = NO_RULES
    policed: bool = False
    """Whether the text holds one of Flux's markers."""
    prospects: Prospects | None = None
    """Where in the text scanners by shape may find anything; ``None``: everywhere."""
    spared: Spared = NOTHING
    """What the user keeps from being edited in the object that is looked at."""

    def uneditable(self, occurrence: Occurrence, mapping: Mapping | None = None) -> str | None:
        """Say why an occurrence cannot be edited, if that is clear before anybody is asked for its digest."""
        for field in occurrence.fields:
            # A key that stands twice, here or on the way, is no address: JSON Pointers cannot tell the two apart.
            if resolve(self.document.root, field.pointer) is not field.scalar:
                return "a key that leads to it stands twice in its map"
            place = content(field.scalar, self.text)
            if isinstance(place, NotEditable):
                return place.reason
        form, borrowers = occurrence.form, self.lent.get(id(mapping))
        if (
            borrowers
            and isinstance(form, SplitReference)
            and merges.would_mislead(occurrence.form_name, form, borrowers)
        ):
            return "its map is merged (<<) into one with another repository or tag, which would get its digest"
        return None


def _scan_documents(
    path: str,
    located: Located,
    tracked: Collection[Repository],
    local: Collection[str],
    rules: UserRules,
    within: Embedding | None = None,
) -> Iterator[Finding | IgnoredField | Problem]:
    text = located.text
    marked, merged, ignores = markers.SCREEN in text, "<<" in text, ignored_differences.SCREEN in text
    triggered = triggers.SCREEN in text or deployment_config.SCREEN in text
    lookup = LocalLookup(local, forced=local_names.RESOLVE_NAMES in text)
    whole_file = spared.whole_file(text)
    # Asked once for all objects: a long text may hold as many objects as lines.
    likely = prospects.find(text, tracked, local)
    policed, remarks = flux_markers.SCREEN in text, text if spared.SCREEN in text else ""
    for document in located.documents:
        lent = merges.overrides(document.root) if merged else {}
        scan = _Scan(path, text, document, tracked, lent, lookup, triggered, within, rules, policed, likely)
        encrypted = _encrypted(document.root)
        for found in objects(document.root):
            if ignores:
                yield from ignored_differences.find(path, text, found)
            why = encrypted or _encrypted(found.mapping) or _LEFT_ALONE.get(found.kind)
            if why is None:
                spares = spared.find(path, remarks, found, rules.fields, whole_file)
                looked_at = scan if spares is None else replace(scan, spared=spares)
                yield from _scan_object(looked_at, _with_namespace(found), marked=marked)
            elif found.kind not in _DECLARATIONS:
                for _, node, _ in walk(found, likely):
                    if isinstance(node, Scalar):
                        yield from mentions.find(path, text, node, tracked, why)
    if marked:
        yield from markers.stray(path, located)
    if rules.image_policies is not None and policed:
        yield from flux_markers.stray(path, located)
    yield from spared.stray(path, located)


def _scan_object(scan: _Scan, found: Object, *, marked: bool) -> Iterator[Finding | Problem]:
    marks: set[int] = set()
    policies = scan.rules.image_policies if scan.policed else None
    naming = named_scalars.Naming(
        scan.path, scan.text, scan.document.index, found, scan.uneditable, scan.spared, policies
    )
    for named in named_scalars.find(naming, marked=marked, triggered=scan.triggered):
        if isinstance(named, Occurrence):
            marks |= _scalars(named)
        elif isinstance(named, named_scalars.Claimed):
            marks.add(id(named.scalar))
            continue
        yield named
    for ruled_finding, scalars in _by_rule(scan, found, marks) if scan.rules.fields else ():
        marks |= scalars
        yield ruled_finding
    yield from _by_shape(scan, found, marks)


def _by_rule(scan: _Scan, found: Object, marks: AbstractSet[int]) -> Iterator[tuple[Finding | Problem, set[int]]]:
    """Yield what the user's rules find, with the scalars that are nobody else's from then on."""
    whole = Place(scan.path, scan.text, scan.document.index, found, found.pointer, found.mapping)
    for there in ruled.find(whole, scan.rules.fields):
        match there:
            case ruled.Ruled(place, finding):
                yield from _accepted(scan, place, [finding], marks)
            case ruled.RuledText(pointer, scalar, rule):
                if id(scalar) not in marks and scan.spared.why((id(scalar),)) is None:
                    outside = embedded.Outside(scan.text, scan.document, found, scan.within)
                    # Where a rule does not fit, the next one is asked, and then the shapes are.
                    words = ruled_words.find(scan.path, outside, there, scan.tracked)
                    string = _opened(scan, outside, pointer, scalar, rule) if not words else None
                    for inner in string if isinstance(string, list) else words:
                        yield inner, {id(scalar)}
            case _:
                assert_never(there)


def _by_shape(scan: _Scan, found: Object, marks: AbstractSet[int]) -> Iterator[Finding | Problem]:
    """Yield what scanners find, then what no scanner claims."""
    claimed = set(marks)
    places: set[Pointer] = set()
    others: list[tuple[Pointer, Node, str | None]] = []
    for pointer, node, parent in walk(found, scan.prospects):
        if isinstance(node, Mapping) and not is_text(pointer, found):
            place = Place(scan.path, scan.text, scan.document.index, found, pointer, node, scan.local)
            for finding, scalars in _ask_scanners(scan, place, marks):
                claimed |= scalars
                places |= {field.pointer for field in finding.fields} if isinstance(finding, Occurrence) else set()
                yield finding
        elif isinstance(node, Scalar | Alias):
            others.append((pointer, node, "an annotation or a label is text" if is_text(parent, found) else None))
    for pointer, node, why in others:
        scalar = target(node)
        # What an anchor says it says wherever an alias of it stands: each of them is a site, or none is edited.
        if not isinstance(scalar, Scalar) or id(scalar) in marks or pointer in places:
            continue
        if scalar.aliases or id(scalar) not in claimed:
            mentioned = node is scalar and id(scalar) not in claimed
            yield from _by_value(scan, found, pointer, scalar, why, mentioned=mentioned)


def _by_value(
    scan: _Scan, found: Object, pointer: Pointer, scalar: Scalar, why: str | None, *, mentioned: bool
) -> Iterator[Finding | Problem]:
    """Yield what a scalar is that no scanner claims, or the references in it that are not edited."""
    spares = scan.spared.why((id(scalar),))
    why = spares or why
    if why is None:
        place = Place(scan.path, scan.text, scan.document.index, found, pointer, found.mapping)
        exact = by_value.find(place, scalar, scan.tracked)
        why = scan.uneditable(exact) if isinstance(exact, Occurrence) else exact
        if isinstance(exact, Occurrence) and why is None:
            yield owned(exact, found)
            return
    if mentioned and spares is None:
        yield from _within(scan, found, pointer, scalar, why)
    elif mentioned:
        for mention in mentions.find(scan.path, scan.text, scalar, scan.tracked, why):
            yield replace(mention, document=scan.document.index, pointer=pointer, spared=True)


def _within(
    scan: _Scan, found: Object, pointer: Pointer, scalar: Scalar, why: str | None
) -> Iterator[Finding | Problem]:
    """Yield what stands in a string: the findings of a manifest in it, or the references that its text mentions."""
    outside = embedded.Outside(scan.text, scan.document, found, scan.within)
    string = _opened(scan, outside, pointer, scalar)
    if isinstance(string, list):
        yield from string
        return
    mentioned = list(mentions.find(scan.path, scan.text, scalar, scan.tracked, string or why))

    def manifest() -> Collection[str] | None:
        opened = _opened(scan, outside, pointer, scalar, advice.TRIED)
        return {each.text for each in opened if isinstance(each, Occurrence)} if isinstance(opened, list) else None

    # Whoever asks for every repository there is wants no advice on each of them.
    asked = mentioned and isinstance(scan.tracked, frozenset)
    advised = advice.line(scan.path, outside, pointer, scalar, manifest) if asked else {}
    for mention in mentioned:
        line = advised.get(mention.text, "")
        yield replace(mention, document=scan.document.index, pointer=pointer, advice=line)


def _opened(
    scan: _Scan, outside: embedded.Outside, pointer: Pointer, scalar: Scalar, rule: FieldRule | None = None
) -> list[Finding | Problem] | str | None:
    """Return what stands in a string that is a manifest, or may be one for a rule; else why it is left alone."""
    names, include = scan.local.names, rule is not None and rule.form is not FieldForm.SUBSTRING
    if rule is not None and not include:
        return None
    string = embedded.open_string(outside, pointer, scalar, scan.tracked, names, include=include)
    if not isinstance(string, Embedding):
        return string
    inner = _scan_documents(scan.path, string.located, scan.tracked, names, scan.rules, string)
    return [
        replace(finding, field_rule=finding.field_rule or rule.name)
        if rule is not None and isinstance(finding, Occurrence)
        else finding
        for finding in embedded.brought_out(inner, string, outside)
    ]


def _ask_scanners(scan: _Scan, place: Place, marks: AbstractSet[int]) -> Iterator[tuple[Finding, set[int]]]:
    """Yield what scanners find, with its scalars.

    What is named or ruled goes before every shape. An anchored scalar is found wherever an alias stands for it.
    """
    return _accepted(scan, place, (finding for scanner in SCANNERS for finding in scanner(place)), marks)


def _accepted(
    scan: _Scan, place: Place, findings: Iterable[Finding], marks: AbstractSet[int]
) -> Iterator[tuple[Finding, set[int]]]:
    """Yield what is found in one place, with its scalars; what cannot be edited becomes a mention with the reason."""
    taken = set(marks)
    for finding in findings:
        repository = finding.repository
        local = isinstance(finding, Occurrence) and isinstance(finding.form, LocalName)
        if repository is None or (repository not in scan.tracked and not local):
            continue
        if isinstance(finding, Mention):
            yield finding, set()
            continue
        scalars = _scalars(finding)
        if not scalars.isdisjoint(taken):
            continue  # what may be a local name, an earlier scanner has
        spares = scan.spared.why(scalars)
        why = spares or scan.uneditable(finding, place.mapping)
        taken |= scalars if local else set()
        if why is None:
            yield owned(finding, place.object), scalars
        else:
            yield mentions.of(finding, repository, why, spared=spares is not None), scalars


def _encrypted(root: Node | None) -> str | None:
    """Say why a document or an object is left alone that SOPS encrypted, if it did."""
    sops = root.get("sops") if isinstance(root, Mapping) else None
    if isinstance(sops, Mapping) and (sops.entry("mac") or sops.entry("lastmodified")):
        return "the document is encrypted with SOPS; an edit would break its checksum"
    return None


def _with_namespace(found: Object) -> Object:
    """Forget a namespace that is not one yet, such as a Template's ``${NAMESPACE}``."""
    known = found.namespace is None or _NAMESPACE.fullmatch(found.namespace)
    return found if known else replace(found, namespace=None)


def _scalars(occurrence: Occurrence) -> set[int]:
    """The identities of the scalars that an occurrence claims."""
    return {id(field.scalar) for field in occurrence.fields}
