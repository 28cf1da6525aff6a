"""Read the files of a snapshot, and keep those whose bytes a screen admits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gitops_streams.git.snapshot import Unreadable
from gitops_streams.manifests import scan
from gitops_streams.reconcile.read_once import ReadOnce


def admitted(
    contents: ReadOnce, paths: Sequence[str], admits: Callable[[bytes], bool], needles: Sequence[str]
) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Read files and yield those that are worth a closer look.

    Args:
        contents: of the work tree or a commit.
        paths: the files.
        admits: the screen.
        needles: fixed strings that say of a file that cannot be read, or is too large to be, whether it matters.
    """
    unreadable: dict[str, Unreadable] = {}
    for path, content in contents.read(paths, scan.MAX_BYTES):
        if isinstance(content, Unreadable):
            unreadable[path] = content
        elif admits(content):
            yield path, content
    if unreadable:
        for path in contents.containing(needles, [f":(top,literal){path}" for path in unreadable]):
            yield path, unreadable[path]
