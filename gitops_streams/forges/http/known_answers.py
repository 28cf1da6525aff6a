"""Answers that are known already, by their ETags (RFC 9110, section 13): what has not changed is not sent again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from gitops_streams.forges.http.answers import Answer

_MOST = 64
_BYTES = 256 * 1024
"""Larger ones are not kept."""
_NOT_MODIFIED = 304


class KnownAnswers:
    """The answers used last. One that has not changed costs nothing of GitHub's rate limit."""

    def __init__(self) -> None:
        """Know nothing."""
        self._kept: OrderedDict[str, tuple[str, Answer]] = OrderedDict()

    def condition(self, url: str) -> Mapping[str, str]:
        """Return the header that asks for a URL's content only if it is not what is known; none for a new URL."""
        kept = self._kept.get(url)
        return {} if kept is None else {"If-None-Match": kept[0]}

    def settle(self, url: str, answer: Answer) -> Answer:
        """Return what an answer to such a request means, and keep it for the next."""
        kept = self._kept.get(url)
        if answer.status == _NOT_MODIFIED and kept is not None:
            self._kept.move_to_end(url)
            return kept[1]
        self._kept.pop(url, None)
        tag = answer.headers.get("etag")
        if tag and answer.status in range(200, 300) and answer.size <= _BYTES:
            self._kept[url] = (tag, answer)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return answer
