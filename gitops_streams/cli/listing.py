"""Finds the places that ``sites`` lists: of everything followed, of one name, or of what nobody follows."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_streams.cli.session import Session
from gitops_streams.cli.surveying import survey_at
from gitops_streams.errors import InvalidReference, UsageError
from gitops_streams.oci.reference import Reference
from gitops_streams.plan.bind import Bindings, tracked
from gitops_streams.plan.listing import Listed, listed, named, not_followed, only_of, unnamed
from gitops_streams.reconcile.declarations import declared_at, read_declarations
from gitops_streams.reconcile.sites import sites_of
from gitops_streams.streams.model import Catalog, StreamKey, TagKey
from gitops_streams.yamledit.problem import Problem


def list_sites(session: Session, name: str | None, *, untracked: bool) -> tuple[tuple[Listed, ...], Sequence[Problem]]:
    """Return the places, and what was noticed on the way.

    Args:
        session: the opened repository.
        name: a stream, a stream tag or a reference; ``None``: everything.
        untracked: whether what no stream follows is wanted.

    Raises:
        NoStreams: nothing is declared, and it takes a stream to know what is wanted.
        UsageError: ``name`` is neither a declared stream nor a reference.
    """
    snapshot, settings = session.snapshot(), session.settings
    needs_streams = name is None and not untracked
    declarations = (read_declarations if needs_streams else declared_at)(snapshot, settings)
    catalog = declarations.catalog
    wanted = None if name is None else _wanted(name, catalog)
    if untracked:
        surveyed = survey_at(snapshot, settings, catalog)
        files = unnamed((survey.file for survey in surveyed.files), catalog)
        places = not_followed(listed(files, Bindings((), ()), catalog), catalog)
        problems = surveyed.problems
    else:
        repositories = tracked(catalog)
        if isinstance(wanted, Reference):
            repositories = repositories.union({wanted.repository})
        found = sites_of(snapshot, settings, declarations, repositories)
        places = listed(found.files, found.bindings, found.declarations.catalog)
        problems = tuple(sorted({*found.problems, *found.declarations.catalog.problems}))
    return (places if wanted is None else only_of(places, wanted, catalog)), problems


def _wanted(name: str, catalog: Catalog) -> StreamKey | TagKey | Reference:
    """Read a name: a declared stream or stream tag goes before a reference."""
    known = named(name, catalog)
    if known is not None:
        return known
    try:
        return Reference.parse(name)
    except InvalidReference as error:
        raise UsageError(
            f"{name!r} is neither a declared stream nor a reference: {error.message}",
            hint="write [namespace/]stream[:tag], or a repository such as quay.io/acme/web",
        ) from error
