"""What Prometheus reads: passes as they are counted, and everything else as the overview says it when it is asked.

Labels are bounded: repositories and receivers by the configuration, states and outcomes by their enumerations, and
registries, whose names declarations choose, by ``MOST_REGISTRIES``. No label holds a stream tag.
Source: the Prometheus text exposition format 0.0.4, which every version of Prometheus reads.
"""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterable, Iterator
from itertools import chain

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from gitops_streams.render.inert import shown
from gitops_streams.serve.overview import Overview, PassOutcome, PassView, RegistryView, RepositoryView, State

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
MOST_REGISTRIES = 100
"""Registries that have series of their own; the least asked ones share one, named ``other``."""
_LONGEST = 200
_PASS_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_LATENCY_BUCKETS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """Counts what happens, in a registry of its own; its methods may be called from any thread."""

    def __init__(self, *, process: bool = True) -> None:
        """Make the counters.

        Args:
            process: whether memory, processor time and open files of this process are told as well.
        """
        self._registry = CollectorRegistry()
        if process:
            ProcessCollector(registry=self._registry)
        self._passes = Counter(
            "gitops_streams_passes",
            "Passes over a repository that ended, by outcome.",
            ["repository", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "gitops_streams_pass_duration_seconds",
            "How long passes took, publishing included.",
            buckets=_PASS_BUCKETS,
            registry=self._registry,
        )
        self._changes = Counter(
            "gitops_streams_changes",
            "Sites that got a new digest in what was published: commits, pushes, pull requests.",
            ["repository"],
            registry=self._registry,
        )
        self._latency = Histogram(
            "gitops_streams_event_to_publish_seconds",
            "From the arrival of a webhook to the end of the publish that it led to.",
            buckets=_LATENCY_BUCKETS,
            registry=self._registry,
        )

    def kept(self, repositories: Iterable[str]) -> None:
        """Make every series of these repositories, so that the first failure is an increase and no beginning."""
        for name in repositories:
            for outcome in PassOutcome:
                self._passes.labels(_label(name), outcome.value)
            self._changes.labels(_label(name))

    def dropped(self, repository: str) -> None:
        """Forget a repository that the configuration has no longer."""
        for outcome in PassOutcome:
            self._passes.remove(_label(repository), outcome.value)
        self._changes.remove(_label(repository))

    def passed(self, repository: str, done: PassView, *, changes: int = 0) -> None:
        """Count a pass that ended.

        Args:
            repository: its name.
            done: how it ended.
            changes: how many sites got a new digest in what it published.
        """
        self._passes.labels(_label(repository), done.outcome.value).inc()
        self._seconds.observe(done.seconds)
        self._changes.labels(_label(repository)).inc(changes)

    def published_after(self, seconds: float) -> None:
        """Count how long it took from a webhook's arrival to the end of the publish that it led to."""
        self._latency.observe(seconds)

    def expose(self, overview: Overview) -> bytes:
        """Write everything, what is known now included; its type is ``CONTENT_TYPE``."""
        return generate_latest(_Both(self._registry, overview))


class _Both(Collector):
    """What was counted, then what an overview says."""

    def __init__(self, counted: CollectorRegistry, overview: Overview) -> None:
        self._counted = counted
        self._overview = overview

    def collect(self) -> Iterable[Metric]:
        return chain(map(_lean, self._counted.collect()), _said(self._overview))


def _lean(metric: Metric) -> Metric:
    """Leave out when each counter was made, which would be one more series for each."""
    kept = Metric(metric.name, metric.documentation, metric.type)
    kept.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
    return kept


def _label(text: str) -> str:
    """Return foreign text as a label's value, which has to be encodable and should be readable."""
    return shown(text, _LONGEST)


def _said(overview: Overview) -> Iterator[Metric]:
    yield InfoMetricFamily("gitops_streams_build", "The running version.", {"version": _label(overview.version)})
    yield _single("started_timestamp_seconds", "When the service was started.", overview.started.timestamp())
    if overview.heartbeat is not None:
        yield _single(
            "loop_heartbeat_timestamp_seconds", "When the loop last came round.", overview.heartbeat.timestamp()
        )
    yield _single("queue_depth", "Checks and passes that wait for their turn.", overview.queued)
    yield from _repositories(overview.repositories)
    yield from _registries(overview)
    deliveries = CounterMetricFamily(
        "gitops_streams_webhook_deliveries", "Webhooks that came, by outcome.", labels=["receiver", "sender", "outcome"]
    )
    for receiver in overview.receivers:
        names = [_label(receiver.name), _label(receiver.sender)]
        for outcome in ("accepted", "ignored", "refused"):
            deliveries.add_metric([*names, outcome], getattr(receiver, outcome))
    yield deliveries


def _single(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"gitops_streams_{name}", told, value)


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gitops_streams_{name}", told, labels=labels)


def _repositories(repositories: Iterable[RepositoryView]) -> Iterator[Metric]:
    tags = _gauge("stream_tags", "Stream tags by state.", "repository", "state")
    sites = _gauge("sites_behind", "Places in manifests that have not what their stream tag is.", "repository")
    pulls = _gauge("open_pull_requests", "Open pull requests of ours.", "repository")
    ended = _gauge("last_pass_timestamp_seconds", "When the last pass ended, however.", "repository")
    success = _gauge("last_success_timestamp_seconds", "When a pass last ended that did not fail.", "repository")
    oldest = _gauge("failing_since_timestamp_seconds", "Since when the longest failing stream tag fails.", "repository")
    for repository in repositories:
        name = _label(repository.name)
        counted = Count(tag.state for tag in repository.tags)
        for state in State:
            tags.add_metric([name, state.value], counted[state])
        behind = sum(site.state == "behind" for tag in repository.tags for site in tag.sites)
        sites.add_metric([name], behind)
        pulls.add_metric([name], len(repository.pulls))
        if repository.last is not None:
            ended.add_metric([name], repository.last.ended.timestamp())
        if repository.last_success is not None:
            success.add_metric([name], repository.last_success.timestamp())
        failing = [tag.failing_since.timestamp() for tag in repository.tags if tag.failing_since is not None]
        if failing:
            oldest.add_metric([name], min(failing))
    yield from (tags, sites, pulls, ended, success, oldest)


def _registries(overview: Overview) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "gitops_streams_registry_requests", "HTTP requests to registries, tokens included.", labels=["registry"]
    )
    failing = _gauge("registry_failing", "Whether the registry fails now.", "registry")
    limit = _gauge("registry_rate_limit", "Pulls that the registry allows in its window.", "registry")
    left = _gauge("registry_rate_limit_remaining", "How many of them are left.", "registry")
    ranked = sorted(overview.registries, key=_by_requests)
    for registry in ranked[:MOST_REGISTRIES]:
        host = [_label(registry.host)]
        requests.add_metric(host, registry.requests)
        failing.add_metric(host, registry.failing_since is not None)
        if registry.limit is not None:
            limit.add_metric(host, registry.limit)
        if registry.left is not None:
            left.add_metric(host, registry.left)
    others = ranked[MOST_REGISTRIES:]
    if others:
        requests.add_metric(["other"], sum(registry.requests for registry in others))
        failing.add_metric(["other"], any(registry.failing_since is not None for registry in others))
    yield from (requests, failing, limit, left)


def _by_requests(registry: RegistryView) -> tuple[int, str]:
    return (-registry.requests, registry.host)
