"""The page as people meet it: in Chromium, from a phone to a desktop, in the dark, by keyboard, without scripts."""

from __future__ import annotations

from dataclasses import replace

import browser
import pytest
import serve_values as values

from gitops_streams.serve.access import Access
from gitops_streams.serve.overview import State

SIZES = {"phone": (360, 740, True), "tablet": (820, 1100, False), "desktop": (1280, 900, False)}
ENOUGH = 4.5
"""The contrast that WCAG 2.2 asks of text, § 1.4.3."""
WIDE = """
[...document.querySelectorAll("body *")]
  .filter(each => !each.closest(".skip, thead") && each.getClientRects().length
    && each.getBoundingClientRect().right > innerWidth + 0.5)
  .map(each => each.outerHTML.slice(0, 120))
"""
NAMES = "[...document.querySelectorAll('#list tbody th > a')].map(each => each.textContent)"
WORKER = "/tag?repository=deploy&name=payments/worker:2"


@pytest.fixture(scope="module")
def chromium(real_server):
    running = browser.Browser(browser.find() or real_server("chromium"), deadline=240)
    yield running
    running.close()


@pytest.fixture
def service():
    return values.FakeService()


@pytest.fixture
def base(service):
    with values.served(service, Access(values.TOKEN)) as address:
        yield address


@pytest.fixture(autouse=True)
def plain(chromium):
    chromium.send("Emulation.setScriptExecutionDisabled", value=False)
    chromium.send("Network.clearBrowserCookies")
    chromium.size(1280, 900)
    chromium.theme("light")
    yield
    chromium.visit("about:blank")


def complaints(chromium):
    return [
        event["params"]["entry"]["text"]
        for event in chromium.events
        if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] in {"error", "warning"}
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_can_be_read(chromium, base, size, theme):
    width, height, phone = SIZES[size]
    chromium.size(width, height, phone=phone)
    chromium.theme(theme)
    for path, least in (("/", 100), (WORKER, 40), ("/login", 4)):
        chromium.visit(base + path)
        assert chromium.evaluate("innerWidth") == width
        assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert chromium.evaluate(WIDE) == []
        found = chromium.evaluate(browser.CONTRAST)
        assert len(found) > least
        assert found[0][0] >= ENOUGH, found[:5]
        assert complaints(chromium) == []
        assert all(url.startswith((f"{base}/", "data:image/svg+xml")) for url in chromium.requests())


def test_it_fits_when_printed(chromium, base):
    chromium.theme("dark", media="print")
    chromium.visit(f"{base}/")
    assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.evaluate("getComputedStyle(document.querySelector('form.search')).display") == "none"


class TestWhileTyping:
    @pytest.fixture(autouse=True)
    def shown(self, chromium, base):
        chromium.visit(f"{base}/")

    def test_the_search_filters_at_once_and_keeps_the_focus(self, chromium):
        assert len(chromium.evaluate(NAMES)) == 12
        chromium.press("/")
        chromium.write("cart")
        chromium.wait_for(f"{NAMES}.length === 1")
        assert chromium.evaluate(NAMES) == ["web/cart:1"]
        assert chromium.evaluate("location.search") == "?q=cart"
        assert chromium.evaluate("document.activeElement.id") == "q"
        assert chromium.evaluate("document.querySelector('#count').textContent") == "1 stream tagShow everything"
        chromium.press("Escape")
        chromium.wait_for(f"{NAMES}.length === 12")

    def test_a_repository_is_chosen(self, chromium):
        chromium.evaluate(
            "(() => { const e = document.querySelector('select'); e.value = 'edge-clusters';"
            "e.dispatchEvent(new Event('input', {bubbles: true})) })()"
        )
        chromium.wait_for(f"{NAMES}.length === 2")
        assert chromium.evaluate(NAMES) == ["edge/dns:7", "edge/gateway:7"]

    def test_it_updates_without_taking_the_focus_away(self, chromium, service):
        chromium.evaluate("document.querySelector('#list a').focus()")
        known = service.known
        fixed = tuple(replace(tag, state=State.CURRENT) for tag in known.repositories[0].tags)
        service.known = replace(known, repositories=(replace(known.repositories[0], tags=fixed), known.repositories[1]))
        chromium.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        chromium.wait_for("document.querySelector('h1').textContent === 'Everything is current'")
        assert chromium.evaluate("document.activeElement.textContent") == "payments/worker:2"
        assert chromium.evaluate("document.title") == "Everything is current · gitops-streams"

    def test_it_says_when_the_service_is_gone(self, chromium):
        assert chromium.evaluate("document.querySelector('#offline').checkVisibility()") is False
        chromium.send(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
        )
        try:
            chromium.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            chromium.wait_for("document.querySelector('#offline').checkVisibility()")
        finally:
            chromium.send(
                "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
            )
        assert len(chromium.evaluate(NAMES)) == 12


