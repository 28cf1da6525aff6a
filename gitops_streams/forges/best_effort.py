"""What is done to a pull request as far as it can be: a refusal becomes a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gitops_streams.errors import ForgeError


def attempt(what: str, action: Callable[[], object]) -> Iterator[str]:
    """Do something; yields the warning where it fails."""
    try:
        action()
    except ForgeError as error:
        yield warning(what, error)


def each_or_all(what: tuple[str, ...], action: Callable[[tuple[str, ...]], object]) -> Iterator[str]:
    """Do something for several names at once; where that fails, for each of them, so that one does not fail all."""
    if not what:
        return
    warnings = list(attempt(", ".join(what), lambda: action(what)))
    if warnings and len(what) > 1:
        for name in what:
            yield from attempt(name, lambda name=name: action((name,)))  # type: ignore[misc]
    else:
        yield from warnings


def warning(what: str, error: ForgeError) -> str:
    """Return an error as a warning."""
    return f"{what}: {reason(error)}"


def reason(error: ForgeError) -> str:
    """Return an error and its hint in one line."""
    return error.message + (f" ({error.hint})" if error.hint else "")
