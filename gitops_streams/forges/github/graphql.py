"""GitHub's GraphQL API, for what REST cannot do: drafts, auto-merge, who we are, moving a branch with a lease.

Source: GitHub's GraphQL schema (``@octokit/graphql-schema`` 15.26).
"""

from __future__ import annotations

from collections.abc import Mapping

from gitops_streams.errors import ForgeError
from gitops_streams.forges.github.hints import advice, permission
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.client import ForgeClient

_TRIES = 4
_UNKNOWN_YET = "could not resolve to a node"
"""What GitHub says about a pull request that was made a moment ago, and that not all of it knows."""
_LAG = 2.0


class GraphqlRefused(ForgeError):
    """The operation was not carried out; ``said`` is why, ``kinds`` are the types of the errors."""

    def __init__(self, message: str, said: str, kinds: frozenset[str], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.said = said
        self.kinds = kinds

    @property
    def unknown_field(self) -> bool:
        """Whether this server does not have what was asked for (an older GitHub Enterprise Server)."""
        return "undefinedField" in self.kinds or "doesn't exist on type" in self.said

    @property
    def forbidden(self) -> bool:
        """Whether the token may not do it."""
        return bool(self.kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}) or "not accessible by" in self.said


class Graphql:
    """One GraphQL endpoint, asked with the client's credential."""

    def __init__(self, client: ForgeClient, url: str) -> None:
        self._client = client
        self._url = url

    def query(self, text: str, variables: Mapping[str, object], *, doing: str) -> Record:
        """Read something; returns ``data``."""
        return self._ask(text, variables, doing=doing, changes=False, repeatable=True)

    def mutate(
        self,
        text: str,
        variables: Mapping[str, object],
        *,
        doing: str,
        repeatable: bool = False,
        like: str = "/pulls",
    ) -> Record:
        """Change something; returns ``data``. ``like`` is the path of REST that needs the same permission."""
        return self._ask(text, variables, doing=doing, changes=True, repeatable=repeatable, like=like)

    def _ask(
        self,
        text: str,
        variables: Mapping[str, object],
        *,
        doing: str,
        changes: bool,
        repeatable: bool,
        like: str = "/pulls",
    ) -> Record:
        body = {"query": text, "variables": dict(variables)}
        for attempt in range(1, _TRIES + 1):
            answer = self._client.send(
                "POST", self._url, doing=doing, body=body, changes=changes, repeatable=repeatable
            )
            record = answer.record()
            errors = record.records("errors")
            if not errors:
                return record.record("data")
            kinds = frozenset(_kinds(errors))
            said = self._client.printable("; ".join(error.text("message", default="") for error in errors[:5]))
            if attempt == _TRIES:
                break
            if "RATE_LIMITED" in kinds:
                self._client.wait_for_limit(doing, answer, said, attempt)
            elif not (_UNKNOWN_YET in said.casefold() and self._client.wait(_LAG)):
                break
        refused = GraphqlRefused(f"GitHub: {doing} failed: {said}", said, kinds)
        refused.hint = advice(said) or (permission("POST", like) if refused.forbidden else None)
        raise refused


def _kinds(errors: tuple[Record, ...]) -> list[str]:
    found = []
    for error in errors:
        for path in (("type",), ("extensions", "code")):
            value: object = error.value
            for key in path:
                value = value.get(key) if isinstance(value, Mapping) else None
            if isinstance(value, str):
                found.append(value)
    return found
