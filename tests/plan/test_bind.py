"""Which stream tag decides a place, and the exact words where none does."""

from __future__ import annotations

import pytest

WEB = "quay.io/acme/web"
OLD = "sha256:" + "0" * 64
OTHER = "sha256:" + "1" * 64


@pytest.fixture
def bound(plan_files):
    """Bind the one reference of ``app.yaml`` (or ``path``): ``stream:tag (rule)``, or why it is not bound."""

    def bind(document: str, *streams: str, history: dict[str, str] | None = None, path: str = "app.yaml") -> str | None:
        files = {f"streams{number}.json": text for number, text in enumerate(streams)}
        bindings = plan_files(files | (history or {}) | {path: document}).bindings
        outcomes = [f"{site.tag} ({site.rule})" for site in bindings.sites]
        outcomes += [reference.reason for reference in bindings.skipped]
        assert len(outcomes) <= 1, outcomes
        return outcomes[0] if outcomes else None

    return bind


class TestBySource:
    @pytest.mark.parametrize("image", [f"{WEB}:1.4", f"{WEB}:1.4@{OLD}"])
    def test_repository_and_tag_are_equal(self, bound, stream, pod, image):
        assert bound(pod(image), stream("web", prod=f"{WEB}:1.4")) == "web:prod (source)"

    @pytest.mark.parametrize(
        ("image", "source"),
        [
            ("nginx:1", "docker.io/library/nginx:1"),
            ("docker.io/library/nginx:1", "nginx:1"),
            ("index.docker.io/acme/web:1", "acme/web:1"),
            ("nginx:latest", "nginx"),
        ],
    )
    def test_spellings_of_one_repository_are_equal(self, bound, stream, pod, image, source):
        assert bound(pod(image), stream("s", t=source)) == "s:t (source)"

    @pytest.mark.parametrize("image", [f"{WEB}:1.5", f"{WEB}-admin:1.4", "docker.io/acme/web:1.4", "web:1.4"])
    def test_nothing_else_is(self, bound, stream, pod, image):
        assert bound(pod(image), stream("web", prod=f"{WEB}:1.4")) is None

    def test_without_a_tag_the_advice_is_to_write_it(self, bound, stream, pod):
        assert bound(pod("nginx"), stream("s", t="nginx")) == "it names no tag; write :latest if that is what it means"
        assert bound(pod("nginx"), stream("s", t="nginx:1")) is None

    def test_a_source_that_is_a_digest_is_no_latest(self, bound, stream, pod):
        assert bound(pod(f"{WEB}:latest"), stream("web", fixed=f"{WEB}@{OLD}")) is None

    def test_an_alias_never_binds(self, bound, stream, pod):
        assert bound(pod(f"{WEB}:1.4"), stream("web", a=f"{WEB}:1.4", b="alias:a")) == "web:a (source)"

    def test_two_candidates_are_named_and_neither_is_taken(self, bound, stream, pod):
        reason = bound(pod(f"{WEB}:1.4"), stream("web", b=f"{WEB}:1.4", a=f"{WEB}:1.4"))
        assert reason == (
            'ambiguous: web:a, web:b track it; add # {"$imagestream": "web:a"} with the one that is meant'
        )


class TestNamespaces:
    @pytest.mark.parametrize(
        ("of_document", "of_streams", "wanted"),
        [
            ("a", ["a", "b"], "a/s:t (source)"),
            ("a", [None, "a"], "a/s:t (source)"),
            ("a", ["b"], "b/s:t (source)"),
            ("a", [None], "s:t (source)"),
            (None, ["b"], "b/s:t (source)"),
            (None, ["a", "b"], "ambiguous: a/s:t, b/s:t"),
            (None, [None, "b"], "ambiguous: b/s:t, s:t"),
            ("c", ["a", "b"], "ambiguous: a/s:t, b/s:t"),
        ],
    )
    def test_ones_own_goes_before_others(self, bound, stream, pod, of_document, of_streams, wanted):
        streams = [stream("s", namespace, t=f"{WEB}:1.4") for namespace in of_streams]
        assert bound(pod(f"{WEB}:1.4", namespace=of_document), *streams).startswith(wanted)

    def test_a_templates_parameter_is_no_namespace(self, bound, stream, pod):
        document = pod("x", ' # {"$imagestream": "s:t"}', namespace='"${NAMESPACE}"')
        assert bound(document, stream("s", "a", t=f"{WEB}:1.4")) == "a/s:t (marker)"


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "wanted"),
        [
            ("dev/app.yaml", "dev:t (source)"),
            ("prod/eu/app.yaml", "prod:t (source)"),
            ("app.yaml", "dev:t, prod:t would match, but gitops-streams.io/paths leaves this file out"),
        ],
    )
    def test_limit_the_files(self, bound, stream, pod, path, wanted):
        streams = [stream(name, paths=f"{name}/**", t=f"{WEB}:1.4") for name in ("dev", "prod")]
        assert bound(pod(f"{WEB}:1.4"), *streams, path=path) == wanted

    def test_limit_and_do_not_prefer(self, bound, stream, pod):
        streams = [stream("everywhere", t=f"{WEB}:1.4"), stream("prod", paths="prod/**", t=f"{WEB}:1.4")]
        assert bound(pod(f"{WEB}:1.4"), *streams, path="dev/app.yaml") == "everywhere:t (source)"
        assert bound(pod(f"{WEB}:1.4"), *streams, path="prod/app.yaml").startswith("ambiguous: everywhere:t, prod:t")

    def test_do_not_limit_markers(self, bound, stream, pod):
        document = pod(f"{WEB}:1.4", ' # {"$imagestream": "prod:t"}')
        assert bound(document, stream("prod", paths="prod/**", t=f"{WEB}:1.4"), path="dev/a.yaml") == "prod:t (marker)"


