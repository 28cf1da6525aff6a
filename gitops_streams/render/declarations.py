"""What a verb did to declarations: a unified diff that ``git apply`` accepts, and the images that one can choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from gitops_streams.render.patch_header import patch_header
from gitops_streams.streams.history import Item
from gitops_streams.streams.rollback import Candidates

_CONTEXT = 3
_LISTED = 10


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A file and what it is to say."""

    path: str
    before: str | None
    """``None`` for a new file."""
    after: str


def diff(files: Iterable[EditedFile]) -> str:
    """Write the changes of some files; nothing where none changes."""
    return "".join(line for file in files if file.before != file.after for line in _file(file))


def candidates(found: Candidates) -> list[str]:
    """Write the images that a stream tag can be held at, one a line, the last used one first."""
    lines = [f"{_image(item)}{'  (current)' if item.image == found.current else ''}" for item in found.images]
    lines += [f"{_image(item)}  (from {item.reference.repository}, not followed now)" for item in found.elsewhere]
    if len(lines) > _LISTED:
        lines[_LISTED:] = [f"… and {len(lines) - _LISTED} more: gitops-streams status -o json lists them all"]
    return lines


def _image(item: Item) -> str:
    return f"{item.image}{f'  {item.source_tag}' if item.source_tag else ''}"


def _file(file: EditedFile) -> Iterator[str]:
    yield patch_header(file.path, is_new=file.before is None)
    old, new = _lines(file.before or ""), _lines(file.after)
    # Declarations repeat themselves, which a matcher is slow on; what is the same at both ends need not be matched.
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    first, last = max(head - _CONTEXT, 0), max(tail - _CONTEXT, 0)
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(first, old_start, old_end)} +{_range(first, new_start, new_end)} @@\n"
        for kind, start, end, from_new, to_new in group:
            if kind == "equal":
                yield from (f" {line}" for line in old[start:end])
                continue
            yield from (f"-{line}" for line in old[start:end])
            yield from (f"+{line}" for line in new[from_new:to_new])


def _range(first: int, start: int, end: int) -> str:
    """Write a range of lines as a patch does: an empty one names the line before it."""
    return f"{first + start + (end > start)},{end - start}"


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, f"{last}\n\\ No newline at end of file\n"] if last else lines
