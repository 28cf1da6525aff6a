"""What planning asks of registries: ``RegistryClient`` is one of them, the answers that a service shares another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from gitops_streams.oci.image import ImagePair, InspectedPair
    from gitops_streams.oci.resolution import Question, Resolution, TagsQuestion, Unresolvable
    from gitops_streams.registry.tags import TagList


class Registries(Protocol):
    """Answers every question, whatever happens to the others; see ``RegistryClient`` for what each method means."""

    @property
    def requests(self) -> int:
        """The HTTP requests that were sent to registries."""
        ...

    @property
    def token_requests(self) -> int:
        """The HTTP requests that were sent to token servers."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know though nothing failed for it: one line each."""
        ...

    def resolve_all(
        self, questions: Iterable[Question], *, progress: Callable[[int, int], None] | None = None
    ) -> dict[Question, Resolution]:
        """Answer each distinct question."""
        ...

    def tags_all(self, questions: Iterable[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        """List the tags of each distinct repository."""
        ...

    def dates_all(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        """Read when images were created."""
        ...

    def inspect_all(
        self,
        pairs: Iterable[ImagePair],
        *,
        requests_per_image: int = 6,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[ImagePair, InspectedPair]:
        """Read what images say of themselves."""
        ...

    def warn(self, line: str) -> None:
        """Note what the user should know."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
