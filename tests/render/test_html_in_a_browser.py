"""The page as people meet it: in Chromium, on a phone and a desktop, in the light and in the dark, by keyboard."""

from __future__ import annotations

import browser
import pytest
import review_values as values

from gitops_streams.render import html
from gitops_streams.render.report import Published, PullResult, Report
from gitops_streams.review.lifecycle import PullOutcome

SIZES = {"phone": (390, 844, True), "small phone": (360, 740, True), "desktop": (1280, 900, False)}
ENOUGH = 4.5
"""The contrast that WCAG 2.2 asks of text, § 1.4.3."""
WIDE = """
[...document.querySelectorAll("body *")]
  .filter(each => !each.closest(".skip") && each.getClientRects().length
    && (each.getBoundingClientRect().right > innerWidth + 0.5 || each.scrollWidth > each.clientWidth + 1)
    && getComputedStyle(each).display !== "inline" && !each.closest("svg"))
  .map(each => each.outerHTML.slice(0, 120))
"""
ACTIVE = "document.activeElement.tagName + ' ' + (document.activeElement.textContent || '')"


@pytest.fixture(scope="module")
def chromium(real_server):
    """Start Chromium, which Debian's package of that name has."""
    running = browser.Browser(browser.find() or real_server("chromium"), deadline=240)
    yield running
    running.close()


@pytest.fixture(scope="module")
def report(mixed):
    pulls = (
        PullResult("payments", PullOutcome.CREATED, "there was none", "main", "b", 12, "https://forge.acme.example/12"),
        PullResult("web", PullOutcome.BLOCKED, "it holds commits of others", "main", "b", 9, warnings=("no label",)),
    )
    return Report(mixed, Published("pull-request", ("a",), pulls=pulls), reviews=(values.every_kind(),))


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(html.render(report))
    return file


def unfold(chromium):
    chromium.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
class TestEverywhere:
    @pytest.fixture(autouse=True)
    def shown(self, chromium, page, size, theme):
        width, height, phone = SIZES[size]
        chromium.size(width, height, phone=phone)
        chromium.theme(theme)
        chromium.show(page)

    def test_nothing_is_wider_than_the_screen(self, chromium, size):
        for _ in range(2):
            assert chromium.evaluate("innerWidth") == SIZES[size][0]
            assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert chromium.evaluate(WIDE) == []
            unfold(chromium)

    def test_every_text_has_contrast(self, chromium, theme):
        assert chromium.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (theme == "dark")
        unfold(chromium)
        found = chromium.evaluate(browser.CONTRAST)
        assert len(found) > 300
        assert found[0][0] >= ENOUGH, found[:5]
        page_colour = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
        assert page_colour == {"light": "rgb(244, 245, 248)", "dark": "rgb(14, 17, 23)"}[theme]


class TestByKeyboard:
    @pytest.fixture(autouse=True)
    def shown(self, chromium, page):
        chromium.size(1280, 900)
        chromium.theme("light")
        chromium.show(page)

    def tab_to(self, chromium, wanted):
        for _ in range(80):
            chromium.press("Tab")
            if wanted in chromium.evaluate(ACTIVE):
                return
        pytest.fail(f"no Tab leads to {wanted}")

    @pytest.mark.parametrize("key", ["Enter", "Space"])
    def test_details_open_and_close(self, chromium, key):
        self.tab_to(chromium, "SUMMARY web:canary")
        state = "document.activeElement.parentElement.open"
        inside = "document.activeElement.parentElement.querySelector('.inside').checkVisibility()"
        assert chromium.evaluate(state) is False
        chromium.press(key)
        assert chromium.evaluate(state) is True
        assert chromium.evaluate(inside) is True
        chromium.press(key)
        assert chromium.evaluate(state) is False

    def test_what_has_the_focus_can_be_seen(self, chromium):
        self.tab_to(chromium, "SUMMARY web:canary")
        style = "getComputedStyle(document.activeElement)"
        assert chromium.evaluate(f"{style}.outlineStyle + ' ' + {style}.outlineWidth") == "solid 3px"

    def test_the_first_tab_skips_to_the_report(self, chromium):
        chromium.press("Tab")
        assert chromium.evaluate(ACTIVE) == "A Skip to the report"
        assert chromium.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
        chromium.press("Enter")
        assert chromium.evaluate("location.hash") == "#report"

    def test_a_warning_leads_to_its_stream_tag(self, chromium):
        chromium.evaluate("document.querySelector('.alert a').focus()")
        chromium.press("Enter")
        told = chromium.evaluate("document.querySelector(location.hash + ' summary').textContent")
        assert told.startswith("x:latest")
        top = chromium.evaluate("document.querySelector(location.hash).getBoundingClientRect().top")
        assert -1 <= top <= 900