class TestMarkers:
    def test_go_before_the_source(self, bound, stream, pod):
        streams = [stream("web", prod=f"{WEB}:1.4"), stream("canary", x="quay.io/acme/canary:9")]
        assert bound(pod(f"{WEB}:1.4", ' # {"$imagestream": "canary:x"}'), *streams) == "canary:x (marker)"

    def test_may_name_an_alias(self, bound, stream, pod):
        document = pod(f"{WEB}:1.4", ' # {"$imagestream": "web:b"}')
        assert bound(document, stream("web", a=f"{WEB}:1.4", b="alias:a")) == "web:b (marker)"

    @pytest.mark.parametrize(
        ("marker", "of_document", "of_streams", "wanted"),
        [
            ("s:t", None, [None], "s:t (marker)"),
            ("s:t", None, ["a"], "a/s:t (marker)"),
            ("s:t", "a", ["a", "b", None], "a/s:t (marker)"),
            ("s:t", "c", ["a", None], "s:t (marker)"),
            ("s:t", None, ["a", None], "s:t (marker)"),
            ("b/s:t", "a", ["a", "b"], "b/s:t (marker)"),
            (
                "s:t",
                None,
                ["a", "b"],
                "ambiguous: its marker may mean a/s:t, b/s:t; write the namespace into the marker",
            ),
            (
                "s:t",
                "c",
                ["a", "b"],
                "its marker names s:t, which no file declares; write a/s:t, b/s:t if that is what it means",
            ),
            (
                "a/s:t",
                "a",
                [None],
                "its marker names a/s:t, which no file declares; write s:t if that is what it means",
            ),
            ("s:nope", None, [None], "its marker names the tag nope, but s declares t"),
            ("nope:t", None, [None], "its marker names nope:t, which no file declares"),
        ],
    )
    def test_name_the_stream(self, bound, stream, pod, marker, of_document, of_streams, wanted):
        streams = [stream("s", namespace, t=f"{WEB}:1.4") for namespace in of_streams]
        assert bound(pod("x", f' # {{"$imagestream": "{marker}"}}', of_document), *streams) == wanted

    def test_that_name_an_unusable_tag_say_so(self, bound, stream, pod):
        reason = bound(pod("x", ' # {"$imagestream": "s:t"}'), stream("s", t="NOT A REFERENCE", u=f"{WEB}:1"))
        assert reason == "its marker names s:t, whose declaration cannot be used"


class TestByHistory:
    def test_a_digest_of_one_tag_binds(self, bound, stream, pod, lock):
        history = lock("web", prod=[OTHER, OLD, OTHER, OLD])
        assert bound(pod(f"{WEB}@{OLD}"), stream("web", prod=f"{WEB}:1.4"), history=history) == "web:prod (history)"

    def test_a_digest_of_two_tags_is_ambiguous(self, bound, stream, pod, lock):
        streams, history = stream("web", a=f"{WEB}:1.4", b=f"{WEB}:1.5"), lock("web", a=[OLD], b=[OTHER, OLD])
        assert bound(pod(f"{WEB}@{OLD}"), streams, history=history).startswith("ambiguous: web:a, web:b track it")

    def test_an_unknown_digest_gets_the_marker_to_add(self, bound, stream, pod):
        reason = bound(pod(f"{WEB}@{OLD}"), stream("web", prod=f"{WEB}:1.4"))
        assert reason == (
            "it has a digest and no tag, and the digest is in no stream tag's history; "
            'add # {"$imagestream": "web:prod"}'
        )

    def test_the_repository_must_be_the_same(self, bound, stream, pod, lock):
        history = lock("web", prod=[OLD], repository="quay.io/acme/old-name")
        assert bound(pod(f"{WEB}@{OLD}"), stream("web", prod=f"{WEB}:1.4"), history=history).startswith("it has a dig")

    def test_a_tag_decides_before_the_history(self, bound, stream, pod, lock):
        streams, history = stream("web", a=f"{WEB}:1.4", b=f"{WEB}:1.5"), lock("web", a=[OLD])
        assert bound(pod(f"{WEB}:1.5@{OLD}"), streams, history=history) == "web:b (source)"

    def test_an_aliass_history_is_no_candidate(self, bound, stream, pod, lock):
        streams, history = stream("web", a=f"{WEB}:1.4", b="alias:a"), lock("web", a=[OLD], b=[OLD])
        assert bound(pod(f"{WEB}@{OLD}"), streams, history=history) == "web:a (history)"
