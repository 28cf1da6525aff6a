"""``gitops-streams resolve``: the digests of references, for people and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import option

if TYPE_CHECKING:
    from gitops_streams.oci.platform import Platform
    from gitops_streams.oci.reference import Reference
    from gitops_streams.oci.resolution import Question, Unresolvable


@click.command("resolve")
@click.argument("references", nargs=-1, required=True, metavar="REFERENCE...")
@option("--platform", metavar="OS/ARCH[/VARIANT]", help="Print this platform's manifest in place of the index.")
@option(
    "-C",
    "--repo",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The repository whose configuration is used, if there is one.",
)
@option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Configuration file.")
@option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    references: tuple[str, ...],
    platform: str | None,
    directory: Path,
    config: Path | None,
    output: str,
) -> None:
    """Print each REFERENCE with the digest that its tag has in the registry now.

    Needs no repository; inside one, its configuration (credentials, certificates) is used.

    \b
      gitops-streams resolve nginx:1.27 quay.io/acme/web:1.4
      gitops-streams resolve --platform linux/arm64 nginx
    """
    import json

    from gitops_streams.cli import session as sessions
    from gitops_streams.cli.opening import open_session
    from gitops_streams.config import Settings
    from gitops_streams.errors import INCOMPLETE, RepositoryError
    from gitops_streams.oci.platform import Platform
    from gitops_streams.oci.resolution import Question, Resolved, Unresolvable
    from gitops_streams.reconcile.workspace import read_settings
    from gitops_streams.render.inert import line

    wanted = None if platform is None else Platform.parse(platform)
    asked = [(text, *_read(text, wanted)) for text in references]
    try:
        with open_session(directory, config, verbose=False, color="auto") as session:
            settings = session.settings
    except RepositoryError:
        settings = Settings() if config is None else read_settings(config, directory.absolute())
    with sessions.registry_client(settings) as client, sessions.progress_bar() as progress:
        answers = client.resolve_all([item for _, _, item in asked if isinstance(item, Question)], progress=progress)
    failed = False
    results = []
    for text, parsed, item in asked:
        answer = answers[item] if isinstance(item, Question) else item
        if parsed is not None and isinstance(answer, Resolved):
            pinned = str(parsed.pinned(answer.digest))
            results.append({"reference": text, "digest": str(answer.digest), "pinned": pinned, "reason": None})
            if output == "text":
                click.echo(line(pinned))
        elif isinstance(answer, Unresolvable):
            failed = True
            results.append({"reference": text, "digest": None, "pinned": None, "reason": answer.reason})
            told = answer.reason if isinstance(item, Unresolvable) else f"{text}: {answer.reason}"
            click.secho(f"error: {line(told)}", err=True, fg="red")
            if answer.hint:
                click.echo(f"hint: {line(answer.hint)}", err=True)
    if output == "json":
        click.echo(json.dumps({"schemaVersion": 1, "results": results}, indent=2))
    ctx.exit(INCOMPLETE if failed else 0)


def _read(text: str, platform: Platform | None) -> tuple[Reference | None, Question | Unresolvable]:
    """Read one reference; one that asks nothing has its answer at once, and stops no other."""
    from gitops_streams.errors import InvalidReference
    from gitops_streams.oci.reference import Reference
    from gitops_streams.oci.resolution import Cause, Question, Unresolvable

    try:
        reference = Reference.parse(text)
    except InvalidReference as error:
        return None, Unresolvable(Cause.UNSUPPORTED, error.message, error.hint)
    if reference.tag is None and reference.digest is not None:
        return reference, Unresolvable(Cause.UNSUPPORTED, f"{text} has a digest and no tag: nothing is to be resolved")
    return reference, Question(reference.repository, reference.tag or "latest", platform)
