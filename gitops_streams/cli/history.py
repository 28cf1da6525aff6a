"""``gitops-streams history``: what a stream tag was, since when, and who moved it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import option, repository_options

if TYPE_CHECKING:
    from gitops_streams.plan.bind import Bindings
    from gitops_streams.recall import States
    from gitops_streams.render.history import TagHistory
    from gitops_streams.streams.history import History
    from gitops_streams.streams.model import Catalog, TagKey


@click.command("history")
@click.argument("name", metavar="[NAMESPACE/]STREAM[:TAG]")
@repository_options
@option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
def command(*, name: str, directory: Path, config: Path | None, verbose: bool, color: str, output: str) -> None:
    """Show the images that a stream tag stood for, the newest first; no network is used.

    Each with the tag that was selected, how many places in the manifests have it, and the commit that
    recorded it. The record is in .gitops-streams/status; who and when come from Git's log of it. What
    was resolved is not always what is deployed: SITES says what the manifests have.
    """
    from gitops_streams.cli.opening import open_session

    with open_session(directory, config, verbose=verbose, color=color, reads_work_tree=True) as session:
        from gitops_streams.recall import read_states
        from gitops_streams.reconcile.sites import find_sites
        from gitops_streams.render import history as render

        snapshot = session.snapshot()
        found = find_sites(snapshot, session.settings)
        declarations = found.declarations
        keys = _named(name, declarations.catalog, declarations.history)
        repository = session.repository
        commit = snapshot.commit or repository.head().commit
        states = read_states(repository, commit, {key.stream for key in keys}, declarations.history)
        tags = [_history(key, declarations.history, states, found.bindings) for key in keys]
        write = render.table if output == "table" else render.as_json
        session.show(write(tags, complete=states.complete), output)


def _named(name: str, catalog: Catalog, history: History) -> list[TagKey]:
    """Return the stream tags that a typed name means, declared or only recorded.

    Raises:
        UsageError: it is no name.
        DeclarationRefused: there is none of that name, or several streams have it.
    """
    from gitops_streams.errors import DeclarationRefused
    from gitops_streams.streams.model import TagKey
    from gitops_streams.streams.names import TypedStream, meant, parse_name, parse_stream

    with_tag = ":" in name.rpartition("/")[2]
    typed = parse_name(name) if with_tag else None
    stream = parse_stream(name) if typed is None else TypedStream(typed.namespace, typed.stream)
    key = meant(catalog, stream)
    if key is None:
        # A stream that is no longer declared has its record until somebody deletes it.
        left = [known for known in history.streams if known.name == stream.name]
        left = [known for known in left if stream.namespace in {None, known.namespace}]
        if len(left) != 1:
            why = "may mean " + ", ".join(sorted(map(str, left))) if left else "is neither declared nor recorded"
            raise DeclarationRefused(f"{stream} {why}", hint="gitops-streams status lists what there is")
        key = left[0]
    recorded = history.streams.get(key)
    names = {tag.tag for tag in catalog.tags if tag.stream == key}
    names |= {*recorded.tags, *recorded.conditions} if recorded is not None else set()
    if typed is not None and typed.tag not in names:
        raise DeclarationRefused(
            f"{key}:{typed.tag} is neither declared nor recorded", hint=f"of {key} there is {', '.join(sorted(names))}"
        )
    return [TagKey(key, tag) for tag in sorted(names) if typed is None or tag == typed.tag]


def _history(key: TagKey, history: History, states: States, bindings: Bindings) -> TagHistory:
    from collections import Counter

    from gitops_streams.render.history import Entry, Origin, TagHistory
    from gitops_streams.streams.reverts import introduced

    items = history.items(key)
    held = Counter(site.occurrence.digest for site in bindings.sites if site.tag == key)
    entries = []
    # The first state is that of now, the second one that of the newest commit.
    came = introduced(states.of(key))
    for place, item in enumerate(items):
        revision = states.streams[key.stream][came[place]].revision
        # What is there in the oldest state that is known may be older than that.
        known = states.complete or came[place] + 1 < len(states.streams[key.stream])
        origin = None
        if revision is not None and known:
            origin = Origin(revision.commit, revision.author, revision.when, revision.subject)
        # An image that came back is listed twice, but a place has it once.
        first = all(other.image != item.image for other in items[:place])
        entries.append(Entry(item, origin, revision is not None, held[item.image] if first else 0))
    return TagHistory(key, entries, history.condition(key))
