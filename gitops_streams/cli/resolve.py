"""``gitops-streams resolve``: the digests of references, for people and scripts."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option


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
    from gitops_streams.config import Settings
    from gitops_streams.errors import INCOMPLETE, RepositoryError
    from gitops_streams.oci.platform import Platform
    from gitops_streams.oci.reference import Reference
    from gitops_streams.oci.resolution import Question, Resolved
    from gitops_streams.render.inert import line

    wanted = None if platform is None else Platform.parse(platform)
    parsed = [Reference.parse(text) for text in references]
    questions = [Question(reference.repository, reference.tag or "latest", wanted) for reference in parsed]
    try:
        with sessions.open_session(directory, config, verbose=False, color="auto") as session:
            settings = session.settings
    except RepositoryError:
        settings = Settings()
    with sessions.registry_client(settings) as client, sessions.progress_bar() as progress:
        answers = client.resolve_all(questions, progress=progress)
    failed = False
    results = []
    for reference, question in zip(parsed, questions, strict=True):
        answer = answers[question]
        if isinstance(answer, Resolved):
            pinned = str(reference.pinned(answer.digest))
            results.append(
                {"reference": str(reference), "digest": str(answer.digest), "pinned": pinned, "reason": None}
            )
            if output == "text":
                click.echo(line(pinned))
        else:
            failed = True
            results.append({"reference": str(reference), "digest": None, "pinned": None, "reason": answer.reason})
            click.secho(f"error: {line(str(reference))}: {line(answer.reason)}", err=True, fg="red")
            if answer.hint:
                click.echo(f"hint: {line(answer.hint)}", err=True)
    if output == "json":
        click.echo(json.dumps({"schemaVersion": 1, "results": results}, indent=2))
    ctx.exit(INCOMPLETE if failed else 0)
