"""What policies need is asked once a round, however many of them need it, in the fewest requests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import AMD64, ARM64, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.image import ImagePair
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Question, TagsQuestion, Unresolvable
from gitops_streams.registry import RegistryClient, RegistrySettings, TagList
from gitops_streams.registry.asking import Asking
from gitops_streams.registry.choosing import choose_all
from gitops_streams.streams.policy import Choosing, Selected
from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.tag_policy import Alphabetical, Filter, NewestBuild, SemverRange, TagPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEWEST = TagPolicy(NewestBuild())


@pytest.fixture
def client(hermetic: Path) -> Iterator[RegistryClient]:
    with RegistryClient(RegistrySettings(tries=1), {}, hermetic) as running:
        yield running


@pytest.fixture
def web(registry):
    """Return the repository of three images, of which b is the newest."""
    for tag, day in (("a", 1), ("b", 9), ("c", 5)):
        image = Image.build("web", tag, platforms=[ARM64, AMD64], created=f"2026-01-0{day}T00:00:00Z")
        registry.push("acme/web", tag, image)
    return Reference.parse(f"{registry.host}/acme/web").repository


def test_policies_of_one_repository_share_its_list(client, registry, web):
    wanted = [
        Choosing(web, TagPolicy(Alphabetical())),
        Choosing(web, TagPolicy(Alphabetical(), Filter("^a"))),
        Choosing(web, TagPolicy(SemverRange())),
    ]
    with Asking(client) as asking:
        found = choose_all(asking, [*wanted, *wanted], Defaults())
        again = choose_all(asking, wanted[:1], Defaults())
    assert found[wanted[0]] == again[wanted[0]] == Selected(Question(web, "c"))
    assert found[wanted[1]] == Selected(Question(web, "a"))
    failure = found[wanted[2]]
    assert isinstance(failure, Unresolvable)
    assert "semver *: no tag that is looked at is a semantic version" in failure.reason
    assert registry.count() == 1


def test_nothing_to_choose_asks_nothing(client, registry):
    with Asking(client) as asking:
        assert choose_all(asking, [], Defaults()) == {}
    assert registry.count() == 0


def test_the_platform_and_insecurity_go_into_the_next_question(client, web):
    wanted = Choosing(web, TagPolicy(Alphabetical()), ARM64, insecure=True)
    with Asking(client) as asking:
        assert choose_all(asking, [wanted], Defaults()) == {wanted: Selected(Question(web, "c", ARM64, insecure=True))}


def test_dates_are_read_once_for_all_policies(client, registry, web):
    wanted = [Choosing(web, NEWEST), Choosing(web, TagPolicy(NewestBuild(), Filter("^[ac]$")))]
    with Asking(client) as asking:
        found = choose_all(asking, wanted, Defaults())
        asking.ask([Question(web, "b")])
        asking.answers()
    assert found == {wanted[0]: Selected(Question(web, "b")), wanted[1]: Selected(Question(web, "c"))}
    assert registry.count("HEAD") == 3
    assert (registry.count("GET", "/manifests/"), registry.count("GET", "/blobs/")) == (6, 3)
    assert asking.requests == registry.count() == 13


def test_dates_of_what_is_known_already_cost_nothing(client, registry, web):
    with Asking(client) as asking:
        choose_all(asking, [Choosing(web, NEWEST)], Defaults())
    registry.forget()
    with Asking(client) as asking:
        choose_all(asking, [Choosing(web, NEWEST)], Defaults())
    assert (registry.count("HEAD"), registry.count("GET", "/tags/list"), registry.count()) == (3, 1, 4)


def test_fewer_candidates_than_tags_are_told(client, web):
    wanted = Choosing(web, NEWEST)
    with Asking(client) as asking:
        found = choose_all(asking, [wanted], Defaults(candidates=1))[wanted]
    assert isinstance(found, Selected)
    assert found.question.tag == "c"
    assert found.notice.startswith("newest-build looked at 1 of 3 tags, the last ones in natural order")


def test_one_repository_that_fails_leaves_the_others_alone(client, registry, steady_web, web):
    registry.intercept = lambda _: Response(403)
    wanted = [Choosing(web, NEWEST), Choosing(steady_web, NEWEST)]
    with Asking(client) as asking:
        found = choose_all(asking, wanted, Defaults())
    assert isinstance(found[wanted[0]], Unresolvable)
    assert found[wanted[1]] == Selected(Question(steady_web, "a"))


@pytest.fixture
def steady_web():
    with Registry() as running:
        running.push("acme/web", "a", Image.build("web", "a"))
        yield Reference.parse(f"{running.host}/acme/web").repository


def test_tags_all_answers_every_question(client, registry, web):
    there, missing = TagsQuestion(web), TagsQuestion(Reference.parse(f"{registry.host}/acme/none").repository)
    found = client.tags_all([there, missing, there])
    assert list(found) == [there, missing]
    assert found[there] == TagList(("a", "b", "c"))
    assert isinstance(found[missing], Unresolvable)
    assert registry.count() == 2


@pytest.mark.parametrize("platform", [None, ARM64])
def test_dates_all(client, registry, web, platform):
    dated = registry.push("acme/web", None, Image.build("web", "x", created="2026-02-03T04:05:06Z"))
    artifact = registry.push("acme/web", None, Image.artifact("application/x", b"no image"))
    gone = Image.build("web", "never pushed").digest
    pairs = [ImagePair(web, None, digest, platform) for digest in (dated, artifact, gone)]
    found = client.dates_all(pairs)
    assert list(found) == pairs
    assert found[pairs[0]] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert found[pairs[1]] is None
    assert isinstance(found[pairs[2]], Unresolvable)
