"""Signing in with the token, and out: what the page says of it, and the form."""

from __future__ import annotations

from gitops_streams.render.html_text import Html, element, escaped
from gitops_streams.serve.pages.document import document, void


def signed_out() -> Html:
    """Write the link that leads to the form."""
    return element("a", escaped("Sign in"), href="login")


def read_only() -> Html:
    """Write that nobody can do anything here."""
    return element("span", escaped("read-only"), class_="muted")


def signed_in(form_key: str) -> Html:
    """Write the button that ends a session."""
    key = void("input", type="hidden", name_="key", value=form_key)
    button = element("button", escaped("Sign out"), type="submit", class_="plain")
    return element("form", key, button, method="post", action="logout")


def login_page(*, refused: bool = False) -> str:
    """Write the form, after a wrong token with a word about it."""
    told = element("p", escaped("That is not the token."), class_="notice bad", role="alert", id="refused")
    field = void(
        "input",
        type="password",
        name_="token",
        autocomplete="current-password",
        required="",
        autofocus="",
        aria_describedby="refused" if refused else None,
    )
    form = element(
        "form",
        element("label", escaped("The token that the service was started with"), field),
        element("button", escaped("Sign in"), type="submit", class_="main"),
        method="post",
        action="login",
        class_="login",
    )
    head = element(
        "header",
        element("div", element("a", escaped("← All stream tags"), href="./"), class_="mark"),
        element("h1", escaped("Sign in")),
        element("p", escaped("Whoever has the token may have stream tags checked at once."), class_="lead"),
    )
    return document("Sign in", head, element("main", *([told] if refused else []), form))


def plain_page(title: str, told: str) -> str:
    """Write a page that says one thing: not found, refused."""
    head = element(
        "header",
        element("div", element("a", escaped("← All stream tags"), href="./"), class_="mark"),
        element("h1", escaped(title)),
        element("p", escaped(told), class_="lead"),
    )
    return document(title, head, element("main"))
