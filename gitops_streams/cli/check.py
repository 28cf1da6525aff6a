"""``gitops-streams check``: offline, for pull requests and pre-commit hooks."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option, repository_options


@click.command("check")
@repository_options
@option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print.")
@click.pass_context
def command(
    ctx: click.Context, *, directory: Path, config: Path | None, verbose: bool, color: str, output: str
) -> None:
    """Check manifests against declarations and recorded digests; no network is used.

    Finds references without a digest, digests that are behind the recorded one or were never
    recorded, tags and digests that disagree, aliases that lead nowhere, and declarations that cannot
    be used. Exits with 1 if there is a finding.
    """
    from gitops_streams.cli import session as sessions
    from gitops_streams.errors import FAILED
    from gitops_streams.plan.audit import audit
    from gitops_streams.reconcile import find_sites
    from gitops_streams.render import audit as render
    from gitops_streams.yamledit.problem import Severity

    with sessions.open_session(directory, config, verbose=verbose, color=color) as session:
        found = find_sites(session.snapshot(), session.settings)
        findings = audit(found.declarations.catalog, found.bindings, found.declarations.history)
        problems = sorted({*found.problems, *found.declarations.catalog.problems})
        write = render.text if output == "text" else render.as_json
        session.show(write(findings, problems, len(found.bindings.sites)), output)
        wrong = findings or any(problem.severity is Severity.ERROR for problem in problems)
        ctx.exit(FAILED if wrong else 0)
