"""An image whose tag is a parameter of an OpenShift Template: ``image: ${IMAGE}:${IMAGE_TAG}``, ``${REPO}/web:${TAG}``.

What the parameters' own values make of such a text is a reference, whose digest goes behind the tag's value. That is
done only if everything that uses the parameter is the very same reference, in a place where images are pulled: a label,
another image or a text would get the digest too.

Source: openshift/api ``template/v1/types.go``; the expressions are those of openshift/library-go's template processing,
where ``${{NAME}}`` stands for a value that is no text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from gitops_streams.manifests import left_alone, mentions, never_pulled, registry_paths, screen, whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place, WholeReference
from gitops_streams.manifests.owners import owned, with_known_namespace
from gitops_streams.manifests.search import Search
from gitops_streams.manifests.spared import Spared
from gitops_streams.manifests.split import Field, is_literal, occurrence
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, target, walk
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.pointer import Pointer

FORM = "template"
SCREEN = "${"

_KIND = "Template"
_PARAMETER = re.compile(r"\$\{(?:\{(?P<whole>[A-Za-z0-9_]+)\}|(?P<name>[A-Za-z0-9_]+))\}")
_TAGGED = re.compile(r"(?P<image>(?:[A-Za-z0-9./_:-]|\$\{[A-Za-z0-9_]+\})+):\$\{(?P<tag>[A-Za-z0-9_]+)\}")
_LONGEST = 1000
"""Characters of an image; one of its parts often named makes a text that fits into no memory."""
_PARTLY = "the parts of its name do not all have values in the Template"
_OUTSIDE = "it stands beside the Template's objects"
_ANCHORED = "the Template shares parts by anchors (&), and what uses its parameters is not clear"


@dataclass(frozen=True, slots=True)
class _Use:
    """A text that names a parameter."""

    pointer: Pointer
    """Of the text, or of the map that it is a key of."""
    scalar: Scalar
    is_key: bool


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter with a value of its own."""

    item: Mapping
    pointer: Pointer
    """Of the item."""
    value: Scalar


def find(search: Search, spared: Callable[[Object], Spared | None], taken: Collection[Pointer]) -> Iterator[Finding]:
    """Yield the references that the tags among the parameters of a document's Templates decide.

    Args:
        search: what is looked for, in which document.
        spared: says what the user keeps from being edited in an object.
        taken: the pointers of scalars that something else in the document has claimed.
    """
    if search.within is not None:
        return
    around = _Around(search, spared)
    for pointer, template in _templates(search.document.root):
        yield from _Template(around, pointer, template).find(taken)


def _templates(root: Node | None) -> Iterator[tuple[Pointer, Mapping]]:
    """Yield a document's Template, or those of its List."""
    if not isinstance(root, Mapping):
        return
    items = root.get("items")
    inside = items.items if isinstance(items, Sequence) and (root.text("kind") or "").endswith("List") else []
    for pointer, node in (((), root), *((("items", index), target(item)) for index, item in enumerate(inside))):
        if isinstance(node, Mapping) and node.text("kind") == _KIND and isinstance(node.get("objects"), Sequence):
            yield pointer, node


class _Around:
    """What stands around the texts of a document, each looked at once: a Template may have as many texts as lines."""

    def __init__(self, search: Search, spared: Callable[[Object], Spared | None]) -> None:
        self.search = search
        self._spared = spared
        self._objects = {each.pointer: with_known_namespace(each) for each in objects(search.document.root)}
        self._reasons: dict[Pointer, Spared | None] = {}
        self._spelled: dict[Repository, bool] = {}

    def object(self, pointer: Pointer, first: int) -> Object | None:
        """Return the outermost object that a text stands in, below the first parts of its pointer."""
        ends = range(first, len(pointer) + 1)
        return next((self._objects[pointer[:end]] for end in ends if pointer[:end] in self._objects), None)

    def spared(self, found: Object) -> Spared | None:
        """Say what the user keeps from being edited in an object."""
        if found.pointer not in self._reasons:
            self._reasons[found.pointer] = self._spared(found)
        return self._reasons[found.pointer]

    def is_found(self, repository: Repository) -> bool:
        """Whether a repository is tracked, and the text spells it out as the screens rely on."""
        if repository not in self.search.tracked:
            return False
        if repository not in self._spelled:
            text = self.search.text
            whole_path = any(path in text for path in screen.paths([repository]))
            self._spelled[repository] = whole_path or registry_paths.SplitPaths([repository]).stand_in(text)
        return self._spelled[repository]


