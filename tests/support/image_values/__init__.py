"""Images as an inspection gives them, made from a few words: what differs in a test is all that it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gitops_streams.oci import media_types
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Config, Evidence, Image, Layer, PlatformImage, Presence
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Repository

REPOSITORY = Repository("quay.io", "acme/web")
AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64")
BUILT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
CONFIG = Config(
    created=BUILT,
    user="1001",
    entrypoint=("/app/web",),
    cmd=("--serve",),
    env={"PATH": "/usr/bin:/bin", "LOG_LEVEL": "info"},
    ports=frozenset({"8080/tcp"}),
    volumes=frozenset({"/data"}),
    workdir="/app",
    stop_signal="SIGTERM",
    healthcheck='{"Test":["CMD","/app/health"]}',
    labels={
        "org.opencontainers.image.source": "https://github.com/acme/web",
        "org.opencontainers.image.revision": "1f3c9ab0c1d2e3f405162738495a6b7c8d9e0f11",
        "org.opencontainers.image.version": "2.14.1",
    },
    history=("FROM scratch", "COPY /out/web /app/web", 'ENTRYPOINT ["/app/web"]'),
)
"""The configuration that tests start from."""
OTHER_REVISION = "77d0e21a2b3c4d5e6f708192a3b4c5d6e7f80912"


def digest(name: str) -> Digest:
    """Return a digest that stands for a name."""
    return Digest.of(name.encode())


def layer(name: str, size: int = 1000) -> Layer:
    """Return a layer that stands for a name."""
    return Layer(digest(f"layer {name}"), size)


def config(**fields: object) -> Config:
    """Return ``CONFIG`` with other fields; ``labels`` and ``env`` go over those that are there, ``None`` removes."""
    for name in ("labels", "env"):
        if name in fields:
            merged = {**getattr(CONFIG, name), **fields[name]}
            fields[name] = {key: value for key, value in merged.items() if value is not None}
    return replace(CONFIG, **fields)


def built_for(
    platform: Platform | None = AMD64,
    layers: str | None = "a b c",
    configured: Config | None = CONFIG,
    name: str | None = None,
) -> PlatformImage:
    """Return one platform's image; ``layers`` are names, each may have its size behind a colon, ``None``: not read."""
    found = None
    if layers is not None:
        pairs = [word.partition(":") for word in layers.split()]
        found = tuple(layer(word, int(size or 1000)) for word, _, size in pairs)
        if configured is not None and not configured.diff_ids:
            configured = replace(configured, diff_ids=tuple(digest(f"content {word}") for word, _, _ in pairs))
    return PlatformImage(platform, digest(name or f"{platform} {layers} {configured!r}"), found, configured)


def single(
    layers: str | None = "a b c",
    configured: Config | None = CONFIG,
    *,
    platform: Platform | None = AMD64,
    evidence: Evidence | None = None,
    annotations: dict[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Image:
    """Return an image that is one platform's manifest."""
    built = built_for(platform, layers, configured)
    return Image(
        REPOSITORY,
        built.digest,
        media_types.OCI_MANIFEST,
        (built,),
        annotations or {},
        evidence or Evidence(),
        notes,
    )


def index(*platforms: PlatformImage, annotations: dict[str, str] | None = None) -> Image:
    """Return an image that is an index."""
    name = " ".join(str(built.digest) for built in platforms)
    return Image(REPOSITORY, digest(f"index {name}"), media_types.OCI_INDEX, platforms, annotations or {})


SIGNED = Evidence(signature=Presence.PRESENT)
UNSIGNED = Evidence(signature=Presence.ABSENT)
