"""``gitops-streams tag``: let stream tags follow an image or another tag, or delete them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import authoring_options, option

if TYPE_CHECKING:
    from gitops_streams.cli.authoring import Desk


@click.command("tag")
@click.argument("names", nargs=-1, metavar="SOURCE DEST...")
@option(
    "--source",
    "kind",
    metavar="KIND",
    help="What SOURCE is: docker, imagestreamtag (istag), imagestreamimage (isimage).",
)
@option("--alias", is_flag=True, help="Follow the stream tag SOURCE, rather than the image that it is now.")
@option("--scheduled/--no-scheduled", default=None, help="Resolve the image in every run.")
@option("--insecure/--no-insecure", default=None, help="Accept plain HTTP or an unverified certificate for it.")
@option("--reference/--no-reference", default=None, help="Let the tag name the image without ever resolving it.")
@option(
    "--reference-policy",
    type=click.Choice(["source", "local"], case_sensitive=False),
    help="Where references point: the source's registry, or the configured local one.",
)
@option(
    "--import-mode",
    type=click.Choice(["Legacy", "PreserveOriginal"], case_sensitive=False),
    help="Pin one platform's manifest, or the index as it is.",
)
@option("-d", "--delete", is_flag=True, help="Delete the named stream tags, and what is recorded of them.")
@option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where a new stream is declared.  [default: beside the others]",
)
@authoring_options
def command(
    *,
    names: tuple[str, ...],
    kind: str | None,
    alias: bool,
    scheduled: bool | None,
    insecure: bool | None,
    reference: bool | None,
    reference_policy: str | None,
    import_mode: str | None,
    delete: bool,
    file: Path | None,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    dry_run: bool,
) -> None:
    """Let stream tags follow an image or another tag, as oc tag does, by editing their declarations.

    SOURCE with a registry's host is an image; stream@id is an image of a stream's history; stream:tag
    is what that tag resolved to last, or with --alias the tag itself. DEST is [namespace/]stream:tag;
    a tag or stream that is not there is declared. Only the lines that change are touched: comments,
    quotes and order stay. Options that are not given leave a tag's fields as they are.

    \b
      gitops-streams tag quay.io/acme/web:1.5 acme/web:prod
      gitops-streams tag acme/web:1.5 acme/web:prod            the image that 1.5 is now, for good
      gitops-streams tag --alias acme/web:1.5 acme/web:prod    whatever 1.5 is
      gitops-streams tag -d acme/web:old
    """
    from gitops_streams.cli.authoring import Invocation, author
    from gitops_streams.cli.tagging import Flags, delete_tags, set_tags

    flags = Flags(kind, alias, scheduled, insecure, reference, reference_policy, import_mode)

    def edit(desk: Desk) -> list[str]:
        if delete:
            return delete_tags(desk, names, flags)
        return set_tags(desk, names, flags, file, directory)

    author(Invocation(directory, config, verbose, color, output, dry_run), edit)