def test_everything_can_be_reached_by_keyboard(chromium, base):
    chromium.visit(f"{base}/")
    reached = []
    for _ in range(60):
        chromium.press("Tab")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert chromium.evaluate(f"document.activeElement === document.body || {outline} !== 'none'")
        reached.append(chromium.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
    assert reached[0] == "Skip to the stream tags"
    for wanted in ("Sign in", "Failing1", "q", "Search", "payments/worker:2", "#218", "Metrics"):
        assert wanted in reached


def test_it_works_without_scripts(chromium, base):
    chromium.send("Emulation.setScriptExecutionDisabled", value=True)
    chromium.visit(f"{base}/?q=WEB/&state=current")
    assert chromium.evaluate("document.querySelector('#updating').checkVisibility()") is False
    assert len(chromium.evaluate(NAMES)) == 5
    chromium.evaluate("document.querySelector('#q').select()")
    chromium.write("search")
    chromium.events.clear()
    chromium.press("Enter")
    chromium.loaded()
    assert chromium.evaluate(NAMES) == ["web/search:1"]
    assert chromium.evaluate("location.search") == "?q=search&repository=&state=current"


class TestCheckNow:
    def sign_in(self, chromium, base, token):
        chromium.visit(f"{base}/login")
        chromium.evaluate("document.querySelector('input[type=password]').focus()")
        chromium.write(token)
        chromium.events.clear()
        chromium.press("Enter")
        chromium.loaded()

    def test_nobody_is_offered_it_without_the_token(self, chromium, base, service):
        chromium.visit(base + WORKER)
        assert "Check now" not in chromium.evaluate("document.body.textContent")
        self.sign_in(chromium, base, "a token that somebody guessed")
        assert chromium.evaluate("document.querySelector('[role=alert]').textContent") == "That is not the token."
        chromium.visit(base + WORKER)
        assert "Check now" not in chromium.evaluate("document.body.textContent")
        assert service.checked == []

    def test_who_has_the_token_checks_and_signs_out(self, chromium, base, service):
        self.sign_in(chromium, base, values.TOKEN)
        assert chromium.evaluate("location.pathname") == "/"
        assert chromium.evaluate("document.cookie") == ""  # HttpOnly
        assert chromium.evaluate("document.querySelector('form[action=logout]').parentElement.className") == "mark"
        chromium.visit(base + WORKER)
        chromium.events.clear()
        chromium.evaluate("document.querySelector('form[action=check] button').click()")
        chromium.loaded()
        assert service.checked == [("deploy", values.key("payments/worker:2"))]
        assert "It is queued" in chromium.evaluate("document.querySelector('[role=status]').textContent")
        chromium.events.clear()
        chromium.evaluate("document.querySelector('form[action=logout] button').click()")
        chromium.loaded()
        chromium.visit(base + WORKER)
        assert "Check now" not in chromium.evaluate("document.body.textContent")


def test_hostile_text_neither_runs_nor_fetches(chromium):
    service = values.FakeService(values.hostile())
    with values.served(service, Access(values.TOKEN)) as base:
        chromium.size(360, 740, phone=True)
        chromium.visit(f"{base}/")
        address = chromium.evaluate("document.querySelector('#list a').href")
        for page in (
            f"{base}/",
            f"{base}/?q=%3Cscript%3Ealert(1)%3C/script%3E&repository=%22%3E%3Cimg%20src=x%3E",
            address,
        ):
            chromium.visit(page)
            assert chromium.evaluate("document.querySelectorAll('script').length") == 1
            assert (
                chromium.evaluate("document.querySelectorAll('img, iframe, [onerror], [href^=javascript]').length") == 0
            )
            assert all(url.startswith((f"{base}/", "data:image/svg+xml")) for url in chromium.requests())
            assert not any(event["method"] == "Page.javascriptDialogOpening" for event in chromium.events)
            assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth")
