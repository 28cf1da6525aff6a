"""Compare two images platform by platform: which platforms are there, what their layers weigh and share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Config, Image, PlatformImage
from gitops_streams.oci.platform import Platform
from gitops_streams.review.delta import BaseImage, BaseMove, PlatformDelta


@dataclass(frozen=True, slots=True)
class PlatformPair:
    """One platform's image before and after."""

    old: PlatformImage | None
    """``None`` where the platform is new."""
    new: PlatformImage | None
    """``None`` where it is gone."""

    @property
    def platform(self) -> Platform | None:
        """The platform, as the newer image spells it."""
        named = [side.platform for side in (self.new, self.old) if side is not None and side.platform is not None]
        return named[0] if named else None

    @property
    def configs(self) -> tuple[Config, Config] | None:
        """Both configurations; ``None`` where one was not read."""
        if self.old is None or self.new is None or self.old.config is None or self.new.config is None:
            return None
        return self.old.config, self.new.config

    @property
    def same_layers(self) -> bool | None:
        """Whether both have the same layers; ``None`` where they were not read."""
        if self.old is None or self.new is None:
            return False
        if self.old.digest == self.new.digest:
            return True
        if self.old.layers is None or self.new.layers is None:
            return None
        return _digests(self.old) == _digests(self.new)

    @property
    def same_content(self) -> bool:
        """Whether the uncompressed layers are known to be the same, however they are packed."""
        if self.configs is None:
            return False
        old, new = self.configs
        return bool(new.diff_ids) and old.diff_ids == new.diff_ids


def pair(old: Image | None, new: Image) -> tuple[PlatformPair, ...]:
    """Pair the platforms of two images: those of the new one in its order, then those that are gone.

    An index may serve one platform several times (versions of Windows); equal digests are paired first.
    """
    before = [] if old is None else list(old.platforms)
    # A single manifest whose configuration was not read names no platform: it goes with the other one.
    single = old is not None and not old.is_index and not new.is_index and len(before) == len(new.platforms) == 1
    if single and None in {before[0].platform, new.platforms[0].platform}:
        return (PlatformPair(before[0], new.platforms[0]),)
    rest = {id(image): image for image in before}
    partners: dict[int, PlatformImage] = {}
    for same_digest in (True, False):
        for image in new.platforms:
            if id(image) in partners:
                continue
            for candidate in rest.values():
                if _same(candidate.platform, image.platform) and (candidate.digest == image.digest or not same_digest):
                    partners[id(image)] = rest.pop(id(candidate))
                    break
    paired = [PlatformPair(partners.get(id(image)), image) for image in new.platforms]
    return (*paired, *(PlatformPair(image, None) for image in rest.values()))


def delta(both: PlatformPair) -> PlatformDelta:
    """Weigh and count one platform's layers."""
    old, new = both.old, both.new
    shared = added = dropped = download = None
    if old is not None and new is not None and old.layers is not None and new.layers is not None:
        before, after = Counter(_digests(old)), Counter(_digests(new))
        shared = (before & after).total()
        added, dropped = after.total() - shared, before.total() - shared
    if new is not None and new.layers is not None and (old is None or old.layers is not None):
        there = set() if old is None else set(_digests(old))
        # A layer that stands twice is fetched once.
        download = sum({layer.digest: layer.size for layer in new.layers if layer.digest not in there}.values())
    return PlatformDelta(
        both.platform,
        None if old is None else old.digest,
        None if new is None else new.digest,
        None if old is None else old.size,
        None if new is None else new.size,
        shared,
        added,
        dropped,
        download,
    )


def lost(pairs: Sequence[PlatformPair]) -> tuple[PlatformPair, ...]:
    """Return the platforms that the new image does not serve any more."""
    served = {both.new.platform.normal for both in pairs if both.new is not None and both.new.platform is not None}
    gone = [both for both in pairs if both.new is None and both.platform is not None]
    return tuple(both for both in gone if both.platform is not None and both.platform.normal not in served)


def base_move(stated_old: BaseImage | None, stated_new: BaseImage | None, read: PlatformPair | None) -> BaseMove:
    """Say what is known of the base image before and after.

    Args:
        stated_old: what the old image says itself.
        stated_new: what the new image says itself.
        read: a platform of which both sides were read; equal first layers mean that the base is likely the same.
    """
    if stated_old is None and stated_new is None and read is not None and common_layers(read)[0]:
        likely = BaseImage(None, None, likely=True)
        return BaseMove(likely, likely)
    return BaseMove(stated_old, stated_new)


def common_layers(both: PlatformPair) -> tuple[int, int]:
    """Return how many layers both images start with, and how many the new one has; (0, 0) where that was not read.

    Uncompressed layers are compared where they are known: packing them anew changes the others.
    """
    old, new = both.old, both.new
    if old is None or new is None:
        return 0, 0
    before, after = _digests(old), _digests(new)
    if both.configs is not None and all(config.diff_ids for config in both.configs):
        before, after = (config.diff_ids for config in both.configs)
    count = 0
    for one, other in zip_longest(before, after):
        if one is None or one != other:
            break
        count += 1
    return count, len(after)


def _digests(image: PlatformImage) -> tuple[Digest, ...]:
    return tuple(layer.digest for layer in image.layers or ())


def _same(one: Platform | None, other: Platform | None) -> bool:
    return (one.normal if one else None) == (other.normal if other else None)
