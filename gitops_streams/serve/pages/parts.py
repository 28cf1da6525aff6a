"""Pieces that several pages have: badges, links to a stream tag, tables with a heading for each cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from gitops_streams.oci.digest import Digest
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped, inline
from gitops_streams.render.inert import shown, web_address
from gitops_streams.render.phrase import Link
from gitops_streams.serve.overview import PullView

LONGEST = 400
"""Characters of one foreign text; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row."""

    content: Html
    label: str = ""
    """What a narrow screen, which has no row of headings, writes before it."""
    class_: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the cell that names it, then the others."""

    head: Html
    cells: Sequence[Cell]
    class_: str | None = None
    before: Cell | None = None
    """A cell that stands before the one that names the row."""


def table(name: str, headings: Sequence[str], rows: Iterable[Row]) -> Html:
    """Write a table that becomes a list of cards where it does not fit.

    Args:
        name: what it lists, for those who cannot see where it stands.
        headings: of the columns.
        rows: the rows.
    """
    # Cards are made by ``display``, which takes a table's meaning away in some browsers; the roles keep it.
    head = element(
        "tr", *(element("th", escaped(text), scope="col", role="columnheader") for text in headings), role="row"
    )
    return element(
        "div",
        element(
            "table",
            element("thead", head, role="rowgroup"),
            element("tbody", *(_row(row) for row in rows), role="rowgroup"),
            aria_label=name,
            role="table",
        ),
        class_="list",
    )


def _row(row: Row) -> Html:
    cells = [_cell(row.before)] if row.before is not None else []
    cells.append(element("th", row.head, scope="row", role="rowheader"))
    cells += [_cell(cell) for cell in row.cells]
    return element("tr", *cells, role="row", class_=row.class_)


def _cell(cell: Cell) -> Html:
    label = (cell.label or None) if cell.content else None
    return element("td", cell.content, role="cell", data_label=label, class_=cell.class_)


def badge(text: str, kind: str | None = None) -> Html:
    """Write a word that says how something is."""
    return element("span", escaped(text), class_=f"badge {kind or text}")


def sub(*content: Html) -> Html:
    """Write a second, quieter line."""
    return element("span", *content, class_="sub")


def text(foreign: str, most: int = LONGEST) -> Html:
    """Write foreign prose."""
    return escaped(shown(foreign, most))


def digest(found: Digest | None) -> Html:
    """Write a digest's first digits, the whole beside it."""
    return EMPTY if found is None else element("code", escaped(found.short), title=str(found), class_="digest")


def commit(full: str) -> Html:
    """Write a commit's first digits, the whole beside it."""
    return element("code", escaped(shown(full[:12])), title=full, class_="digest") if full else EMPTY


def tag_address(repository: str, tag: str, **more: str) -> str:
    """Return the address of a stream tag's page, relative to the service's own."""
    return "tag?" + urlencode({"repository": repository, "name": tag, **more}, errors="backslashreplace")


def pull_link(pull: PullView) -> Html:
    """Write a pull request as a link where it has an address of the web, else as its name."""
    label = f"#{pull.number}" if pull.number is not None else shown(pull.group, 60)
    link = inline((Link(label, pull.url),)) if web_address(pull.url) else code(label, 60)
    return Html(link + (" " + badge("blocked") if pull.blocked else ""))
