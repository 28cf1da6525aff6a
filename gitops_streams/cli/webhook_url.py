"""``gitops-streams webhook-url``: where ``serve`` takes webhooks, and what to do with that."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option


@click.command("webhook-url")
@option(
    "--config",
    "config_file",
    envvar="GITOPS_STREAMS_SERVE_CONFIG",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The service's configuration file.",
)
@option("--url", metavar="URL", help="The service's address as senders reach it.  [default: publicUrl, or listen]")
@option("--receiver", "wanted", metavar="NAME", help="This receiver only.")
def command(*, config_file: Path, url: str | None, wanted: str | None) -> None:
    """Print where serve takes webhooks, and what to do with that.

    The addresses hold a code that is made of each receiver's secret: nobody can guess them, and they
    change with the secret. What each sender wants besides stands in docs/webhooks.md.
    """
    from dataclasses import replace

    from gitops_streams.cli.service import read_settings, surroundings
    from gitops_streams.errors import UsageError
    from gitops_streams.serve.run import urls
    from gitops_streams.serve.senders.authentication import AuthenticationKind
    from gitops_streams.serve.senders.receiver import sender_of

    settings = read_settings(config_file)
    if url is not None:
        settings = replace(settings, public_url=url)
    if wanted is not None:
        chosen = tuple(receiver for receiver in settings.receivers if receiver.name == wanted)
        if not chosen:
            known = ", ".join(receiver.name for receiver in settings.receivers) or "none"
            raise UsageError(f"there is no receiver {wanted!r}", hint=f"receivers in {config_file}: {known}")
        settings = replace(settings, receivers=chosen)
    if not settings.receivers:
        raise UsageError(f"{config_file} names no receivers", hint="docs/webhooks.md says how to add one")
    told = {
        AuthenticationKind.SECRET: "have it send the secret in the header that docs/webhooks.md names",
        AuthenticationKind.SIGNATURE: "give it the secret to sign with",
        AuthenticationKind.BASIC: "give it the secret as the password",
        AuthenticationKind.JWT: "have it send its token",
        AuthenticationKind.NONE: "it can prove nothing: the address is the secret",
    }
    for receiver, places in urls(settings, surroundings()):
        sender = sender_of(receiver)
        if sender is None:
            raise AssertionError("receivers are checked when they are read")
        click.echo(f"{receiver.name} ({sender.title})")
        for number, place in enumerate(places):
            click.echo(f"  {place}" + ("  (of an older secret)" if number else ""))
        ways = [told[kind] for kind in sender.kinds]
        click.echo(f"  {'; or '.join(ways)}; docs/webhooks.md#{sender.docs_anchor}")
