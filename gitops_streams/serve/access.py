"""Who may ask for a check: whoever has the token, shown once in a form or with each request.

Nothing is kept: a session is a moment and a code that only the token could have made, so a restart ends none and a
new token ends all. Source: RFC 6265bis (SameSite, HttpOnly), the Fetch standard's ``Sec-Fetch-Site`` and ``Origin``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from gitops_streams.errors import UsageError

COOKIE = "gitops-streams-session"
LASTS = timedelta(hours=12)
SHORTEST = 16
"""Characters of a token; so many random ones are not guessed, so attempts need no counting."""
_SESSION = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")


class Access:
    """Judges tokens and sessions; every comparison takes the same time wherever they differ."""

    def __init__(self, token: str) -> None:
        """Take the token.

        Raises:
            UsageError: it is too short to keep anybody out.
        """
        if len(token) < SHORTEST:
            raise UsageError(
                f"the page's token is shorter than {SHORTEST} characters", hint="make one with: openssl rand -hex 32"
            )
        self._key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

    def __repr__(self) -> str:
        return "Access(…)"

    def admits(self, token: str) -> bool:
        """Whether it is the token."""
        return hmac.compare_digest(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest(), self._key)

    def session(self, now: datetime) -> str:
        """Return the cookie's value for somebody who has shown the token."""
        ends = str(int((now + LASTS).timestamp()))
        return f"{ends}.{self._code('session', ends)}"

    def knows(self, session: str, now: datetime) -> bool:
        """Whether a cookie's value is one of ours that has not ended."""
        match = _SESSION.fullmatch(session)
        if match is None or not hmac.compare_digest(self._code("session", match[1]), match[2]):
            return False
        return now.timestamp() < int(match[1])

    def form_key(self, session: str) -> str:
        """Return what the forms of a session carry, which another site cannot know."""
        return self._code("form", session)

    def is_form_key(self, session: str, key: str) -> bool:
        """Whether a form was one of this session's."""
        return hmac.compare_digest(self.form_key(session).encode(), key.encode("utf-8", "surrogatepass"))

    def _code(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"gitops-streams {purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


def from_own_page(site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether a browser says that a request comes from a page of ours.

    Args:
        site: ``Sec-Fetch-Site``, which no page can set; not sent where the page came by plain HTTP.
        origin: ``Origin``, which every browser sends with a form.
        host: ``Host``.
    """
    if site is not None:
        return site == "same-origin"
    if not origin or not host:
        return False
    scheme, _, rest = origin.partition("://")
    return scheme in {"http", "https"} and rest.lower() == host.lower()
