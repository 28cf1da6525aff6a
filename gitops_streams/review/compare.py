"""Compare the image that is pinned with the one that is to be: what differs, and why the digest moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gitops_streams.errors import InvalidDigest
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Config, Evidence, Image, Inspection, PlatformImage, Uninspectable
from gitops_streams.review import age, layers
from gitops_streams.review.contract import contract, labels, new_instructions
from gitops_streams.review.delta import BaseImage, BaseMove, Built, Difference, ImageDelta, MoveClass, SourceMove
from gitops_streams.review.layers import PlatformPair
from gitops_streams.review.policy import EnvShown
from gitops_streams.review.source_link import source_move
from gitops_streams.review.verdict import RETURNED, Facts, attention, classes, notes, ordered

_BASE_NAME, _BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
_NO_SOURCE = SourceMove(None, None, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the images, with the platform of it that is compared."""

    image: Image
    read: PlatformImage | None
    """``None`` where no platform was read in full."""

    @property
    def config(self) -> Config | None:
        return None if self.read is None else self.read.config

    @property
    def built(self) -> Built:
        return age.built(None if self.config is None else self.config.created)

    @property
    def base(self) -> BaseImage | None:
        """What it says of its base image itself; labels may be the base's own, handed down."""
        texts = {**(self.config.labels if self.config else {}), **self.image.annotations}
        name, text = texts.get(_BASE_NAME) or None, texts.get(_BASE_DIGEST) or ""
        try:
            digest = Digest.parse(text) if text else None
        except InvalidDigest:
            digest = None
        return None if name is None and digest is None else BaseImage(name, digest, likely=False)


def compare(
    old: Inspection | None,
    new: Inspection,
    *,
    history: Collection[Digest] = (),
    env: EnvShown = EnvShown.VALUES,
    compare_hosts: Sequence[str] = (),
) -> ImageDelta:
    """Compare two images.

    Args:
        old: the image that is pinned; ``None`` for a first pin.
        new: the image that is to be pinned.
        history: the digests that the stream tag had before its newest recorded one.
        env: what may be carried of environment variables.
        compare_hosts: source forges beside the well-known ones, ``host=kind``.
    """
    returned = old is not None and new.digest != old.digest and new.digest in history
    if isinstance(new, Uninspectable):
        move = MoveClass.FIRST_PIN if old is None else MoveClass.UNKNOWN
        sentences = ("The new image could not be inspected: nothing is known about what changes.",)
        said = [*_said("old", old), *_said("new", new)]
        return uncompared(move, said, attention=sentences, returned=returned)
    before = old if isinstance(old, Image) else None
    pairs = layers.pair(before, new)
    both = next((pair for pair in pairs if pair.configs is not None), None)
    newer = _Side(new, new.primary if both is None else both.new)
    older = None if before is None else _Side(before, before.primary if both is None else both.old)
    facts = Facts(
        old=old,
        new=new,
        pairs=pairs,
        both=both,
        source=source_move(
            None if older is None else (older.image, older.config), (newer.image, newer.config), compare_hosts
        ),
        base=layers.base_move(None if older is None else older.base, newer.base, both),
        older=older is not None and age.is_older(newer.built, older.built),
        returned=returned,
    )
    differing = (*_contract(both, env), *_gone(pairs, new)) if before is not None else ()
    label_differences, more_labels = labels(both.configs) if both is not None and both.configs else ((), 0)
    instructions, more_instructions = new_instructions(both.configs) if both is not None and both.configs else ((), 0)
    found = classes(facts, contract_changed=bool(differing))
    return ImageDelta(
        move=found[0],
        also=found[1:],
        contract=differing,
        labels=label_differences,
        platforms=tuple(map(layers.delta, pairs)),
        old_built=Built(None) if older is None else older.built,
        new_built=newer.built,
        source=facts.source,
        base=facts.base,
        instructions=instructions,
        old_evidence=Evidence() if older is None else older.image.evidence,
        new_evidence=new.evidence,
        attention=attention(facts),
        notes=(
            *_said("old", old),
            *_said("new", new),
            *notes(facts),
            *([f"{more_labels} more labels differ"] if more_labels else ()),
            *([f"{more_instructions} more build instructions are new"] if more_instructions else ()),
        ),
    )


def uncompared(
    move: MoveClass, said: Iterable[str], *, attention: tuple[str, ...] = (), returned: bool = False
) -> ImageDelta:
    """Return what can be said about a move whose images are not known.

    Args:
        move: ``UNKNOWN`` or ``FIRST_PIN``, or another class that is known without the images.
        said: notes that say why.
        attention: sentences about what needs attention.
        returned: whether the history has the new digest already, below a newer one.
    """
    found = ordered({move, *([MoveClass.ROLLBACK] if returned else [])})
    return ImageDelta(
        move=found[0],
        also=found[1:],
        contract=(),
        labels=(),
        platforms=(),
        old_built=Built(None),
        new_built=Built(None),
        source=_NO_SOURCE,
        base=BaseMove(None, None),
        instructions=(),
        old_evidence=Evidence(),
        new_evidence=Evidence(),
        attention=(*attention, RETURNED) if returned else attention,
        notes=tuple(said),
    )


def _contract(both: PlatformPair | None, env: EnvShown) -> Iterable[Difference]:
    return () if both is None or both.configs is None else contract(*both.configs, env)


def _gone(pairs: Sequence[PlatformPair], new: Image) -> Iterable[Difference]:
    """Yield the platforms that are gone; none where a single manifest does not say what it was built for."""
    if any(image.platform is None for image in new.platforms):
        return
    for pair in layers.lost(pairs):
        if pair.old is not None:
            yield Difference("Platform", str(pair.platform), str(pair.old.digest), None)


def _said(which: str, inspection: Inspection | None) -> list[str]:
    """Pass on what an inspection could not see."""
    match inspection:
        case None:
            return []
        case Uninspectable(reason=reason):
            return [f"the {which} image could not be inspected: {reason}"]
        case Image(notes=notes):
            return [f"{which} image: {note}" for note in notes]
