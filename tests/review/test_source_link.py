"""Links that compare revisions: where they lead, and that nothing in a label can lead them elsewhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_values import OTHER_REVISION, config, single

from gitops_streams.review.compare import compare
from gitops_streams.review.source_link import SourceRepository, compare_link, read_repository

A, B = "1f3c9ab0c1d2e3f405162738495a6b7c8d9e0f11", OTHER_REVISION
SOURCE, REVISION = "org.opencontainers.image.source", "org.opencontainers.image.revision"
HOSTS = ("git.acme.example=gitlab", "code.acme.example:8443=gitea", "bb.acme.example=bitbucket", "odd.example=gerrit")
ALLOWED = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitea.com", *(h.split("=")[0] for h in HOSTS))
ACME = SourceRepository("github.com", ("acme", "api"))


def link(old: str, new: str, one: str | None = A, other: str | None = B) -> str | None:
    return compare_link(read_repository(old), read_repository(new), one, other, HOSTS)


class TestRepositories:
    @pytest.mark.parametrize(
        "text",
        [
            "https://github.com/acme/api",
            "https://github.com/acme/api/",
            "https://github.com/acme/api//",
            "https://github.com/acme/api.git",
            "https://github.com/acme/api.git/",
            "https://GitHub.com/acme/api",
            "https://github.com:443/acme/api",
            "https://me@github.com/acme/api",
            "https://me:pass@github.com/acme/api",
            "git+https://github.com/acme/api.git#main:sub",
            "https://github.com/acme/api#main",
            "https://github.com/acme/api?tab=readme",
            "https://github.com/acme/api/tree/main/sub",
            "https://github.com/acme/api.git/tree/main",
            "https://github.com/acme/api/blob/main/Dockerfile",
            "git@github.com:acme/api.git",
            "git@github.com:acme/api",
            "ssh://git@github.com/acme/api.git",
            "ssh://git@github.com:22/acme/api",
            "git@github.com:/acme/api",
        ],
    )
    def test_spellings_of_one(self, text):
        assert read_repository(text) == ACME

    def test_case_counts_for_nothing(self):
        repository = read_repository("https://github.com/Acme/API")
        assert repository != ACME
        assert repository.identity == ACME.identity

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("https://gitlab.com/acme/team/sub/api/-/tree/main/x", ("acme", "team", "sub", "api")),
            ("https://gitlab.com/acme/team/api/tree/main", ("acme", "team", "api")),
            ("https://codeberg.org/acme/api/src/branch/main/x", ("acme", "api")),
            ("https://bitbucket.org/acme/api/src/main/", ("acme", "api")),
        ],
    )
    def test_places_in_one_are_cut(self, text, path):
        assert read_repository(text).path == path

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "github.com/acme/api",
            "http://github.com/acme/api",
            "git://github.com/acme/api",
            "javascript:alert(1)//github.com/acme/api",
            "https://github.com",
            "https://github.com/acme",
            "https://github.com/acme/",
            "https://github.com//acme/api",
            "https://github.com/acme/../evil",
            "https://github.com/acme/%2e%2e",
            "https://github.com/acme/a b",
            "https://github.com/acme/api)",
            "https://github.com/acme/a<b>",
            'https://github.com/acme/a"b',
            "https://github.com/acme/api\n",
            "https://github.com./acme/api",
            "https://github.com\\@evil.example/acme/api/",
            "https://g\u0131thub.com/acme/api",
            "https://github.com/acme/.git",
            "https://github.com/" + "a" * 101 + "/b",
            "https://github.com/" + "a/" * 3000 + "b",
        ],
    )
    def test_what_is_none(self, text):
        assert read_repository(text) is None

    @pytest.mark.parametrize(
        ("text", "host"),
        [
            ("https://github.com@evil.example/acme/api", "evil.example"),
            ("https://evil.example/github.com/api", "evil.example"),
            ("https://github.com.evil.example/acme/api", "github.com.evil.example"),
            ("https://github.com:8443/acme/api", "github.com:8443"),
            ("git@evil.example:github.com/acme", "evil.example"),
        ],
    )
    def test_hosts_that_are_another(self, text, host):
        assert read_repository(text).host == host
        assert link(text, text) is None


class TestLinks:
    @pytest.mark.parametrize(
        ("source", "wanted"),
        [
            ("https://github.com/acme/api", f"https://github.com/acme/api/compare/{A}...{B}"),
            ("https://gitlab.com/acme/team/api.git", f"https://gitlab.com/acme/team/api/-/compare/{A}...{B}"),
            ("https://codeberg.org/acme/api", f"https://codeberg.org/acme/api/compare/{A}...{B}"),
            ("https://gitea.com/acme/api", f"https://gitea.com/acme/api/compare/{A}...{B}"),
            ("https://bitbucket.org/acme/api", f"https://bitbucket.org/acme/api/branches/compare/{B}%0D{A}"),
            ("https://git.acme.example/a/b", f"https://git.acme.example/a/b/-/compare/{A}...{B}"),
            ("https://code.acme.example:8443/a/b", f"https://code.acme.example:8443/a/b/compare/{A}...{B}"),
        ],
    )
    def test_of_each_forge(self, source, wanted):
        assert link(source, source) == wanted

    @pytest.mark.parametrize(
        ("old", "new", "one", "other"),
        [
            ("https://github.com/acme/api", "https://github.com/acme/web", A, B),
            ("https://github.com/acme/api", "https://gitlab.com/acme/api", A, B),
            ("https://github.com/acme/api", "", A, B),
            ("https://example.com/acme/api", "https://example.com/acme/api", A, B),
            ("https://odd.example/acme/api", "https://odd.example/acme/api", A, B),
            ("https://code.acme.example/a/b", "https://code.acme.example/a/b", A, B),
            ("https://github.com/acme/team/api", "https://github.com/acme/team/api", A, B),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, A),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, A[:7]),
            ("https://github.com/acme/api", "https://github.com/acme/api", None, B),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, None),
            ("https://github.com/acme/api", "https://github.com/acme/api", "main", B),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, B[:6]),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, B.upper()),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, B + "\n"),
            ("https://github.com/acme/api", "https://github.com/acme/api", A, "0" * 65),
        ],
    )
    def test_there_is_none(self, old, new, one, other):
        assert link(old, new, one, other) is None

    def test_from_two_images(self):
        delta = compare(single("a"), single("b", config(labels={REVISION: B})))
        assert delta.source.compare == f"https://github.com/acme/web/compare/{A}...{B}"
        assert (delta.source.old_revision, delta.source.new_revision) == (A, B)

    def test_from_annotations_before_labels(self):
        new = single("b", annotations={REVISION: B})
        assert compare(single("a"), new).source.new_revision == B

    def test_families_of_labels_are_never_mixed(self):
        labels = {SOURCE: None, REVISION: None, "vcs-ref": A, "org.label-schema.vcs-url": "https://github.com/acme/api"}
        new = {**labels, "vcs-ref": B}
        source = compare(single("a", config(labels=labels)), single("b", config(labels=new))).source
        assert (source.old_revision, source.new_url) == (None, "https://github.com/acme/api")
        assert source.compare is None

    @pytest.mark.parametrize(
        ("url", "revision"),
        [
            ("org.label-schema.vcs-url", "org.label-schema.vcs-ref"),
            ("io.openshift.build.source-location", "io.openshift.build.commit.id"),
        ],
    )
    def test_from_older_labels(self, url, revision):
        images = [
            single(name, config(labels={SOURCE: None, REVISION: None, url: "https://github.com/a/b", revision: sha}))
            for name, sha in (("a", A), ("b", B))
        ]
        assert compare(*images).source.compare == f"https://github.com/a/b/compare/{A}...{B}"

    def test_a_revision_that_is_a_secret_is_not_carried(self):
        new = single("b", config(labels={REVISION: "ghp_0123456789abcdefghijABCDEFGHIJ012345"}))
        assert compare(single("a"), new).source.new_revision is None


SAFE = re.compile(r"https://([a-z0-9.:-]+)/[A-Za-z0-9._/-]+(?:%0D[0-9a-f]{7,64})?")
pieces = st.sampled_from(
    (
        *("https://", "http://", "git@", "ssh://", "github.com", "evil.example", "gitlab.com", "/", ":", "@", "acme"),
        *(
            ".git",
            "#",
            "?",
            "..",
            "%",
            ")",
            "(",
            "<img>",
            '"',
            "`",
            "|",
            "\n",
            " ",
            "\\",
            "-",
            "tree",
            "\u202e",
            "[x](y)",
        ),
    )
)
hostile = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=40)
plausible = st.builds("https://{}/{}/{}".format, st.sampled_from(ALLOWED), hostile, hostile)
revisions = st.sampled_from([A, B, A[:7]]) | hostile


@given(plausible | hostile, plausible | hostile, revisions, revisions)
def test_nothing_leads_a_link_elsewhere(old, new, one, other):
    for source in (new, old):
        found = link(source, new, one, other)
        if found is not None:
            match = SAFE.fullmatch(found)
            assert match
            assert match[1] in ALLOWED
            assert "/../" not in found


@given(plausible | hostile, plausible | hostile)
def test_no_label_breaks_a_comparison(old, new):
    images = [single("a", config(labels={SOURCE: text, REVISION: sha})) for text, sha in ((old, A), (new, B))]
    found = compare(*images, compare_hosts=HOSTS).source
    assert found.compare is None or SAFE.fullmatch(found.compare)
    assert "pass@" not in (found.new_url or "")
