"""Looks for what is kept about an image: signature, SBOM, provenance. Pure: what is known, what to look at next.

The order is that of use: the list of referrers tells of everything at once, a signature matters most, and
each further place is looked at only for what is still missing. Where things are: ``oci.evidence``.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.evidence import EvidenceKind, cosign_tag, kind_of_artifact, kind_of_statement, referrers_tag
from gitops_streams.oci.image import Evidence, Presence
from gitops_streams.oci.manifest import Descriptor, ImageManifest, Index
from gitops_streams.oci.resolution import Unresolvable
from gitops_streams.registry.lookup import Finding, FoundManifest, Lookup, NoReferrersApi, Part, Place, Referrers
from gitops_streams.registry.reading import Known

ALL = frozenset({EvidenceKind.SIGNATURE, EvidenceKind.SBOM, EvidenceKind.PROVENANCE})
_STATED = ALL - {EvidenceKind.SIGNATURE}


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence as far as it is known."""

    evidence: Evidence
    need: Lookup | None = None
    """What to look at next; ``None`` where nothing is left to be looked at."""
    notes: tuple[str, ...] = ()


class _Search:
    """One search through what is known; it stops at the first look that has not been made."""

    def __init__(self, place: Place, known: Known) -> None:
        self.place = place
        self.found: set[EvidenceKind] = set()
        self.open: set[EvidenceKind] = set()
        """Kinds of which a place could not be looked at, or would not tell."""
        self.need: Lookup | None = None
        self.notes: dict[str, None] = {}
        self._known = known

    def look(self, part: Part, reference: Digest | str | None, kinds: frozenset[EvidenceKind]) -> Finding | None:
        """Return what is known of a place where some kinds may be; ``None`` where it need not be looked at."""
        missing = kinds - self.found
        if not missing or reference is None:
            return None
        lookup = Lookup(self.place, part, reference)
        found = self._known.get(lookup)
        if found is None:
            self.need = self.need or lookup
            self.open |= missing
        elif isinstance(found, Unresolvable):
            self.open |= missing
            self.notes[found.reason] = None
        return found

    def take(self, kinds: set[EvidenceKind], possible: frozenset[EvidenceKind], what: str) -> None:
        """Note what a place holds."""
        self.found |= kinds & ALL
        if EvidenceKind.UNNAMED in kinds and possible - self.found:
            self.open |= possible - self.found
            self.notes[f"{what} holds an attestation that does not say of what kind it is"] = None

    def presence(self, kind: EvidenceKind) -> Presence:
        """Say whether something is there."""
        if kind in self.found:
            return Presence.PRESENT
        return Presence.UNKNOWN if kind in self.open else Presence.ABSENT


def gather(
    place: Place,
    digest: Digest,
    attestation: Descriptor | None,
    known: Known,
    goal: frozenset[EvidenceKind],
    spent: str,
) -> Gathered:
    """Put together what is known about an image beside itself.

    Args:
        place: where the image is.
        digest: its digest, the index's where it is one: that is what tools sign.
        attestation: the index's entry that holds attestations about the primary platform. BuildKit adds it for
            the provenance, unless told otherwise; only its manifest tells of an SBOM.
        known: what was found.
        goal: what is looked for; anything else may be found along with it.
        spent: why something may never be looked at.
    """
    search = _Search(place, known)
    search.open |= ALL - goal
    stated = goal & _STATED
    _referrers(search, digest, goal)
    if attestation is not None:
        _buildkit(search, attestation, stated)
    manifest = search.look(Part.TAGGED, cosign_tag(digest, "att"), stated)
    if isinstance(manifest, FoundManifest):
        search.take(_statements(manifest), stated, "the tag of cosign's attestations")
    if search.look(Part.TAG, cosign_tag(digest, "sbom"), goal & {EvidenceKind.SBOM}) is Presence.PRESENT:
        search.found.add(EvidenceKind.SBOM)
    if search.need is not None:
        unknown = ", ".join(sorted(kind for kind in goal if search.presence(kind) is Presence.UNKNOWN))
        search.notes[f"not looked for everywhere ({unknown}): {spent}"] = None
    evidence = Evidence(
        search.presence(EvidenceKind.SIGNATURE),
        search.presence(EvidenceKind.SBOM),
        search.presence(EvidenceKind.PROVENANCE),
    )
    return Gathered(evidence, search.need, tuple(search.notes))


def _referrers(search: _Search, digest: Digest, wanted: frozenset[EvidenceKind]) -> None:
    """Look at the list of referrers, at cosign's tag of signatures, at the list that stands in for a missing API."""
    signature = wanted & {EvidenceKind.SIGNATURE}
    listed = search.look(Part.REFERRERS, digest, wanted)
    if isinstance(listed, Referrers):
        _take_list(search, listed.entries, wanted, "the list of referrers")
        if not listed.whole:
            search.open |= wanted - search.found
            search.notes["the list of referrers has further pages, which were not read"] = None
    if search.look(Part.TAG, cosign_tag(digest, "sig"), signature) is Presence.PRESENT:
        search.found.add(EvidenceKind.SIGNATURE)
    if isinstance(listed, NoReferrersApi):
        stand_in = search.look(Part.TAGGED, referrers_tag(digest), wanted)
        if isinstance(stand_in, FoundManifest) and isinstance(stand_in.content, Index):
            _take_list(search, stand_in.content.entries, wanted, "the list of referrers")


def _take_list(search: _Search, entries: tuple[Descriptor, ...], wanted: frozenset[EvidenceKind], what: str) -> None:
    kinds = {kind_of_artifact(entry.artifact_type, entry.predicate_type, entry.bundle_content) for entry in entries}
    search.take(kinds, wanted, what)


def _buildkit(search: _Search, attestation: Descriptor, stated: frozenset[EvidenceKind]) -> None:
    """Read the manifest of BuildKit's attestations where it can tell more than that it is there."""
    manifest = search.look(Part.MANIFEST, attestation.digest, stated & {EvidenceKind.SBOM})
    if isinstance(manifest, FoundManifest):
        search.take(_statements(manifest), stated, "the index")
    else:
        search.found.add(EvidenceKind.PROVENANCE)


def _statements(manifest: FoundManifest) -> set[EvidenceKind]:
    if not isinstance(manifest.content, ImageManifest):
        return {EvidenceKind.UNNAMED}
    kinds = {kind_of_statement(name) for name in manifest.content.predicate_types}
    unread = manifest.content.unnamed or manifest.content.layers is None
    return kinds | {EvidenceKind.UNNAMED} if unread else kinds
