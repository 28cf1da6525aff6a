"""The page as text: it shows all of it, nothing in it runs or is fetched, and foreign text is text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
import review_values as values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.plan.model import Change
from gitops_streams.render import html
from gitops_streams.render.report import Published, PullResult, Report
from gitops_streams.review.lifecycle import ClosePull, Comment, OpenPull, PullOutcome, PushBranch, SetLabels

VOID = {"meta", "path"}
OURS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer", "section", "div", "p"),
    *("h1", "h2", "h3", "h4", "h5", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
    *("details", "summary", "span", "code", "strong", "a", "ins", "del", "pre", "svg", "path", "rect"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "rel", "open", "role", "scope"),
    *("aria-label", "aria-hidden", "viewbox", "fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap"),
    *("d", "width", "height", "preserveaspectratio"),
}
PULLS = (
    PullResult(
        *("payments", PullOutcome.CREATED, "there was none", "main", "gitops-streams/main/payments"),
        number=12,
        url="https://forge.acme.example/pull/12",
        warnings=("the label is not there",),
        operations=(PushBranch("gitops-streams/main/payments", None), OpenPull(draft=False)),
    ),
    PullResult(
        *("web", PullOutcome.BLOCKED, "it holds commits of others", "main", "gitops-streams/main/web"),
        number=9,
        operations=(Comment(9, "blocked", "x"), SetLabels(9, ("gitops-streams/blocked",), ()), ClosePull(9)),
    ),
)


class Page(HTMLParser):
    """The elements of a page, well nested, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.stack: list[str] = []
        self.text = ""
        self.comments = 0
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack[-1:] != ["style"]:
            self.text += data

    def handle_comment(self, _data):
        self.comments += 1

    @property
    def links(self):
        return [attributes["href"] for name, attributes in self.elements if name == "a"]


@pytest.fixture(scope="module")
def whole(mixed):
    done = Published("pull-request", ("a",), branch="main", remote="origin", pulls=PULLS)
    return Report(mixed, done, reviews=(values.every_kind(),))


def test_shows_the_whole_plan(whole):
    text = Page(html.render(whole)).text
    for tag in whole.plan.tags:
        assert str(tag.key) in text
        assert str(tag.source) in text
        if tag.digest is not None:
            assert str(tag.digest) in text
        for site in tag.sites:
            assert f"{site.site.occurrence.file}:{site.site.occurrence.line}" in text
            if isinstance(site, Change):
                assert site.after in text
                assert site.before is None or site.before in text
    for expected in ("quay.io answers 403", "docker login quay.io", "ambiguous: web:x", "broken.yaml:1"):
        assert expected in text


def test_shows_the_whole_review(whole):
    text = Page(html.render(whole)).text
    for tag in whole.reviews[0].tags:
        assert all(str(digest) in text for digest in (*tag.old, tag.new))
        for place in tag.rollouts:
            assert f"{place.file}:{place.line}" in text
            assert place.container is None or place.container in text
        for difference in tag.delta.contract:
            assert difference.name is None or difference.name in text
            platform = difference.field == "Platform"
            assert difference.hidden or platform or difference.old is None or difference.old in text
    for expected in (
        *("7 stream tags move, 3 of them need a look", "contract changed", "rebuild of the same revision", "first pin"),
        *("6 days newer", "54.0 MiB → 61.0 MiB (+7.0 MiB)", "2 shared, 1 new, 1 gone", "linux/arm64", "gone"),
        *("registry.acme.example/ubi9:1", "no signature any more", "RUN apk add --no-cache curl", "git revert"),
        *("registry answered 401 (anonymous)", "(hidden, changed)", "Where it rolls out"),
    ):
        assert expected in text, expected
    assert "hunter" not in text


def test_shows_pull_requests(whole):
    page = Page(html.render(whole))
    for expected in ("#12", "opened", "there was none", "the label is not there", "#9", "blocked"):
        assert expected in page.text
    assert "https://forge.acme.example/pull/12" in page.links
    assert "create the branch" not in page.text


def test_tells_of_a_dry_run_what_would_be_done(mixed):
    text = Page(html.render(Report(mixed, Published("pull-request", (), pulls=PULLS, dry_run=True)))).text
    for expected in ("dry run, nothing was done", "to be opened", "create the branch", "open the pull request"):
        assert expected in text
    assert "add the label gitops-streams/blocked" in text


def test_every_link_within_the_page_leads_somewhere(whole):
    for reviews in (
        whole.reviews,
        (values.every_kind(), values.review(replace(values.rebuild(), key=values.key("z:1")), group="other")),
    ):
        page = Page(html.render(Report(whole.plan, whole.published, reviews=reviews)))
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(ids)


def test_headings_go_down_one_by_one(whole):
    levels = [int(name[1]) for name, _ in Page(html.render(whole)).elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_needs_nothing_and_allows_nothing(whole):
    text = html.render(whole)
    page = Page(text)
    metas = {attributes.get("http-equiv"): attributes.get("content") for name, attributes in page.elements}
    policy = metas["Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "url(" not in style
    assert "@import" not in style
    assert {name for name, _ in page.elements} <= OURS
    assert {attribute for _, attributes in page.elements for attribute in attributes} <= ATTRIBUTES


HOSTILE = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=window.pwned=1>",
    '" onmouseover=window.pwned=1 x="',
    "' autofocus onfocus=alert(1) '",
    "</code></pre></style></title><svg onload=window.pwned=1>",
    "javascript:alert(1)",
    "--><!--",
    "&lt;b&gt; &#60;b&#62;",
    "\u202eevil\u2066 \x00\x1b \ud800",
    "",
]


def check(text, mixed):
    def written(foreign):
        review = values.from_text(foreign)
        pulls = (PullResult(foreign, PullOutcome.FAILED, foreign, "main", foreign, 7, f"x{foreign}", None, (foreign,)),)
        return html.render(Report(mixed, Published("pull-request", (), pulls=pulls), reviews=(review,)))

    hostile, benign = Page(written(text)), Page(written("quay"))
    spans = {"code"}  # a sentence of ours becomes as many as it has foreign words
    assert [each[0] for each in hostile.elements if each[0] not in spans] == [
        each[0] for each in benign.elements if each[0] not in spans
    ]
    assert {name for _, attributes in hostile.elements for name in attributes} <= ATTRIBUTES
    assert hostile.links == benign.links
    assert hostile.comments == 0
    return hostile


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_text(text, mixed):
    page = check(text, mixed)
    if text.isprintable():
        assert text in page.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text("<>\"'&=;/! -a\n\x00", max_size=40) | st.text(max_size=40))
def test_foreign_text_is_text_whatever_it_is(text, mixed):
    check(text, mixed)


def test_of_a_hostile_plan(hostile):
    page = Page(html.render(Report(hostile, Published("push", ("a",), "0" * 40, "main` <b>", "https://evil.example"))))
    assert {name for name, _ in page.elements} <= OURS
    assert all(link.startswith("#") for link in page.links)
    assert "<script>alert(1)</script>" in page.text
    assert "\x1b" not in page.text


def test_the_same_report_gives_the_same_bytes(whole):
    assert html.render(whole) == html.render(Report(whole.plan, whole.published, reviews=(values.every_kind(),)))


def test_of_nothing(plan_files):
    page = Page(html.render(Report(plan_files({"a.yaml": "a: b\n"}).plan)))
    assert "Every pin is up to date" in page.text
