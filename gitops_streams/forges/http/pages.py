"""How lists that are cut into pages go on. Where a next page lies is ours to say: only its parameters are taken."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from gitops_streams.forges.http.answers import Answer

Params = Mapping[str, str | int]


def link_next(answer: Answer, params: Params) -> Params | None:
    """Return the parameters of the page that ``Link: <…>; rel="next"`` names."""
    for link in answer.headers.get("link", "")[:8192].split(","):
        target, *attributes = link.split(";")
        relations = {attribute.strip().replace('"', "").casefold() for attribute in attributes}
        if "rel=next" in relations and target.strip().startswith("<"):
            return linked(target.strip().strip("<>"), params)
    return None


def linked(url: str, params: Params) -> Params:
    """Return ``params`` with those of a foreign URL over them; nothing else of it is used."""
    try:
        return {**params, **dict(parse_qsl(urlsplit(url).query, max_num_fields=50))}
    except ValueError:
        return params
