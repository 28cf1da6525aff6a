"""``gitops-streams check``: offline, for pull requests and pre-commit hooks; with ``--base`` the review of a change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import option, repository_options

if TYPE_CHECKING:
    from gitops_streams.cli.session import Session
    from gitops_streams.review.pin_review import PinReview

FAIL_ON = ("findings", "missing", "behind", "attention", "contract", "unsigned", "unresolved", "never")
"""The names in ``review.failing``, which is not imported for ``--help``; a test keeps them in step."""


@click.command("check")
@repository_options
@option(
    "-o",
    "--output",
    type=click.Choice(["text", "table", "json", "markdown", "html"]),
    default="text",
    show_default=True,
    help="What to print; html with --base only.",
)
@option("--strict", is_flag=True, help="Without --base: look for pins of no stream too, and fail on warnings.")
@option("--base", metavar="REVISION", help="Review the pins that differ since this commit or branch was left.")
@option("--offline", is_flag=True, help="With --base: ask no registry; judge by what was recorded.")
@option("--comment", is_flag=True, help="With --base: say it in one comment on the pull request. Reads HEAD.")
@option(
    "--pull-request",
    "number",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="The pull request to comment on.  [default: the one of this CI job]",
)
@option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    multiple=True,
    help="With --base: what fails; may be given again.  [default: findings, unresolved]",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    strict: bool,
    base: str | None,
    offline: bool,
    comment: bool,
    number: int | None,
    fail_on: tuple[str, ...],
) -> None:
    """Check manifests against declarations and recorded digests; no network is used.

    Finds references without a digest, digests that are behind the recorded one or were never
    recorded, tags and digests that disagree, aliases that lead nowhere, and declarations that cannot
    be used. Exits with 1 if there is such a finding. Stream tags that nothing uses are warnings; so
    are, with --strict, pins of no stream, and with it warnings fail too.

    With --base it reviews a change, whoever made it: every pin that is not what it was is looked up
    in its registry. Does the digest exist, is it its stream tag's, and what changed inside the
    image? The configuration is the base's. Exits with 1 if there is a finding, with 3 if a registry
    could not tell.

    \b
      gitops-streams check                           everything, offline
      gitops-streams check --base main               what this branch changes
      gitops-streams check --base main -o markdown   as a pull request says it
      gitops-streams check --base main --comment     in CI: one comment on the pull request
    """
    from gitops_streams.cli.opening import open_session
    from gitops_streams.errors import UsageError

    wanted = {"--offline": offline, "--comment": comment, "--pull-request": number, "--fail-on": fail_on}
    alone = [name for name, value in {**wanted, "-o html": output == "html"}.items() if value]
    if base is None and alone:
        raise UsageError(f"{alone[0]} is about a change", hint="name its base: check --base REVISION")
    if base is not None and strict:
        raise UsageError("--strict looks at the whole repository", hint="leave it out, or leave out --base")
    if number is not None and not comment:
        raise UsageError("--pull-request says where to comment", hint="add --comment, or leave it out")
    reads = base is None
    with open_session(directory, config, verbose=verbose, color=color, reads_work_tree=reads) as session:
        if base is None:
            ctx.exit(_check(session, output, strict=strict))
        ctx.exit(_review(session, base, output, config, fail_on, number, offline=offline, comment=comment))


def _check(session: Session, output: str, *, strict: bool) -> int:
    """Compare the whole repository with its declarations and records."""
    from gitops_streams.cli.surveying import survey_at
    from gitops_streams.errors import FAILED
    from gitops_streams.plan.audit import audit
    from gitops_streams.plan.audit_uses import untracked, unused
    from gitops_streams.reconcile.sites import find_sites
    from gitops_streams.render import audit as render
    from gitops_streams.yamledit.problem import Severity

    snapshot = session.snapshot()
    found = find_sites(snapshot, session.settings)
    catalog, history = found.declarations.catalog, found.declarations.history
    findings = audit(catalog, found.bindings, history)
    warnings = unused(catalog, found.bindings)
    surveyed = survey_at(snapshot, session.settings, catalog).files if strict else ()
    pins = untracked(surveyed, catalog, history, session.settings.local_registry)
    problems = sorted({*found.problems, *catalog.problems})
    write = {"json": render.as_json, "markdown": render.markdown}.get(output, render.text)
    session.show(write((*findings, *warnings), problems, len(found.bindings.sites), pins), output)
    failing = bool(findings) or (strict and bool(warnings or pins))
    return FAILED if failing or any(problem.severity is Severity.ERROR for problem in problems) else 0


def _review(
    session: Session,
    base: str,
    output: str,
    config: Path | None,
    fail_on: tuple[str, ...],
    number: int | None,
    *,
    offline: bool,
    comment: bool,
) -> int:
    """Review what a change does to pins."""
    import os

    from gitops_streams.cli.checking import Change, review_change
    from gitops_streams.cli.commenting import NotCommented, put_comment
    from gitops_streams.forges.detection.ci_pull import CiPull, ci_pull
    from gitops_streams.render.inert import line
    from gitops_streams.review.failing import DEFAULT, FailOn, exit_code

    pull = ci_pull(os.environ)
    head_sha = pull.head_sha if comment and isinstance(pull, CiPull) else None
    change = Change(base, committed=comment, offline=offline, config_file=config, head_sha=head_sha)
    reviewed = review_change(session, change)
    session.show(_written(reviewed.found, output), output)
    if comment:
        done = put_comment(session, reviewed.settings.publishing.forge, reviewed.found, number)
        if isinstance(done, NotCommented):
            click.echo(f"notice: no comment: {line(done.reason)}", err=True)
            if done.hint:
                click.echo(f"hint: {line(done.hint)}", err=True)
    return exit_code(reviewed.found, frozenset(map(FailOn, fail_on)) or DEFAULT)


def _written(found: PinReview, output: str) -> str:
    from gitops_streams.render import pin_html, pin_json, pin_markdown, pin_table

    formats = {"json": pin_json.render, "markdown": pin_markdown.render, "html": pin_html.render}
    return formats.get(output, pin_table.render)(found)
