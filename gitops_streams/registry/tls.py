"""TLS contexts: which certificates a registry is checked against, and which one we show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_streams.registry.messages import Broken, TransportError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class TlsChoice:
    """Everything that a context is made from; equal choices share one context and their connections."""

    verify: bool = True
    ca_files: tuple[Path, ...] = ()
    """Trusted instead of the system's certificates, where there are any."""
    extra_ca_files: tuple[Path, ...] = ()
    """Trusted beside the others (``certs.d``)."""
    client_cert: Path | None = None
    client_key: Path | None = None


SYSTEM_TRUST = TlsChoice()


def choice_from_folders(folders: Iterable[Path], authority: str) -> TlsChoice:
    """Read ``certs.d`` as Docker and containers/image do: ``*.crt`` is trusted, ``*.cert`` with ``*.key`` is shown.

    ``authority`` is the ``host[:port]`` of the registry. The first folder that has an entry for it counts.
    """
    for folder in folders:
        place = folder / authority
        try:
            names = sorted(path.name for path in place.iterdir())
        except OSError:
            continue
        authorities = tuple(place / name for name in names if name.endswith(".crt"))
        pairs = [name[:-5] for name in names if name.endswith(".cert") and f"{name[:-5]}.key" in names]
        cert, key = (place / f"{pairs[0]}.cert", place / f"{pairs[0]}.key") if pairs else (None, None)
        return TlsChoice(extra_ca_files=authorities, client_cert=cert, client_key=key)
    return SYSTEM_TRUST


def make_context(choice: TlsChoice, environment: Mapping[str, str]) -> ssl.SSLContext:
    """Make the context for a choice; ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` replace the system's certificates.

    Raises:
        TransportError: a certificate file cannot be read.
    """
    import ssl  # noqa: PLC0415 - 15 ms that registries on plain HTTP do not pay

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if choice.verify:
        _trust(context, choice, environment)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if choice.client_cert is not None:
        try:
            # An empty password makes an encrypted key an error; without one OpenSSL would ask on the terminal.
            context.load_cert_chain(choice.client_cert, choice.client_key, password="")
        except (OSError, ValueError) as error:
            raise TransportError(
                Broken.TLS, f"the client certificate {choice.client_cert} cannot be used: {_why(error)}"
            ) from None
    return context


def _trust(context: ssl.SSLContext, choice: TlsChoice, environment: Mapping[str, str]) -> None:
    if choice.ca_files:
        for path in choice.ca_files:
            _load(context, path)
    else:
        cert_file, cert_dir = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
        if cert_file:
            _load(context, Path(cert_file))
        if cert_dir:
            context.load_verify_locations(capath=cert_dir)
        if not cert_file and not cert_dir:
            context.load_default_certs()
            if not context.cert_store_stats()["x509_ca"]:
                # Pythons from python.org bring an OpenSSL that knows no system store.
                import certifi  # noqa: PLC0415 - needed where the system has no store only

                context.load_verify_locations(cafile=certifi.where())
    for path in choice.extra_ca_files:
        _load(context, path)


def _load(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:
        raise TransportError(Broken.TLS, f"the CA file {path} cannot be used: {_why(error)}") from None


def _why(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return strerror if isinstance(strerror, str) else "it is no usable PEM file"
