"""Every file is read once, whichever process reads it; what does not fit into memory is read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from gitops_streams.git.snapshot import Unreadable
from gitops_streams.reconcile import two_processes
from gitops_streams.reconcile.read_once import ReadOnce

LIMIT = 100


class Files:
    """A snapshot whose files say how often they were read, in this process."""

    def __init__(self, contents: dict[str, bytes | Unreadable]) -> None:
        self.contents = contents
        self.read_paths: list[str] = []

    def read(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | Unreadable]]:
        for path in paths:
            self.read_paths.append(path)
            content = self.contents[path]
            large = isinstance(content, bytes) and len(content) > limit
            yield path, Unreadable("too large") if large else content


def _opened(files: Files, most: int = 1000) -> ReadOnce:
    return ReadOnce(files, [path for path in files.contents if path != "other"], most)  # type: ignore[arg-type]


def test_a_second_look_shows_what_the_first_has_read() -> None:
    files = Files({"a": b"one", "empty": b"", "b": b"two", "gone": Unreadable("x"), "large": bytes(101), "other": b"o"})
    contents = _opened(files)
    first = dict(contents.read([*files.contents], LIMIT))
    files.contents["a"] = b"changed"
    files.read_paths.clear()
    assert dict(contents.read([*files.contents], LIMIT)) == first
    assert first == {**files.contents, "a": b"one", "large": Unreadable("too large")}
    assert files.read_paths == ["gone", "large", "other"], "what was not kept is read again"


def test_what_does_not_fit_is_read_again() -> None:
    files = Files({"a": bytes(6), "b": bytes(5), "c": bytes(4)})
    contents = _opened(files, 10)
    for _ in range(2):
        files.read_paths.clear()
        assert dict(contents.read("abc", LIMIT)) == files.contents
    assert files.read_paths == ["b"], "and a smaller one behind it is kept"


@pytest.mark.parametrize("most", [100_000, 700])
def test_what_a_forked_half_has_read_is_there(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_processes, "may_fork", lambda: True)
    files = Files({f"{number:03}": f"{number:03}".encode() * 5 for number in range(100)})
    contents = _opened(files, most)

    def work(part: Sequence[str]) -> Iterator[str]:
        return (path for path, content in contents.read(part, LIMIT) if content == path.encode() * 5)

    assert sorted(two_processes.shared_out([*files.contents], work, enough=10)) == sorted(files.contents)
    here = set(files.read_paths)
    assert len(here) == 50, "this process has read its half"
    files.read_paths.clear()
    assert dict(contents.read([*files.contents], LIMIT)) == files.contents
    kept = 2 * min(50, most // 15)
    assert len(files.read_paths) == 100 - kept


def test_a_second_forked_half_keeps_what_the_first_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_processes, "may_fork", lambda: True)
    files = Files({f"{number:03}": f"{number:03}".encode() * 5 for number in range(100)})
    contents = _opened(files, 700)

    def work(part: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        return contents.read(part, LIMIT)

    for _ in range(3):
        # The other way round, so that the helper gets what this process had no room for.
        assert dict(two_processes.shared_out([*files.contents], work, enough=10)) == files.contents
        assert dict(two_processes.shared_out([*files.contents][::-1], work, enough=10)) == files.contents
    assert dict(contents.read([*files.contents], LIMIT)) == files.contents
