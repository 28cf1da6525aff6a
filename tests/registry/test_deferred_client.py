"""A client that is made when it is first asked something."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from gitops_streams.demo.images import Image
from gitops_streams.oci.image import ImagePair
from gitops_streams.oci.resolution import Question, Resolved, TagsQuestion
from gitops_streams.registry import RegistrySettings
from gitops_streams.registry.deferred_client import DeferredClient
from gitops_streams.registry.tags import TagList

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_streams.demo.registry import Registry


def test_what_was_asked_of_nobody_took_no_request_and_warned_of_nothing(hermetic: Path) -> None:
    with closing(DeferredClient(RegistrySettings(), dict(os.environ), hermetic)) as client:
        assert (client.requests, client.token_requests, client.warnings) == (0, 0, ())


def test_it_answers_as_the_client_that_it_makes(hermetic: Path, registry: Registry) -> None:
    digest = registry.push("acme/web", "1.0", Image.build("web", "1.0"))
    repository = registry.reference("acme/web", "1.0").repository
    pair = ImagePair(repository, None, digest)
    with closing(DeferredClient(RegistrySettings(), dict(os.environ), hermetic)) as client:
        (answer,) = client.resolve_all([Question(repository, "1.0")]).values()
        (listed,) = client.tags_all([TagsQuestion(repository)]).values()
        assert isinstance(answer, Resolved)
        assert answer.digest == digest
        assert isinstance(listed, TagList)
        assert client.dates_all([pair]).keys() == client.inspect_all([pair]).keys() == {pair}
        assert client.requests == registry.count() > 1


def test_what_was_noted_before_is_not_lost_when_it_is_made(hermetic: Path) -> None:
    with closing(DeferredClient(RegistrySettings(), dict(os.environ), hermetic)) as client:
        client.warn("a helper said so")
        assert client.warnings == ("a helper said so",)
        client.resolve_all(())
        client.warn("so did another")
        assert client.warnings == ("a helper said so", "so did another")
