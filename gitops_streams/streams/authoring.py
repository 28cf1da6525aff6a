"""The declarations of a repository while a verb edits them: finds what is meant, edits it, checks what came of it.

Pure: files come in as located texts and go out as drafts. Every refusal is a ``DeclarationRefused`` that says what
to do by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gitops_streams.errors import DeclarationRefused, InternalError
from gitops_streams.streams import author, load
from gitops_streams.streams.author import Declared, TagSpec
from gitops_streams.streams.follow import Broken, follow
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, InvalidTag, StreamKey, StreamTag, TagKey
from gitops_streams.streams.restraint import Hold
from gitops_streams.yamledit import draft as drafting
from gitops_streams.yamledit.draft import AddDocument, Draft
from gitops_streams.yamledit.locate import Located, Unparsable, locate
from gitops_streams.yamledit.nodes import NotEditable
from gitops_streams.yamledit.notation import Notation
from gitops_streams.yamledit.problem import Problem

_BY_HAND = "edit it by hand"


@dataclass(slots=True)
class Authoring:
    """The declarations as they are now, with every edit that was made."""

    files: Mapping[str, Located]
    """Every file that declares streams, as it was read."""
    history: History
    catalog: Catalog = field(init=False)
    _drafts: dict[str, Draft] = field(init=False, default_factory=dict)
    _before: Catalog = field(init=False)

    def __post_init__(self) -> None:
        """Read the declarations."""
        self.catalog = self._before = load.load(self.files.items())

    @property
    def edited(self) -> list[Draft]:
        """The files that are another text now, by path."""
        return [each for _, each in sorted(self._drafts.items()) if each.changed]

    def prove(self) -> None:
        """Prove every edit.

        Raises:
            InternalError: a proof does not hold.
            DeclarationRefused: a file is read in two ways by two parsers, so no edit of it can be trusted.
        """
        for each in self.edited:
            try:
                drafting.prove(each)
            except drafting.Unprovable as error:
                raise DeclarationRefused(
                    f"{each.path} is left alone: no edit of it can be proven: {error}", hint=_BY_HAND
                ) from error

    def tag(self, key: TagKey) -> StreamTag:
        """Return a declared stream tag.

        Raises:
            DeclarationRefused: it cannot be used as it is declared.
        """
        found = self.catalog.tags.get(key)
        if found is not None:
            return found
        wrong = self._invalid(key)
        if wrong is not None:
            raise DeclarationRefused(f"{wrong.file}:{wrong.line}: {wrong.reason}", hint="repair the declaration first")
        stream = self.catalog.by_key.get(key.stream)
        where = "" if stream is None else f"{stream.file}:{stream.line}: "
        raise DeclarationRefused(
            f"{where}{key} cannot be used as it is declared", hint="gitops-streams check says what is wrong"
        )

    def set_tag(self, key: TagKey, spec: TagSpec) -> None:
        """Create or change a tag of a stream that is declared."""
        self._edit(key.stream, lambda file, at: author.set_tag(file, at, key.tag, spec))
        self._checked(key)
        reached = follow(self.catalog, key, self.history)
        if isinstance(reached, Broken) and reached.reason.startswith("reference tag is circular"):
            raise DeclarationRefused(reached.reason, hint="let one of them follow an image")

    def remove_tag(self, key: TagKey) -> None:
        """Take a tag away."""
        self._edit(key.stream, lambda file, at: author.remove_tag(file, at, key.tag))
        if key in self.catalog.tags or self._invalid(key) is not None:
            raise InternalError(f"{key} is still declared")

    def hold(self, key: TagKey, hold: Hold) -> None:
        """Hold a tag at an image."""
        self._edit(key.stream, lambda file, at: author.set_hold(file, at, key.tag, hold))
        if self._checked(key).hold != hold:
            raise InternalError(f"{key} is not held as it should be")

    def resume(self, key: TagKey) -> None:
        """Let a tag follow its source again."""
        self._edit(key.stream, lambda file, at: author.remove_hold(file, at, key.tag))
        if self._checked(key).hold is not None:
            raise InternalError(f"{key} is still held")

    def create(self, key: TagKey, spec: TagSpec, path: str, existing: Located | None) -> None:
        """Create a stream with one tag, in a new file or as another document of one that is there.

        Args:
            key: the stream tag.
            spec: what it says.
            path: the file.
            existing: its content; ``None`` where it is not there.
        """
        document = author.stream_document(key.stream, key.tag, spec)
        empty = locate("")
        if isinstance(empty, Unparsable):
            raise InternalError("an empty text cannot be read")
        begun = self._drafts.get(path) or drafting.begin(path, existing or empty)
        if path.endswith(".json") and not begun.text:
            text = Notation(json=True).spread(document, "", "\n") + "\n"
            located = locate(text)
            if isinstance(located, Unparsable):
                raise InternalError(f"{path}: {located.reason}")
            self._keep(replace(begun, located=located, kept=(text,), added=(document,)))
        else:
            self._keep(_made(begun.apply([AddDocument(document)]), f"{path}: a stream cannot be added"))
        self._checked(key)

    def notices(self) -> list[Problem]:
        """Return what is worth saying about the declarations now, and was not before."""
        before = {problem.reason for problem in self._before.problems}
        return [problem for problem in self.catalog.problems if problem.reason not in before]

    def _edit(self, key: StreamKey, edit: Callable[[Draft, Declared], Draft | NotEditable]) -> None:
        at = self._declared(key)
        begun = self._drafts.get(at.path) or drafting.begin(at.path, self.files[at.path])
        self._keep(_made(edit(begun, at), f"{at.path}:{at.line}: ImageStream {key} cannot be edited in place"))

    def _declared(self, key: StreamKey) -> Declared:
        places = author.find(self._located().items(), key)
        if len(places) > 1:
            named = ", ".join(f"{place.path}:{place.line}" for place in places)
            raise DeclarationRefused(
                f"{len(places)} image streams are named {key}: {named}",
                hint="give them different namespaces, or exclude one in the config",
            )
        if not places:
            raise DeclarationRefused(f'imagestreams "{key}" not found')
        return places[0]

    def _keep(self, draft: Draft) -> None:
        self._drafts[draft.path] = draft
        self.catalog = load.load(self._located().items())

    def _located(self) -> dict[str, Located]:
        return {**self.files, **{path: draft.located for path, draft in self._drafts.items()}}

    def _checked(self, key: TagKey) -> StreamTag:
        """Return a stream tag as it is declared now.

        Raises:
            DeclarationRefused: what was asked for is no valid declaration.
        """
        wrong = self._invalid(key)
        if wrong is not None:
            raise DeclarationRefused(f"{key} would be invalid: {wrong.reason}")
        if key not in self.catalog.tags:
            reason = "; ".join(problem.reason for problem in self.notices()) or "it would not be followed"
            raise DeclarationRefused(f"{key} would not be usable: {reason}")
        return self.catalog.tags[key]

    def _invalid(self, key: TagKey) -> InvalidTag | None:
        return next((tag for tag in self.catalog.invalid if tag.key == key), None)


def _made(draft: Draft | NotEditable, what: str) -> Draft:
    if isinstance(draft, NotEditable):
        raise DeclarationRefused(f"{what}: {draft.reason}", hint=_BY_HAND)
    return draft
