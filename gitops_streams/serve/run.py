"""Puts the service together from its settings and runs it until it is told to stop."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gitops_streams.errors import UsageError
from gitops_streams.registry import RegistryClient
from gitops_streams.registry.limits import SystemClock
from gitops_streams.registry.settings import RegistrySettings
from gitops_streams.serve.logs import Secrets, say
from gitops_streams.serve.loop import Loop
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.place import Place, folder_of
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.published_keys import PublishedKeys
from gitops_streams.serve.secret_places import read_secret, receiver_of
from gitops_streams.serve.senders.authentication import AuthenticationKind
from gitops_streams.serve.senders.receiver import Receiver, paths, sender_of
from gitops_streams.serve.settings import ServeSettings

_log = logging.getLogger(__name__)
_STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process was given."""

    variables: Mapping[str, str]
    home: Path
    secrets: Secrets = field(default_factory=Secrets)
    """What must not be logged; what is read here is added."""


def state_directory(settings: ServeSettings, surroundings: Surroundings) -> Path:
    """Return where clones are kept. Source: the XDG Base Directory Specification."""
    if settings.state_directory is not None:
        return settings.state_directory
    given = surroundings.variables.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else surroundings.home / ".local" / "state"
    return base / "gitops-streams"


def run_once(settings: ServeSettings, surroundings: Surroundings) -> int:
    """Visit every repository once.

    Returns:
        The worst exit code of ``reconcile`` over all of them.

    Raises:
        GitopsStreamsError: the service cannot be started.
    """
    with _state(settings, surroundings) as state, _pool(settings, surroundings) as pool:
        loop = Loop(
            _places(settings, state, surroundings), pool, SystemClock(), _pace(settings), workers=settings.workers
        )
        try:
            return loop.once()
        finally:
            loop.stop(settings.stop_timeout)


def run(settings: ServeSettings, surroundings: Surroundings, ready: Callable[[str], None]) -> bool:
    """Run until SIGTERM or SIGINT comes; call it from the main thread.

    Args:
        settings: what to do.
        surroundings: what the process was given.
        ready: told the page's address once it answers.

    Returns:
        Whether everything that was under way has ended in its time.

    Raises:
        GitopsStreamsError: the service cannot be started.
    """
    # Starlette and uvicorn are an extra, and take their time to import.
    from gitops_streams.serve.access import Access  # noqa: PLC0415
    from gitops_streams.serve.application import application  # noqa: PLC0415
    from gitops_streams.serve.metrics import Metrics  # noqa: PLC0415
    from gitops_streams.serve.pages.routes import routes  # noqa: PLC0415
    from gitops_streams.serve.server import Server  # noqa: PLC0415

    keys = PublishedKeys(surroundings.variables)
    receivers = [receiver_of(each, surroundings.variables, keys) for each in settings.receivers]
    token = settings.page_token
    page_token = None if token is None else read_secret(token, surroundings.variables)
    access = None if page_token is None else Access(page_token)
    surroundings.secrets.add(*(secret for receiver in receivers for secret in receiver.secrets), page_token or "")
    server = Server(settings.host, settings.port, settings.concurrency)
    try:
        with _state(settings, surroundings) as state, _pool(settings, surroundings) as pool, _signals_kept():
            metrics = Metrics()
            loop = Loop(
                _places(settings, state, surroundings),
                pool,
                SystemClock(),
                _pace(settings),
                receivers=receivers,
                metrics=metrics,
                workers=settings.workers,
            )
            server.start(application(receivers, loop, routes(loop, metrics, access)))
            loop.start()
            if any(_needs_keys(receiver) for receiver in receivers):
                keys.start()
            ready(_address(settings, server.port))
            signal.sigwait(_STOPPING)
            say(_log, logging.INFO, "stopping", "what is under way is finished first")
            ended = loop.stop(settings.stop_timeout)
    finally:
        server.stop()
        keys.stop()
    return ended


def _needs_keys(receiver: Receiver) -> bool:
    sender = sender_of(receiver)
    return sender is not None and AuthenticationKind.JWT in sender.kinds


def _address(settings: ServeSettings, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{port}"


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep SIGTERM and SIGINT for ``sigwait``, also from the threads that are started meanwhile.

    A handler would not do: the system may give a signal to any thread that takes it, and the main one, which alone runs
    handlers, would sleep on.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        # Who asks twice wants the same: it must not end us halfway.
        while repeated := signal.sigpending() & _STOPPING:
            signal.sigwait(repeated)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _state(settings: ServeSettings, surroundings: Surroundings) -> Iterator[Path]:
    """Have the state directory for ourselves: two processes in one clone would only wait for each other."""
    state = state_directory(settings, surroundings)
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(
            f"the state directory {state} cannot be written: {error.strerror}", hint="name another one: stateDirectory"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"another gitops-streams serve uses the state directory {state}",
                hint="give each process a stateDirectory of its own; they settle the rest by Git",
            ) from error
        yield state
    finally:
        os.close(descriptor)


@contextmanager
def _pool(settings: ServeSettings, surroundings: Surroundings) -> Iterator[Pool]:
    def open_client(registry: RegistrySettings) -> RegistryClient:
        return RegistryClient(registry, surroundings.variables, surroundings.home)

    pool = Pool(open_client, SystemClock(), _pace(settings))
    try:
        yield pool
    finally:
        pool.close()


def _pace(settings: ServeSettings) -> Pace:
    return Pace(settings.interval, settings.jitter)


def _places(settings: ServeSettings, state: Path, surroundings: Surroundings) -> list[Place]:
    return [
        Place(repository, folder_of(state, repository), surroundings.variables, settings.shard)
        for repository in settings.repositories
    ]


def urls(settings: ServeSettings, surroundings: Surroundings) -> list[tuple[Receiver, tuple[str, ...]]]:
    """Return where each receiver's deliveries are sent to, the newest secret's address first.

    Raises:
        ConfigError: a secret cannot be read, or a receiver not be started.
    """
    base = (settings.public_url or _address(settings, settings.port)).rstrip("/")
    keys = PublishedKeys(surroundings.variables)
    found = [receiver_of(each, surroundings.variables, keys) for each in settings.receivers]
    return [(receiver, tuple(f"{base}{path}" for path in paths(receiver))) for receiver in found]
