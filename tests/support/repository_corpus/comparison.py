"""What differs between two readings of a file, down to the scalar, and into strings that are manifests."""

from __future__ import annotations

from collections.abc import Iterator

from yaml_fuzz import witness
from yaml_fuzz.witness import Refused, Seen

from repository_corpus.detector import Address

Difference = tuple[Address, str | None, str]
"""Where; what stood there (``None`` where it is new); what stands there now."""


class Collateral(Exception):
    """A difference that no edit can make."""


def differences(before: list[Seen], after: list[Seen]) -> Iterator[Difference]:
    """Yield the scalars that differ or are new.

    Raises:
        Collateral: something went, moved, or changed its kind, anchor or tag.
    """
    if len(before) != len(after):
        raise Collateral("another number of documents")
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        if len(old.below) != len(new.below):
            raise Collateral(f"document {number} lost its content")
        for one, other in zip(old.below, new.below, strict=True):
            yield from _compare(one, other, (number,))


def _compare(old: Seen, new: Seen, address: Address) -> Iterator[Difference]:
    if (old.kind, old.anchor, old.tag) != (new.kind, new.anchor, new.tag):
        raise Collateral(f"{address}: another kind, anchor or tag")
    if old.kind == "alias" and old.said != new.said:
        raise Collateral(f"{address}: another alias")
    if old.kind == "scalar" and old.said != new.said:
        yield from _texts(old.said, new.said, address)
    if old.kind == "sequence":
        if len(old.below) != len(new.below):
            raise Collateral(f"{address}: another length")
        for index, (one, other) in enumerate(zip(old.below, new.below, strict=True)):
            yield from _compare(one, other, (*address, index))
    if old.kind == "mapping":
        yield from _mappings(old, new, address)


def _mappings(old: Seen, new: Seen, address: Address) -> Iterator[Difference]:
    at = 0
    for index in range(0, len(old.below), 2):
        key, value = old.below[index : index + 2]
        while at < len(new.below) and new.below[at] != key:
            added, said = new.below[at : at + 2]
            if added.kind != "scalar" or said.kind != "scalar":
                raise Collateral(f"{address}: {added.said!r} is new and no scalar")
            yield (*address, added.said), None, said.said
            at += 2
        if at >= len(new.below):
            raise Collateral(f"{address}: {key.said!r} is gone")
        yield from _compare(value, new.below[at + 1], (*address, key.said))
        at += 2
    while at < len(new.below):
        yield (*address, new.below[at].said), None, new.below[at + 1].said
        at += 2


def _texts(old: str, new: str, address: Address) -> Iterator[Difference]:
    """Look into strings that are manifests, before and after; others differ as a whole."""
    if "\n" in old or ": " in old or old[:1] in {"{", "["}:
        try:
            inside = list(differences(witness.read(old), witness.read(new)))
        except Refused:
            inside = []
        if inside:
            for within, one, other in inside:
                yield (*address, "<text>", *within), one, other
            return
    yield address, old, new
