"""The source that an image says it was built from, and a link that compares two of its revisions.

Labels are the image builder's text. A link is never copied from one: it is put together from the parts
that passed a strict grammar, and it leads to a host that is known or configured, or there is none.
Sources: OCI image-spec ``annotations.md`` (``source``, ``revision``, ``version``), label-schema.org 1.0,
the labels of OpenShift's builds and of Red Hat's images; the forges' pages that compare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_streams.oci.image import Config, Image
from gitops_streams.review.delta import SourceMove
from gitops_streams.review.secrecy import is_secret

_KNOWN_HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
}
_PAGES = {
    "github": "compare/{old}...{new}",
    "gitea": "compare/{old}...{new}",
    "gitlab": "-/compare/{old}...{new}",
    # Bitbucket Cloud's form; its Data Center has no page that compares any two commits.
    "bitbucket": "branches/compare/{new}%0D{old}",
}
"""Behind the repository's address, by kind of forge."""

_REVISION = re.compile(r"[0-9a-f]{7,64}")
_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)"
_URL = re.compile(
    rf"(?:git\+)?(?P<scheme>https|ssh)://(?:[A-Za-z0-9._~%:+-]*@)?{_HOST}(?P<port>:[0-9]{{1,5}})?/(?P<path>.*)"
)
_SCP = re.compile(rf"(?:[A-Za-z0-9._-]+@){_HOST}:/?(?!/)(?P<path>.*)")
_SEGMENT = re.compile(r"(?!\.\.?$)[A-Za-z0-9._-]{1,100}")
# What forges put between a repository and a place in it; none of them may be a repository's own name there.
_PLACES = frozenset({"-", "tree", "blob", "src", "commit", "commits", "raw", "releases"})
_DEEPEST = 12
_LONGEST = 2048
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")


@dataclass(frozen=True, slots=True)
class SourceRepository:
    """A repository on a forge, in the form in which equal repositories are equal but for the case of the path."""

    host: str
    """With the port, where one is named."""
    path: tuple[str, ...]
    """Without a place in the repository, ``.git`` or a reference."""

    @property
    def identity(self) -> tuple[str, ...]:
        """Equal for two spellings of one repository: the known forges tell no repositories apart by case."""
        return (self.host, *(part.lower() for part in self.path))


@dataclass(frozen=True, slots=True)
class _Source:
    url: str | None
    revision: str | None
    version: str | None


_FAMILIES: tuple[tuple[str, str, str], ...] = (
    ("org.opencontainers.image.source", "org.opencontainers.image.revision", "org.opencontainers.image.version"),
    ("org.label-schema.vcs-url", "org.label-schema.vcs-ref", "org.label-schema.version"),
    ("io.openshift.build.source-location", "io.openshift.build.commit.id", "version"),
    ("vcs-url", "vcs-ref", "version"),
)
"""Names of source, revision and version. Labels are inherited from base images, so families are never mixed:
the source of one and the revision of another would be those of two images."""


def read_repository(text: str) -> SourceRepository | None:
    """Read the address of a Git repository as labels spell it; ``None`` for whatever is not clearly one.

    Understood: ``https``, ``ssh``, ``git+https`` and ``git@host:path``, with ``.git``, trailing slashes,
    ``#reference`` or a place in the repository (``/tree/main/sub``) behind it.
    """
    if len(text) > _LONGEST:
        return None
    address = text.partition("#")[0].partition("?")[0]
    match = _URL.fullmatch(address)
    port = "" if match is None or match["scheme"] != "https" else match["port"] or ""
    match = match or _SCP.fullmatch(address)
    if match is None:
        return None
    parts = match["path"].rstrip("/").split("/")
    # Two parts at least are the repository's.
    cut = next((at for at, part in enumerate(parts) if at > 1 and part in _PLACES), len(parts))
    path = [*parts[: cut - 1], parts[cut - 1].removesuffix(".git")]
    if not 1 < len(path) <= _DEEPEST or not all(_SEGMENT.fullmatch(part) for part in path):
        return None
    return SourceRepository(f"{match['host'].lower()}{port.removesuffix(':443')}", tuple(path))


def compare_link(
    old: SourceRepository | None,
    new: SourceRepository | None,
    old_revision: str | None,
    new_revision: str | None,
    compare_hosts: Sequence[str] = (),
) -> str | None:
    """Link to the page that compares two revisions of one repository; ``None`` where that is not safe or not known.

    Args:
        old: the repository that the one image names.
        new: the repository that the other one names.
        old_revision: hexadecimal, 7 to 64 digits.
        new_revision: the same.
        compare_hosts: hosts beside the well-known ones, ``host[:port]=kind``.
    """
    if old is None or new is None or old.identity != new.identity or old_revision is None or new_revision is None:
        return None
    if not (_REVISION.fullmatch(old_revision) and _REVISION.fullmatch(new_revision)):
        return None
    hosts = _KNOWN_HOSTS | {host.lower(): kind for host, _, kind in (entry.rpartition("=") for entry in compare_hosts)}
    kind = hosts.get(new.host)
    page = _PAGES.get(kind or "")
    nested = kind == "gitlab"
    if page is None or same_revision(old_revision, new_revision) or (len(new.path) > 2 and not nested):  # noqa: PLR2004
        return None
    return f"https://{new.host}/{'/'.join(new.path)}/{page.format(old=old_revision, new=new_revision)}"


def same_revision(old: str, new: str) -> bool:
    """Whether two revisions are the same, one maybe shortened."""
    short, long = sorted((old.lower(), new.lower()), key=len)
    return short == long or (_REVISION.fullmatch(short) is not None and long.startswith(short))


def source_move(
    old: tuple[Image, Config | None] | None,
    new: tuple[Image, Config | None],
    compare_hosts: Sequence[str] = (),
) -> SourceMove:
    """Compare what two images say of their source.

    Args:
        old: an image with the configuration that was read; ``None`` for a first pin.
        new: the same of the image that is to be pinned.
        compare_hosts: see ``compare_link``.
    """
    texts = [_texts(*side) if side is not None else {} for side in (old, new)]
    family = next((names for names in _FAMILIES if any(text.get(name) for text in texts for name in names[:2])), None)
    before, after = (_read(text, family or _FAMILIES[0]) for text in texts)
    link = compare_link(
        read_repository(before.url or ""),
        read_repository(after.url or ""),
        before.revision,
        after.revision,
        compare_hosts,
    )
    return SourceMove(before.revision, after.revision, before.url, after.url, before.version, after.version, link)


def repository_changed(source: SourceMove) -> bool:
    """Whether the old image named a source repository, and the new one names another one or none."""
    if source.old_url is None:
        return False
    if source.new_url is None:
        return True
    old, new = read_repository(source.old_url), read_repository(source.new_url)
    return source.old_url != source.new_url if old is None or new is None else old.identity != new.identity


def _texts(image: Image, config: Config | None) -> Mapping[str, str]:
    """Return labels, and over them annotations, which no base image hands down."""
    return {**(config.labels if config is not None else {}), **image.annotations}


def _read(texts: Mapping[str, str], family: tuple[str, str, str]) -> _Source:
    url, revision, version = (_shown(name, texts.get(name, "")) for name in family)
    return _Source(url, revision, version)


def _shown(name: str, text: str) -> str | None:
    """Return what may be shown of a label: no credentials, and no secret that stands in the wrong place."""
    text = _CREDENTIALS.sub("", text.strip())
    return None if not text or is_secret(name, text) else text
