"""Which declared stream tag a name means: the one that a trigger gives, or a bare name that is looked up locally.

Names are OpenShift's: a stream in a namespace. Declarations in Git may leave the namespace to whoever
deploys them, so a namespace is compared only where both sides have one, and one's own stream goes first.
"""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.manifests.occurrence import LocalName, Occurrence, TriggeredField
from gitops_streams.plan.model import Rule, Site
from gitops_streams.streams.model import Catalog, StreamKey, TagKey


def local_names(catalog: Catalog) -> frozenset[str]:
    """Return the names of the streams that allow local lookup, so that manifests may name them bare."""
    return frozenset(stream.key.name for stream in catalog.streams if stream.local_lookup)


def marker(key: TagKey) -> str:
    """Write the marker comment that names a stream tag."""
    return f'# {{"$imagestream": "{key}"}}'


class Names:
    """The declared streams by their names."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_name: dict[str, list[StreamKey]] = {}
        for stream in catalog.streams:
            self._by_name.setdefault(stream.key.name, []).append(stream.key)

    def trigger(self, occurrence: Occurrence, form: TriggeredField) -> Site | str:
        """Bind the field of a trigger, or say why it is left alone."""
        trigger = form.trigger
        found = self._find(trigger.namespace, trigger.stream, trigger.tag)
        if trigger.hands_off is not None:
            reason = f"{trigger.field} (line {trigger.line}) names it and {trigger.hands_off}, so it is left alone"
            return (
                reason if isinstance(found, str) else f"{reason}; add {marker(found)} behind it to have it pinned here"
            )
        if isinstance(found, str):
            return f"{trigger.field} (line {trigger.line}) names {found}"
        together: list[TagKey] = []
        for namespace, stream, tag in trigger.together:
            other = self._find(namespace, stream, tag)
            if isinstance(other, str):
                return f"{trigger.field} works all or nothing, and also names {other}"
            together.append(other)
        return Site(occurrence, found, Rule.TRIGGER, tuple(key for key in together if key != found))

    def local(self, occurrence: Occurrence, form: LocalName) -> Site | str | None:
        """Bind a bare name, or say why no stream is meant; ``None`` where none of that name is looked up."""
        streams = [
            key
            for key in self._admitted(occurrence.namespace, form.stream)
            if form.forced or self._catalog.by_key[key].local_lookup
        ]
        if not streams:
            return None
        named = f"{form.stream}:{form.tag}"
        if occurrence.namespace is None and all(key.namespace is not None for key in streams):
            keys = [TagKey(key, form.tag) for key in streams]
            known = [key for key in keys if key in self._catalog.tags]
            wanted = " or ".join(marker(key) for key in known)
            unknown = f"its object names no namespace, so it is not known whether {named} is a stream tag"
            return f"{unknown}; add {wanted} if it is" if wanted else None
        found = self._one_of(streams, occurrence.namespace, form.tag)
        if isinstance(found, str):
            return None if form.forced else f"it is looked up locally, and means {found}"
        if self._catalog.tags[found].reference_only:
            return f"{found} says reference: true, and what has no digest is not looked up"
        return Site(occurrence, found, Rule.LOCAL)

    def _find(self, namespace: str | None, stream: str, tag: str) -> TagKey | str:
        """Return the one stream tag of a name, or the words for why there is none."""
        streams = self._admitted(namespace, stream)
        if streams:
            return self._one_of(streams, namespace, tag)
        others = self._by_name.get(stream, [])
        name = str(TagKey(StreamKey(namespace, stream), tag))
        hint = f"; {_listed(others)} is declared" if others else ""
        return f"{name}, which no file declares{hint}"

    def _one_of(self, streams: list[StreamKey], namespace: str | None, tag: str) -> TagKey | str:
        own = [key for key in streams if key.namespace == namespace] or streams
        keys = [TagKey(key, tag) for key in own]
        present = [key for key in keys if key in self._catalog.tags]
        if len(present) == 1:
            return present[0]
        if present:
            return f"{_listed(present)}: ambiguous; give the object a namespace"
        if any(wrong.key in keys for wrong in self._catalog.invalid):
            return f"{keys[0]}, whose declaration cannot be used"
        declared = sorted({key.tag for key in self._catalog.tags if key.stream in own})
        return f"{keys[0]}, which is not declared; {own[0]} has {', '.join(declared[:10]) or 'no tags'}"

    def _admitted(self, namespace: str | None, stream: str) -> list[StreamKey]:
        """Return the streams of a name in a namespace; where one side has none, it is not compared."""
        return [
            key
            for key in self._by_name.get(stream, [])
            if key.namespace is None or namespace is None or key.namespace == namespace
        ]


def _listed(keys: Iterable[StreamKey | TagKey]) -> str:
    return ", ".join(sorted(map(str, keys)))
