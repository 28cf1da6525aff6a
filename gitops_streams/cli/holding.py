"""What ``rollback``, ``hold`` and ``resume`` share: which image is meant, and what else a hold reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_streams.errors import DeclarationRefused, InvalidDigest, UsageError
from gitops_streams.oci.digest import Digest
from gitops_streams.recall import read_states
from gitops_streams.render.declarations import candidates as listed
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.history import NoImage
from gitops_streams.streams.model import TagKey
from gitops_streams.streams.restoring import restored
from gitops_streams.streams.restraint import Hold
from gitops_streams.streams.rollback import Candidates, chosen

if TYPE_CHECKING:
    from gitops_streams.cli.authoring import Desk

_LONGEST_REASON = 300


def reason_text(reason: str | None) -> str:
    """Return a reason as it is written: one line.

    Raises:
        UsageError: it is too long, or no printable text.
    """
    text = " ".join((reason or "").split())
    if len(text) > _LONGEST_REASON or not text.isprintable():
        raise UsageError(f"a reason is a line of printable text, of at most {_LONGEST_REASON} characters")
    return text


def digest_of(key: TagKey, found: Candidates, to: str | None, *, unrecorded: bool) -> Digest:
    """Return the image that a rollback goes to.

    Raises:
        DeclarationRefused: there is none, or none alone; the message lists what there is.
    """
    if to is None:
        if unrecorded:
            raise UsageError("--unrecorded is for --to")
        if found.earlier:
            return found.earlier[0].image
        where = "" if found.current is None else f" before {found.current}"
        raise _refused(f"no image of {key} is recorded{where}", found)
    item = chosen(found, to)
    if not isinstance(item, NoImage):
        return item.image
    try:
        digest = Digest.parse(to)
    except InvalidDigest:
        raise _refused(f"{key}: {item.reason}", found) from None
    if any(other.image == digest for other in found.elsewhere):
        raise _refused(f"{digest} came from what {key} does not follow any more", found)
    if not unrecorded:
        raise _refused(
            f"{digest} was never recorded for {key}", found, "to hold it there all the same, add --unrecorded"
        )
    return digest


def current_of(key: TagKey, found: Candidates, held: Hold | None) -> Digest:
    """Return the image that a hold keeps.

    Raises:
        DeclarationRefused: none is recorded, or the one that is came from what is not followed any more.
    """
    if held is not None:
        return held.digest
    hint = "gitops-streams reconcile resolves it; rollback --to holds an image of your choice"
    if found.current is None:
        raise DeclarationRefused(f"nothing is recorded of {key} yet", hint=hint)
    if all(item.image != found.current for item in found.images):
        raise _refused(f"{found.current} came from what {key} does not follow any more", found, hint)
    return found.current


def aliases_note(desk: Desk, key: TagKey) -> list[str]:
    """Say which stream tags are held with one, and that it holds none that it leads to."""
    catalog = desk.declarations.catalog
    with_it = []
    for other in catalog.tags:
        way = follow(catalog, other, desk.history) if other != key else None
        path = way.path if isinstance(way, Followed) else ()
        if key in path and key == next((each for each in path if catalog.tags[each].hold is not None), None):
            with_it.append(str(other))
    own = follow(catalog, key, desk.history)
    leads = [str(each) for each in own.path[1:]] if isinstance(own, Followed) else []
    told = [f"held with it: {', '.join(with_it)}"] if with_it else []
    return [*told, *([f"not held, though it follows them: {', '.join(leads)}"] if leads else [])]


def readmitted(desk: Desk, key: TagKey) -> list[str]:
    """Put back into the record what somebody took back; say which images that lets in again."""
    commit = desk.session.repository.head().commit
    states = read_states(desk.session.repository, commit, [key.stream], desk.history)
    found = restored(states.of(key))
    if found is None:
        shallow = not states.complete and desk.declarations.tag(key).hold is None
        return ["note: this clone is shallow; what was taken back before its commits is not known"] if shallow else []
    items, gone = found
    desk.recorded[key] = items
    return [f"{key} may move to {item.image} again, which was taken back" for item in gone]


def still_held(desk: Desk, key: TagKey) -> list[str]:
    """Say which of the stream tags that one leads to is held."""
    catalog = desk.declarations.catalog
    way = follow(catalog, key, desk.history)
    path = way.path[1:] if isinstance(way, Followed) else ()
    holding = [each for each in path if (tag := catalog.tags.get(each)) is not None and tag.hold is not None]
    return [f"it follows {holding[0]}, which is held: gitops-streams resume {holding[0]}"] if holding else []


def _refused(reason: str, found: Candidates, hint: str | None = None) -> DeclarationRefused:
    images = listed(found)
    told = [reason, *(["recorded:", *images] if images else [])]
    return DeclarationRefused("\n".join(told), hint=hint or ("older images are in Git's log" if images else None))
