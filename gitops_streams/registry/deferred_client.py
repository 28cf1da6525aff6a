"""A registry client that is made when it is first asked something.

A run that leaves all asking to a forked helper does not import it: the helper does, on another processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from gitops_streams.oci.image import ImagePair, InspectedPair
    from gitops_streams.oci.resolution import Question, Resolution, TagsQuestion, Unresolvable
    from gitops_streams.registry.client import RegistryClient
    from gitops_streams.registry.settings import RegistrySettings
    from gitops_streams.registry.tags import TagList


class DeferredClient:
    """Asks registries; ``close`` it. Its methods are those of ``RegistryClient``.

    Args:
        settings: what the user has set.
        environment: the environment variables to read.
        home: the user's home folder.
    """

    def __init__(self, settings: RegistrySettings, environment: Mapping[str, str], home: Path) -> None:
        self._settings = settings
        self._environment = environment
        self._home = home
        self._client: RegistryClient | None = None
        self._noted: dict[str, None] = {}

    def close(self) -> None:
        """See ``RegistryClient.close``."""
        if self._client is not None:
            self._client.close()

    @property
    def requests(self) -> int:
        """See ``RegistryClient.requests``."""
        return 0 if self._client is None else self._client.requests

    @property
    def token_requests(self) -> int:
        """See ``RegistryClient.token_requests``."""
        return 0 if self._client is None else self._client.token_requests

    @property
    def warnings(self) -> tuple[str, ...]:
        """See ``RegistryClient.warnings``."""
        return tuple(self._noted) if self._client is None else self._client.warnings

    def warn(self, line: str) -> None:
        """See ``RegistryClient.warn``."""
        if self._client is None:
            self._noted[line] = None
        else:
            self._client.warn(line)

    def resolve_all(
        self, questions: Iterable[Question], *, progress: Callable[[int, int], None] | None = None
    ) -> dict[Question, Resolution]:
        """See ``RegistryClient.resolve_all``."""
        return self._made().resolve_all(questions, progress=progress)

    def tags_all(self, questions: Iterable[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        """See ``RegistryClient.tags_all``."""
        return self._made().tags_all(questions)

    def dates_all(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        """See ``RegistryClient.dates_all``."""
        return self._made().dates_all(images)

    def inspect_all(
        self,
        pairs: Iterable[ImagePair],
        *,
        requests_per_image: int = 6,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[ImagePair, InspectedPair]:
        """See ``RegistryClient.inspect_all``."""
        return self._made().inspect_all(pairs, requests_per_image=requests_per_image, progress=progress)

    def _made(self) -> RegistryClient:
        if self._client is None:
            from gitops_streams.registry.client import RegistryClient  # noqa: PLC0415  this is what is put off

            self._client = RegistryClient(self._settings, self._environment, self._home)
            for line in self._noted:
                self._client.warn(line)
        return self._client