def test_landmarks_and_names(chromium, page):
    chromium.show(page)
    nodes = chromium.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node.get("ignored")]
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(role) == 1
    named = [
        node for node in nodes if not node.get("ignored") and node["role"]["value"] in {"link", "DisclosureTriangle"}
    ]
    assert len(named) > 20
    assert all(node["name"]["value"].strip() for node in named)


def test_on_paper_everything_is_unfolded_and_light(chromium, page):
    chromium.size(800, 1100)
    chromium.theme("dark", media="print")
    chromium.show(page)
    try:
        heights = chromium.evaluate(
            "[...document.querySelectorAll('details .inside')].map(each => each.getBoundingClientRect().height)"
        )
        assert len(heights) > 10
        assert all(height > 10 for height in heights)
        assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        unreadable = [each for each in chromium.evaluate(browser.CONTRAST) if each[0] < ENOUGH]
        assert unreadable == []
        printed = chromium.send("Page.printToPDF", printBackground=True)
        assert len(printed["data"]) > 10_000
    finally:
        chromium.theme("light")


HOSTILE = (
    "</title></style></code><script>window.pwned=1</script><img src=http://127.0.0.1:9/x onerror=window.pwned=2>"
    "<svg onload=window.pwned=3><iframe src=javascript:parent.pwned=4></iframe><base href=http://127.0.0.1:9/>"
    "<style>@import url(http://127.0.0.1:9/s.css); body {display: none}</style><meta http-equiv=refresh content=0>"
    '" autofocus onfocus=window.pwned=5 style="background: url(http://127.0.0.1:9/b)'
)


@pytest.mark.parametrize("size", SIZES)
def test_hostile_text_runs_nothing_fetches_nothing_and_stays_on_the_page(chromium, mixed, tmp_path, size):
    width, height, phone = SIZES[size]
    chromium.size(width, height, phone=phone)
    file = tmp_path / "hostile.html"
    pulls = (PullResult(HOSTILE, PullOutcome.FAILED, HOSTILE, HOSTILE, HOSTILE, 7, HOSTILE, None, (HOSTILE,)),)
    done = Published("pull-request", (HOSTILE,), branch=HOSTILE, remote=HOSTILE, pulls=pulls)
    file.write_text(html.render(Report(mixed, done, reviews=(values.from_text(HOSTILE),))))
    chromium.show(file)
    unfold(chromium)
    assert chromium.evaluate("typeof window.pwned") == "undefined"
    assert chromium.requests() == [file.as_uri()]
    assert chromium.evaluate("document.querySelectorAll('script, img, iframe, base, link, object, form').length") == 0
    assert chromium.evaluate("document.body.innerText").count("window.pwned=1") > 10
    assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert chromium.evaluate(WIDE) == []


def test_the_policy_stops_what_would_get_through(chromium, report, tmp_path):
    """The second wall: even unescaped text could neither run nor fetch."""
    text = html.render(report)
    file = tmp_path / "broken.html"
    # A refresh is no request of the page's: no policy covers it, and what is looked at would be gone.
    unescaped = HOSTILE.replace("<meta http-equiv=refresh content=0>", "")
    file.write_text(text.replace("<h1", f"{unescaped}<h1", 1))
    chromium.size(1280, 900)
    chromium.show(file)
    assert chromium.evaluate("document.querySelectorAll('script, img').length") > 0
    assert chromium.evaluate("typeof window.pwned") == "undefined"
    assert not [url for url in chromium.requests() if "127.0.0.1:9" in url and not blocked(chromium, url)]


def blocked(chromium, url):
    """Say whether the policy stopped a request before it was sent."""
    numbers = {
        event["params"]["requestId"]
        for event in chromium.events
        if event["method"] == "Network.requestWillBeSent" and event["params"]["request"]["url"] == url
    }
    return any(
        event["method"] == "Network.loadingFailed"
        and event["params"]["requestId"] in numbers
        and event["params"].get("blockedReason") == "csp"
        for event in chromium.events
    )
