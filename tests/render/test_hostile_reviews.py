"""Whatever a registry, a manifest or a file name says: GitHub's own parser finds no element of theirs in the text."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
import pytest
import review_values as values
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.render import markdown
from gitops_streams.render.pull_request import body
from gitops_streams.render.report import Published, PullResult, Report
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.review.marker import Marker, read, rebuild_asked, write
from gitops_streams.review.pull_request import Capabilities

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</code></details><details open>",
    "</summary>\n\n# big",
    "@acme/team and @someone",
    "fixes #1, closes acme/web#2, resolves GH-3, !4 and $5 %6 ~7",
    "![i](https://evil.example/i.png) [l](https://evil.example)",
    "https://evil.example www.evil.example me@evil.example",
    "<https://evil.example>",
    "--> <!-- gitops-streams:v1 {} -->",
    "- [x] <!-- gitops-streams:rebuild -->",
    "\n- [x] <!-- gitops-streams:rebuild -->\n",
    '\n<!-- gitops-streams:v1 {"group":"x","base":"y","head":"0","fp":""} -->\n',
    "a | b || c |\n| --- |",
    "\\",
    "\\`",
    "`",
    "``` \n~~~",
    " `x` ",
    "**bold** _it_ ~~no~~ $x$ :tada: &copy; &#35;",
    "\u202egnp.exe\u2066 zero\u200bwidth \ufeff\u00ad \U000e0041",
    "\x1b[31m\x07\x9b2J\r\n\x00",
    "\ud800 lone",
    "e\u0301 \u1160",
    "| --- | --- |\n===\n---",
    "[x]: https://evil.example 'y'",
    "<a href='javascript:alert(1)'>",
    "${{ secrets.X }} {{7*7}}",
    "https://evil.example/)](javascript:alert(1)",
    "",
    " ",
]
BENIGN = "quay"
CONTENT = Marker("all", "main", "a" * 40, "b1946ac92492")
FORGES = [
    Capabilities("GitHub", 10_000_000, body_bytes=10_000_000, alerts=True),
    Capabilities("plain", 10_000_000, body_bytes=10_000_000, details=False, hidden_comments=False),
]
OURS = {
    *("p", "strong", "em", "code", "pre", "ul", "li", "hr", "blockquote", "details", "summary", "input", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "h2", "h3"),
}


class Page(HTMLParser):
    """What a text became: its elements, its links, and what is read outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.comments: list[str] = []
        self.outside = ""
        self.code = ""
        self.depth = 0
        extensions = ["table", "strikethrough", "autolink", "tasklist"]
        options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
        self.feed(cmarkgfm.markdown_to_html_with_extensions(text, options=options, extensions=extensions))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.depth += tag in {"code", "pre"}
        if tag != "code":
            self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    def handle_endtag(self, tag):
        self.depth -= tag in {"code", "pre"}

    def handle_data(self, data):
        if self.depth:
            self.code += data
        else:
            self.outside += data

    def handle_comment(self, data):
        self.comments.append(data)


def judge(text: str, benign: str) -> Page:
    """Check that a text has the structure of its benign twin and shows foreign text in code alone."""
    page, twin = Page(text), Page(benign)
    assert page.elements == twin.elements
    assert {name for name, _ in page.elements} <= OURS
    assert page.links == []
    assert page.comments == twin.comments
    for bait in ("evil", "@", "#", "alert", "www.", "http", "tada", "~", "secrets", "GH-", "acme", "\x1b", "\u202e"):
        assert bait not in page.outside, bait
    shape = [line.count("|") for line in text.split("\n") if line.startswith(("|", "> |"))]
    assert shape == [line.count("|") for line in benign.split("\n") if line.startswith(("|", "> |"))]
    return page


def pair(text: str, write_it):
    """Write a review of hostile text, and one whose texts are as many and as long but harmless."""
    return write_it(values.from_text(text)), write_it(values.from_text(BENIGN))


@pytest.mark.parametrize("capabilities", FORGES, ids=lambda each: each.name)
@pytest.mark.parametrize("text", HOSTILE)
def test_in_a_body(text, capabilities):
    marker = write(CONTENT, hidden=capabilities.hidden_comments)
    hostile, benign = pair(text, lambda review: body(review, capabilities, marker))
    judge(hostile, benign)
    assert hostile.startswith(f"{marker}\n")
    assert read(hostile) == CONTENT
    assert not rebuild_asked(hostile)
    hostile.encode()
    assert not any(ord(sign) < 32 and sign != "\n" for sign in hostile)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text("`|\\ \n\r\t<>[]()@#*_~&!-=:/xX1.\x1b\u202e\u200b\"'$", max_size=60) | st.text(max_size=60))
def test_in_a_body_whatever_it_is(text):
    for capabilities in FORGES:
        marker = write(CONTENT, hidden=capabilities.hidden_comments)
        hostile, benign = pair(text, lambda review, as_=capabilities, first=marker: body(review, as_, first))
        page, twin = Page(hostile), Page(benign)
        assert page.elements == twin.elements
        assert page.links == []
        assert read(hostile) == CONTENT
        assert not rebuild_asked(hostile)


@pytest.mark.parametrize("text", HOSTILE)
def test_in_the_report(text, mixed):
    def write_it(review):
        foreign = review.base
        pulls = (
            PullResult(foreign, PullOutcome.FAILED, foreign, "main", foreign, 7, f"x{foreign}", warnings=(foreign,)),
            PullResult(foreign, PullOutcome.NONE, foreign, "main", foreign),
        )
        done = Published("pull-request", (), pulls=pulls, remote=foreign)
        return markdown.render(Report(mixed, done, reviews=(review, review)))

    hostile, benign = pair(text, write_it)
    judge(hostile, benign)


def test_an_address_of_a_run_is_a_link_only_where_it_is_one_of_the_web():
    review = values.every_kind()
    text = body(review, FORGES[0], write(CONTENT))
    assert Page(text).links == [*dict.fromkeys(Page(text).links)][:1] * 2 + [review.run.url]


def test_nothing_is_lost_that_can_be_seen():
    text = "<b> @x #1 | `y` \\"
    page = Page(body(values.from_text(text), FORGES[0], write(CONTENT)))
    assert text.replace("|", "\\x7c") in page.code
