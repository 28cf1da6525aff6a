"""Reviews to be shown: one with everything that a review can hold, one of any size, one of hostile text alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from image_values import ARM64, OTHER_REVISION, SIGNED, built_for, config, digest, index, single

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Evidence, Inspection, Presence, Uninspectable
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Repository
from gitops_streams.review.compare import compare
from gitops_streams.review.delta import (
    BaseImage,
    BaseMove,
    Built,
    Difference,
    ImageDelta,
    MoveClass,
    PlatformDelta,
    SourceMove,
)
from gitops_streams.review.report import FileReview, NotUpdated, Review, Rollout, RunInfo, TagReview
from gitops_streams.streams.model import StreamKey, TagKey

MIB = 1024 * 1024
BASE_SHA = "9c41d07c0ffee00000000000000000000000beef"
RUN = RunInfo("0.1.0", "https://ci.acme.example/runs/7")


def key(text: str) -> TagKey:
    """Read ``[namespace/]stream:tag``."""
    stream, _, tag = text.rpartition(":")
    namespace, _, name = stream.rpartition("/")
    return TagKey(StreamKey(namespace or None, name), tag)


def rollout(
    file: str,
    line: int,
    kind: str | None = "Deployment",
    name: str | None = "web",
    container: str | None = "web",
    *,
    namespace: str | None = None,
    environment: str | None = None,
) -> Rollout:
    """Return a place."""
    return Rollout(file, line, kind, namespace, name, container, environment)


def tag(
    name: str,
    delta: ImageDelta,
    *rollouts: Rollout,
    old: tuple[str, ...] = ("old",),
    declared: tuple[str, int] = ("imagestreams/payments.yaml", 12),
) -> TagReview:
    """Return a stream tag that moves."""
    moved = key(name)
    repository = Repository("registry.acme.example", str(moved.stream))
    return TagReview(
        moved,
        *declared,
        f"{repository}:{moved.tag}",
        repository,
        moved.tag,
        tuple(digest(f"{name} {each}") for each in old),
        digest(f"{name} new"),
        delta,
        rollouts,
    )


def contract_change() -> TagReview:
    """Return a stream tag whose contract changes in every way that there is."""
    evidence = Evidence(Presence.PRESENT, Presence.PRESENT, Presence.ABSENT)
    before = config(env={"DB_PASSWORD": "hunter2-hunter2", "CACHE": "on"}, labels={"maintainer": "a@acme.example"})
    after = config(
        created=datetime(2026, 11, 7, 9, 2, tzinfo=UTC),
        user="root",
        entrypoint=("/bin/sh", "-c", "/app/api | tee /log"),
        ports=frozenset({"8080/tcp", "9090/tcp"}),
        volumes=frozenset(),
        env={"DB_PASSWORD": "hunter3-hunter3", "LOG_LEVEL": "debug", "NEW": "1"},
        labels={
            "org.opencontainers.image.revision": OTHER_REVISION,
            "org.opencontainers.image.version": "2.15.0",
            "maintainer": "b@acme.example",
        },
        history=("FROM scratch", "COPY /out/web /app/web", "RUN apk add --no-cache curl", 'ENTRYPOINT ["sh"]'),
    )
    old = index(
        built_for(layers=f"base:{30 * MIB} a:{20 * MIB} b:{4 * MIB}", configured=before),
        built_for(ARM64, layers=f"base:{29 * MIB} c:{20 * MIB}", configured=None),
        annotations={"org.opencontainers.image.base.name": "registry.acme.example/ubi9:1"},
    )
    new = index(
        built_for(layers=f"base:{30 * MIB} a:{20 * MIB} d:{11 * MIB}", configured=after),
        annotations={"org.opencontainers.image.base.name": "registry.acme.example/ubi9:2"},
    )
    delta = compare(replace(old, evidence=evidence), replace(new, evidence=SIGNED))
    return tag(
        "payments/api:v2",
        delta,
        rollout("deploy/prod/api.yaml", 17, name="api", container="api", namespace="payments", environment="prod"),
        rollout("deploy/prod/api.yaml", 31, "Job", "migrate", "migrate", namespace="payments", environment="prod"),
        rollout("deploy/staging/values.yaml", 3, None, None, "api.image", environment="staging"),
        old=("one", "two"),
    )


def rebuild() -> TagReview:
    """Return a stream tag that is rebuilt."""
    later = config(created=datetime(2026, 11, 4, 8, tzinfo=UTC))
    delta = compare(single(f"a b:{MIB}"), single(f"c:{MIB} b:{MIB}", later))
    return tag("payments/worker:v2", delta, rollout("deploy/prod/worker.yaml", 9, "StatefulSet", "worker", "worker"))


def new_revision() -> TagReview:
    """Return a stream tag that is built from another revision."""
    later = config(
        created=datetime(2026, 11, 9, 8, tzinfo=UTC), labels={"org.opencontainers.image.revision": OTHER_REVISION}
    )
    return tag("web:stable", compare(single("a b"), single("a c", later)), rollout("apps/web.yaml", 4))


def relabelled() -> TagReview:
    """Return a stream tag of which only metadata moves."""
    delta = compare(single("a b"), single("a b", config(labels={"org.opencontainers.image.version": "2.14.2"})))
    return tag("web:canary", delta, rollout("apps/canary.yaml", 4, "Rollout"))


def rolled_back() -> TagReview:
    """Return a stream tag that goes back to an unsigned older image."""
    earlier = config(created=datetime(2026, 9, 1, 8, tzinfo=UTC))
    delta = compare(
        single("a b", evidence=SIGNED), single("a z", earlier, evidence=Evidence(signature=Presence.ABSENT))
    )
    return tag("base/ubi9:latest", delta, rollout("deploy/prod/jobs.yaml", 88, "CronJob", "nightly", "run"))


def first_pin() -> TagReview:
    """Return a stream tag that is pinned for the first time."""
    delta = compare(None, single(f"a:{38 * MIB} b", evidence=SIGNED))
    return tag("payments/cron:v1", delta, rollout("deploy/prod/cron.yaml", 12, "CronJob", "cron", "cron"), old=())


def uninspected() -> TagReview:
    """Return a stream tag whose images could not be read."""
    old: Inspection = Uninspectable(Repository("quay.io", "acme/x"), digest("x"), "quay.io answers 404 to a manifest")
    new: Inspection = Uninspectable(Repository("quay.io", "acme/x"), digest("y"), "quay.io answers 403 to a manifest")
    return tag("x:latest", compare(old, new), rollout("apps/x.yaml", 1))


def every_kind() -> Review:
    """Return a review with a stream tag of every class."""
    moved = (
        rolled_back(),
        contract_change(),
        first_pin(),
        rebuild(),
        new_revision(),
        relabelled(),
        uninspected(),
    )
    return review(*moved, group="payments-prod")


def review(*tags: TagReview, group: str = "all") -> Review:
    """Return the review of some stream tags, with the files that they change."""
    ordered = sorted(tags, key=lambda each: (not each.delta.alarming, each.key.sort_key))
    places: dict[str, list[TagKey]] = {}
    for each in ordered:
        for place in each.rollouts:
            places.setdefault(place.file, []).append(each.key)
    files = [FileReview(path, tuple(dict.fromkeys(keys))) for path, keys in places.items()]
    files += [FileReview(f".gitops-streams/status/{each.key.stream}.lock", ()) for each in ordered]
    left = (
        NotUpdated("payments/legacy:v1", "failed", "registry answered 401 (anonymous)", (digest("legacy"),)),
        NotUpdated("apps/x.yaml:7 nginx:1", "skipped", "ambiguous: web:x, web:y track it"),
    )
    return Review(group, "main", BASE_SHA, tuple(ordered), tuple(sorted(files, key=lambda file: file.path)), left, RUN)


def many(number: int) -> Review:
    """Return a review of ``number`` stream tags, of every class in turn."""
    kinds = (contract_change, rebuild, new_revision, relabelled, rolled_back, first_pin, uninspected)
    made = [kind() for kind in kinds]
    tags = []
    for count in range(number):
        one = made[count % len(made)]
        moved = TagKey(StreamKey(f"team-{count % 9}", f"service-{count}"), "stable")
        tags.append(replace(one, key=moved, old=one.old and (digest(f"{count} old"),), new=digest(f"{count} new")))
    return review(*tags)


def from_text(text: str) -> Review:
    """Return a review in which every field that somebody else can choose is ``text``."""
    differences = (
        *(Difference(field, None, text, f"{text}2") for field in ("User", "Entrypoint", "Command", "Health check")),
        *(Difference(field, text, None, text) for field in ("Environment", "Exposed port", "Volume")),
        Difference("Environment", text, text, None),
        Difference("Platform", text, text, None),
    )
    platforms = (
        PlatformDelta(Platform(text, text, text), digest("a"), digest("b"), 1, 2, 3, 4, 5, 6),
        PlatformDelta(Platform("linux", text), digest("a"), None),
    )
    delta = ImageDelta(
        MoveClass.CONTRACT,
        (MoveClass.SOURCE,),
        differences,
        (Difference("Label", text, text, f"{text}3"), Difference("Label", f"{text}4", None, text)),
        platforms,
        Built(datetime(2026, 1, 1, tzinfo=UTC)),
        Built(datetime(2026, 2, 1, tzinfo=UTC)),
        SourceMove(text, f"{text}x", text, f"{text}y", text, f"{text}z", None),
        BaseMove(BaseImage(text, digest("base"), likely=False), BaseImage(f"{text}n", None, likely=True)),
        (text, f"{text} again"),
        Evidence(Presence.PRESENT, Presence.UNKNOWN, Presence.ABSENT),
        Evidence(Presence.ABSENT, Presence.PRESENT, Presence.UNKNOWN),
        (f"The index has fewer images for {text} than before.",),
        (f"only {text} was read; not {text}",),
    )
    places = (
        Rollout(text, 7, text, text, text, text, text),
        Rollout(f"{text}/values.yaml", 8, None, None, None, text, None),
    )
    moved = TagKey(StreamKey(text, text), text)
    tagged = TagReview(
        moved, text, 3, text, Repository(text, text), text, (Digest("sha256", "0" * 64),), digest("n"), delta, places
    )
    other = replace(
        tagged, key=TagKey(StreamKey(None, text), "x"), old=(), delta=replace(delta, contract=(), attention=())
    )
    return Review(
        text or "x",
        text,
        text,
        (tagged, other),
        (FileReview(text, (moved, other.key)), FileReview(f"{text}/status", ())),
        (NotUpdated(text, "failed", text, (digest("kept"),)),),
        RunInfo(text, f"x{text}"),
    )
