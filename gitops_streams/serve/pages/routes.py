"""The routes of the page, of its JSON, and of what watches the service; ``application`` mounts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gitops_streams.render.html_text import Html
from gitops_streams.serve import overview_json
from gitops_streams.serve.access import COOKIE, LASTS, Access, from_own_page
from gitops_streams.serve.health import readiness
from gitops_streams.serve.metrics import CONTENT_TYPE, Metrics
from gitops_streams.serve.overview import CheckOutcome, Service
from gitops_streams.serve.pages import account
from gitops_streams.serve.pages.answers import answer, fresh, see
from gitops_streams.serve.pages.home import home
from gitops_streams.serve.pages.parts import tag_address
from gitops_streams.serve.pages.selection import parse, select, single
from gitops_streams.serve.pages.tag import tag_page

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_MOST_FORM = 8192
_PER_PAGE = 200
_MOST_PER_PAGE = 1000
_CHECKED = {
    CheckOutcome.QUEUED: 202,
    CheckOutcome.ALREADY_QUEUED: 202,
    CheckOutcome.UNKNOWN: 404,
    CheckOutcome.STOPPING: 503,
}


def routes(service: Service, metrics: Metrics, access: Access | None = None) -> list[Route]:
    """Return the routes.

    Args:
        service: the loop.
        metrics: what is counted.
        access: who may ask for a check; ``None``: nobody.
    """
    pages = _Pages(service, metrics, access)
    found = [
        Route("/", pages.home),
        Route("/tag", pages.tag),
        Route("/api/overview", pages.api),
        Route("/healthz", pages.alive),
        Route("/readyz", pages.ready),
        Route("/metrics", pages.metrics),
    ]
    if access is not None:
        found += [
            Route("/login", pages.form, methods=["GET"]),
            Route("/login", pages.login, methods=["POST"]),
            Route("/logout", pages.logout, methods=["POST"]),
            Route("/check", pages.check, methods=["POST"]),
        ]
    return found


class _Pages:
    """The endpoints. Those that are no coroutines run in threads, so a long list keeps no webhook waiting."""

    def __init__(self, service: Service, metrics: Metrics, access: Access | None) -> None:
        self._service = service
        self._metrics = metrics
        self._access = access

    def home(self, request: Request) -> Response:
        overview = self._service.overview()
        return fresh(request, home(overview, parse(request.query_params), self._account(request)))

    def tag(self, request: Request) -> Response:
        overview = self._service.overview()
        query = request.query_params
        found = overview.find(query.get("repository", ""), query.get("name", ""))
        if found is None:
            told = "It is not declared any more, or its repository has not been read yet."
            return answer(account.plain_page("No such stream tag", told), status=404)
        session = self._session(request)
        key = self._access.form_key(session) if self._access is not None and session is not None else None
        asked = query.get("asked")
        outcome = CheckOutcome(asked) if asked in set(CheckOutcome) else None
        return fresh(request, tag_page(overview, found, account=self._account(request), form_key=key, asked=outcome))

    def api(self, request: Request) -> Response:
        query = request.query_params
        size = query.get("limit", "")
        number = min(int(size), _MOST_PER_PAGE) if size.isascii() and size.isdigit() and len(size) < 7 else _PER_PAGE  # noqa: PLR2004
        overview = self._service.overview()
        name = query.get("name")
        wanted = parse(query)
        if name is None:
            found = select(overview, wanted, max(1, number))
        else:
            one = overview.find(query.get("repository", ""), name)
            found = single(one)
        return fresh(request, overview_json.render(overview, found), _JSON)

    async def alive(self, request: Request) -> Response:  # noqa: ARG002 - an endpoint's signature
        return answer("ok\n", _TEXT)

    async def ready(self, request: Request) -> Response:  # noqa: ARG002 - an endpoint's signature
        told = readiness(self._service.overview())
        if told.ready:
            return answer("ok\n", _TEXT)
        return answer("".join(f"{reason}\n" for reason in told.shown), _TEXT, status=503)

    def metrics(self, request: Request) -> Response:  # noqa: ARG002 - an endpoint's signature
        return answer(self._metrics.expose(self._service.overview()), CONTENT_TYPE)

    async def form(self, request: Request) -> Response:
        return see("./") if self._session(request) is not None else answer(account.login_page())

    async def login(self, request: Request) -> Response:
        if self._access is None or not _own(request):
            return _forbidden()
        fields = await _form(request)
        if fields is None or not self._access.admits(fields.get("token", "")):
            return answer(account.login_page(refused=True), status=401)
        session = self._access.session(self._service.overview().now)
        return see("./", {"Set-Cookie": _cookie(request, session, int(LASTS.total_seconds()))})

    async def logout(self, request: Request) -> Response:
        if await self._form_of_session(request) is None:
            return _forbidden()
        return see("./", {"Set-Cookie": _cookie(request, "", 0)})

    async def check(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self._access is None or not self._access.admits(token.strip()):
                return answer('{"error":"not authorized"}\n', _JSON, status=401, headers={"WWW-Authenticate": "Bearer"})
            # No browser sends this header on behalf of another site, so the form needs no key.
            fields = await _form(request)
            outcome = CheckOutcome.UNKNOWN if fields is None else self._checked(fields)
            return answer(json.dumps({"outcome": outcome.value}) + "\n", _JSON, status=_CHECKED[outcome])
        fields = await self._form_of_session(request)
        if fields is None:
            return _forbidden()
        outcome = self._checked(fields)
        if outcome is CheckOutcome.UNKNOWN:
            told = "It is not declared any more."
            return answer(account.plain_page("No such stream tag", told), status=404)
        return see(tag_address(fields.get("repository", ""), fields.get("name", ""), asked=outcome.value))

    def _checked(self, fields: Mapping[str, str]) -> CheckOutcome:
        found = self._service.overview().find(fields.get("repository", ""), fields.get("name", ""))
        return CheckOutcome.UNKNOWN if found is None else self._service.check(found[0].name, found[1].key)

    def _session(self, request: Request) -> str | None:
        """Return the session's cookie, if it is one that goes on."""
        session = request.cookies.get(COOKIE)
        if self._access is None or session is None or not self._access.knows(session, self._service.overview().now):
            return None
        return session

    def _account(self, request: Request) -> Html:
        if self._access is None:
            return account.read_only()
        session = self._session(request)
        return account.signed_out() if session is None else account.signed_in(self._access.form_key(session))

    async def _form_of_session(self, request: Request) -> Mapping[str, str] | None:
        """Return the fields of a form that somebody who is signed in has sent from a page of ours."""
        session = self._session(request)
        if self._access is None or session is None or not _own(request):
            return None
        fields = await _form(request)
        if fields is None or not self._access.is_form_key(session, fields.get("key", "")):
            return None
        return fields


def _own(request: Request) -> bool:
    headers = request.headers
    return from_own_page(headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host"))


def _forbidden() -> Response:
    told = "Sign in on this service's own page; the session may have ended."
    return answer(account.plain_page("Not allowed", told), status=403)


async def _form(request: Request) -> Mapping[str, str] | None:
    """Read a form's fields; ``None`` where it is too long, or no form."""
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=10))
    except ValueError:
        return None


def _cookie(request: Request, value: str, seconds: int) -> str:
    # The browser knows how it reached us; behind a proxy that ends TLS, we do not.
    https = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
    secure = "; Secure" if https else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