class _Template:
    """One Template: its parameters, what uses them, and the objects that those stand in."""

    def __init__(self, around: _Around, pointer: Pointer, template: Mapping) -> None:
        self._search, self._around = around.search, around
        self._parameters = dict(_parameters(pointer, template))
        self._uses: dict[str, list[_Use]] = {}
        self._anchored = False
        for entry in template.entries:
            if isinstance(entry.key, Scalar) and entry.key.value != "parameters":
                self._collect((*pointer, entry.key.value), entry.value)
        self._inside = (*pointer, "objects")

    def _collect(self, start: Pointer, root: Node) -> None:
        for below, node in walk(root):
            pointer = (*start, *below)
            scalar = target(node)
            if isinstance(node, Mapping):
                for entry in node.entries:
                    if isinstance(entry.key, Scalar):
                        self._note(pointer, entry.key, is_key=True)
            elif isinstance(scalar, Scalar):
                self._note(pointer, scalar, is_key=False)
            elif isinstance(node, Alias):
                self._anchored = True

    def _note(self, pointer: Pointer, scalar: Scalar, *, is_key: bool) -> None:
        names = {match["whole"] or match["name"] for match in _PARAMETER.finditer(scalar.value)}
        for name in names:
            self._uses.setdefault(name, []).append(_Use(pointer, scalar, is_key))

    def find(self, taken: Collection[Pointer]) -> Iterator[Finding]:
        """Yield what each parameter decides that is the tag of something."""
        for name, parameter in self._parameters.items():
            if (*parameter.pointer, "value") in taken:
                continue
            uses = self._uses.get(name, [])
            images = [(use, image) for use in uses if (image := self._image(use, name)) is not None]
            made: dict[Repository, tuple[Occurrence, _Use]] = {}
            for use, image in images:
                found = self._made(parameter, image)
                if found is not None and found.repository is not None:
                    made.setdefault(found.repository, (found, use))
            spares = self._spares(parameter, uses) if made else None
            expanded = {self._expanded(image) for _, image in images} if made else set()
            for repository, (found, use) in made.items():
                why = spares or self._why_not(name, parameter, uses, images, expanded, found)
                if why is None:
                    yield self._whose(found, use, {self._namespace(each) for each, _ in images})
                else:
                    yield mentions.of(found, repository, why, spared=spares is not None)

    @staticmethod
    def _image(use: _Use, name: str) -> str | None:
        """Return what stands before the tag in a text that is nothing but an image with that tag."""
        match = None if use.is_key or len(use.scalar.value) > _LONGEST else _TAGGED.fullmatch(use.scalar.value)
        return match["image"] if match is not None and match["tag"] == name else None

    def _made(self, parameter: _Parameter, image: str) -> Occurrence | None:
        """Return the reference that an image and the tag are, if somebody tracks it."""
        name = self._expanded(image)
        reference = None if name is None else looks_like_reference(name)
        if name is None or reference is None or not self._around.is_found(reference.repository):
            return None
        search, item = self._search, _as_object(parameter)
        place = Place(search.path, search.text, search.document.index, item, parameter.pointer, parameter.item)
        field = Field("value", parameter.value, (*parameter.pointer, "value"))
        found = occurrence(place, FORM, name, field, None)
        return found if isinstance(found, Occurrence) else None

    def _expanded(self, image: str) -> str | None:
        """Put the parameters' values into a text; ``None`` where one of them has none, or one that is in no image."""
        parts: list[str] = []
        end = 0
        for match in _PARAMETER.finditer(image):
            parameter = self._parameters.get(match["name"])
            if parameter is None or len(parameter.value.value) > _LONGEST or not self._is_literal(parameter):
                return None
            parts += [image[end : match.start()], parameter.value.value]
            end = match.end()
        made = "".join([*parts, image[end:]])
        return made if len(made) <= _LONGEST else None

    def _is_literal(self, parameter: _Parameter) -> bool:
        place = Place(self._search.path, self._search.text, 0, _as_object(parameter), (), parameter.item)
        return is_literal(place, Field("value", parameter.value))

    def _why_not(
        self,
        name: str,
        parameter: _Parameter,
        uses: list[_Use],
        images: list[tuple[_Use, str]],
        expanded: set[str | None],
        found: Occurrence,
    ) -> str | None:
        """Say why a tag is left alone, if it is."""
        if self._anchored or parameter.value.aliases:
            return _ANCHORED
        if None in expanded:
            return _PARTLY
        repositories = {
            None if (read := looks_like_reference(each or "")) is None else read.repository for each in expanded
        }
        if len(repositories) > 1:
            return f"the parameter {name} is the tag of other images too"
        said = {id(use.scalar) for use, _ in images}
        other = next((use for use in uses if id(use.scalar) not in said), None)
        if other is not None:
            return f"the parameter {name} is used otherwise too, on line {other.scalar.line}"
        whys = (self._why_not_there(use, found) for use, _ in images)
        return next((why for why in whys if why is not None), None) or self._search.uneditable(found)

    def _why_not_there(self, use: _Use, found: Occurrence) -> str | None:
        """Say why one place is not one where an image is pulled."""
        around = self._object(use)
        if around is None:
            return _OUTSIDE
        why = left_alone.why(around) or never_pulled.why(around, use.pointer)
        key = next((part for part in reversed(use.pointer) if isinstance(part, str)), None)
        if why is not None and not (is_image_key(key) and why.startswith(never_pulled.FILE)):
            return why
        reference = looks_like_reference(found.name)
        if is_image_key(key) or (reference is not None and whole.has_domain(reference)):
            return None
        return "it does not stand under an image key"

    def _spares(self, parameter: _Parameter, uses: list[_Use]) -> str | None:
        """Say what the user keeps from being edited: the parameter, or a place that uses it."""
        texts = ((self._object(use), use.scalar) for use in uses)
        for found, scalar in ((_as_object(parameter), parameter.value), *texts):
            spares = None if found is None else self._around.spared(found)
            why = None if spares is None else spares.why((id(scalar),))
            if why is not None:
                return why
        return None

    def _object(self, use: _Use) -> Object | None:
        """Return the object that a text stands in; ``None`` for one beside the objects."""
        first = len(self._inside)
        return self._around.object(use.pointer, first) if use.pointer[:first] == self._inside else None

    def _namespace(self, use: _Use) -> str | None:
        around = self._object(use)
        return None if around is None else around.namespace

    def _whose(self, found: Occurrence, use: _Use, namespaces: set[str | None]) -> Occurrence:
        """Name the owner of the place that uses the tag, and the namespace if there is but one."""
        around = self._object(use)
        there = replace(found, form=WholeReference(use.scalar, use.pointer))
        named = found if around is None else replace(found, owner=owned(there, around).owner)
        return replace(named, namespace=namespaces.pop() if len(namespaces) == 1 else None)


def _as_object(parameter: _Parameter) -> Object:
    return Object(parameter.pointer, parameter.item, "", "", None)


def _parameters(pointer: Pointer, template: Mapping) -> Iterator[tuple[str, _Parameter]]:
    """Yield the parameters that have values of their own and stand once."""
    items = template.get("parameters")
    found: dict[str, list[_Parameter | None]] = {}
    for index, node in enumerate(items.items if isinstance(items, Sequence) else ()):
        item = target(node)
        if not isinstance(item, Mapping) or item is not node:
            continue
        value = item.get("value")
        usable = isinstance(value, Scalar) and not value.is_block and not is_null(value) and value.value != ""
        known = (
            _Parameter(item, (*pointer, "parameters", index), value)
            if isinstance(value, Scalar) and usable and item.entry("generate") is None
            else None
        )
        found.setdefault(item.text("name") or "", []).append(known)
    for name, each in found.items():
        if len(each) == 1 and each[0] is not None:
            yield name, each[0]
