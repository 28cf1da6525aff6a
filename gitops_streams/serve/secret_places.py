"""Reads secrets from where the settings say they stand; messages name the place and never what is there."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_streams.errors import ConfigError
from gitops_streams.serve.senders.google_keys import JwtKeys
from gitops_streams.serve.senders.receiver import Receiver, faults
from gitops_streams.serve.settings import ReceiverSettings, SecretPlace

_LONGEST = 64 * 1024


def read_secret(place: SecretPlace, environment: Mapping[str, str]) -> str:
    """Read a secret; the newline at the end of a file is none of it.

    Raises:
        ConfigError: there is none.
    """
    if place.env is not None:
        found = environment.get(place.env, "")
    elif place.file is not None:
        try:
            with place.file.open("rb") as file:
                found = file.read(_LONGEST).decode("utf-8", "surrogateescape").rstrip("\r\n")
        except OSError as error:
            raise ConfigError(f"{place.file} cannot be read: {error.strerror}") from error
    else:
        found = ""
    if not found.strip():
        raise ConfigError(f"{place} holds no secret", hint="set it, or leave out what needs it")
    return found


def receiver_of(
    settings: ReceiverSettings, environment: Mapping[str, str], jwt_keys: JwtKeys | None = None
) -> Receiver:
    """Read a receiver's secrets.

    Raises:
        ConfigError: one cannot be read, or the receiver cannot be started.
    """
    secrets = tuple(read_secret(place, environment) for place in settings.secrets)
    receiver = Receiver(
        settings.name, settings.sender, secrets, settings.options, settings.allow_unauthenticated, jwt_keys
    )
    if found := faults(receiver):
        raise ConfigError(
            "\n".join(f"receivers: {settings.name}: {fault}" for fault in found),
            hint="docs/webhooks.md says what each sender needs",
        )
    return receiver
