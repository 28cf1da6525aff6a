"""``gitops-streams github-action``: the step that action.yml runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_streams.cli.github.event import Event, PullRequestEvent
    from gitops_streams.cli.github.inputs import Inputs
    from gitops_streams.cli.github.result import Result
    from gitops_streams.cli.github.surroundings import Folders
    from gitops_streams.cli.session import Session
    from gitops_streams.config import Settings
    from gitops_streams.render.report import Report


@click.command("github-action")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Run as a step of a GitHub workflow; action.yml calls this.

    Reads the Action's inputs from the environment (GS_COMMAND and so on), runs reconcile, diff or
    check, and writes outputs, the step's summary and annotations as GitHub's runner takes them.
    docs/github-action.md explains the inputs.
    """
    import os

    from gitops_streams.cli.github import inputs as action
    from gitops_streams.cli.github import surroundings
    from gitops_streams.cli.github.result import NOTHING, Result
    from gitops_streams.cli.github.runner import Annotation, Level, Runner
    from gitops_streams.errors import FAILED, GitopsStreamsError
    from gitops_streams.render import inert

    runner = Runner(os.environ)
    try:
        inputs = action.read(os.environ)
        runner.mask(*inputs.secrets, *surroundings.derived_secrets(inputs))
        with runner.commands_stopped():
            result = _run(inputs)
    except (GitopsStreamsError, OSError) as error:
        hint = getattr(error, "hint", None)
        message = "\n".join(filter(None, (str(error), hint)))
        code = error.exit_code if isinstance(error, GitopsStreamsError) else FAILED
        summary = "\n\n".join(["### gitops-streams failed", *map(inert.code, message.splitlines())])
        result = Result(code, (Annotation(Level.ERROR, "gitops-streams", message),), NOTHING, summary)
    runner.annotate(result.annotations)
    runner.set_outputs(result.outputs)
    runner.add_summary(result.summary)
    ctx.exit(result.exit_code)


def _run(inputs: Inputs) -> Result:
    """Do what the command says; whatever is printed meanwhile is no command to the runner."""
    import os

    from gitops_streams.cli.github import event, surroundings
    from gitops_streams.cli.github.inputs import Command
    from gitops_streams.cli.opening import open_session

    started_by = event.read(os.environ)
    places = surroundings.folders(os.environ, inputs)
    surroundings.apply(surroundings.for_git(os.environ, places))
    surroundings.apply(surroundings.for_registries(os.environ, places, inputs))
    file = None if inputs.config is None else places.directory / inputs.config
    verbose = os.environ.get("RUNNER_DEBUG") == "1"
    with open_session(places.directory, file, verbose=verbose, color="auto") as session:
        if inputs.command is Command.CHECK and isinstance(started_by, event.PullRequestEvent):
            return _review(session, inputs, started_by, places, file)
        if inputs.command is Command.CHECK:
            return _check(session, inputs, places)
        return _resolve(session, inputs, started_by, places)


def _check(session: Session, inputs: Inputs, places: Folders) -> Result:
    """Compare manifests with declarations and recorded digests; needs no network and no token."""
    from dataclasses import replace

    from gitops_streams.cli.github import result
    from gitops_streams.plan.audit import audit
    from gitops_streams.reconcile.sites import find_sites
    from gitops_streams.render import audit as render

    found = find_sites(session.snapshot(), session.settings)
    findings = audit(found.declarations.catalog, found.bindings, found.declarations.history)
    problems = sorted({*found.problems, *found.declarations.catalog.problems})
    sites = len(found.bindings.sites)
    session.show(render.text(findings, problems, sites))
    told = result.of_findings(findings, problems, inputs, places.prefix(session.repository))
    path = _write_file("report.json", render.as_json(findings, problems, sites))
    return replace(
        told, outputs={**told.outputs, "report-path": path}, summary=render.markdown(findings, problems, sites)
    )


def _review(session: Session, inputs: Inputs, pull: PullRequestEvent, places: Folders, file: Path | None) -> Result:
    """Look up the pins that a pull request touches, and say it there if the token may."""
    from dataclasses import replace

    from gitops_streams.cli.checking import Change, review_change
    from gitops_streams.cli.commenting import NotCommented, put_comment
    from gitops_streams.cli.github.pin_result import of_pins
    from gitops_streams.cli.github.runner import Annotation, Level
    from gitops_streams.git.base import merged_into
    from gitops_streams.render import pin_html, pin_json, pin_markdown, pin_table

    # The event's base is where it was when the event happened; what GitHub has merged for us may have a newer one.
    base = merged_into(session.repository, pull.head_sha) or pull.base_sha
    change = Change(base, committed=True, config_file=file, overlay=inputs.over, head_sha=pull.head_sha or None)
    reviewed = review_change(session, change)
    found = reviewed.found
    session.show(pin_table.render(found))
    told = of_pins(found, inputs, places.prefix(session.repository))
    annotations = told.annotations
    if inputs.token is not None:
        done = put_comment(session, reviewed.settings.publishing.forge, found)
        if isinstance(done, NotCommented):
            why = "\n".join(filter(None, (done.reason, done.hint)))
            annotations += (Annotation(Level.NOTICE, "The review is not on the pull request", why),)
    files = {
        "report-path": _write_file("report.json", pin_json.render(found)),
        "report-html-path": _write_file("report.html", pin_html.render(found)),
    }
    outputs = {**told.outputs, **files}
    return replace(told, annotations=annotations, outputs=outputs, summary=pin_markdown.render(found))


def _resolve(session: Session, inputs: Inputs, started_by: Event, places: Folders) -> Result:
    """Ask the registries, and publish what has moved unless this is a dry run."""
    import os
    from dataclasses import replace

    from gitops_streams.cli.github import result, surroundings
    from gitops_streams.cli.github.event import ImagesPushed, PullRequestEvent
    from gitops_streams.cli.github.inputs import Command, Publish
    from gitops_streams.errors import UsageError
    from gitops_streams.reconcile.declarations import read_declarations
    from gitops_streams.render.formats import FORMATS
    from gitops_streams.render.markdown import step_summary

    writes = inputs.command is Command.RECONCILE and not inputs.dry_run
    settings = session.settings
    if isinstance(started_by, PullRequestEvent):
        if writes and inputs.publish is not Publish.WORKTREE:
            raise UsageError(
                "a pull request's workflow may not publish",
                hint="command: check or diff there; reconcile belongs to schedule, push or workflow_dispatch",
            )
        settings = _settings_of_base(session, started_by, inputs, places)
    session = replace(session, settings=inputs.over(settings))
    if isinstance(started_by, ImagesPushed):
        catalog = read_declarations(session.repository.at("HEAD"), session.settings).catalog
        if not started_by.followed(catalog):
            session.show("no stream tag follows an image that was pushed: nothing is looked at\n")
            return result.Result(summary="No stream tag follows an image that was pushed: nothing was looked at.\n")
    if writes and inputs.publish is not Publish.PULL_REQUEST:
        surroundings.apply(surroundings.for_commits(os.environ))
    if writes and inputs.publish is Publish.PUSH:
        branch, remote = inputs.base or session.settings.branch, session.settings.remote
        surroundings.apply(surroundings.for_push(os.environ, session.repository, inputs, branch, remote))
    report = replace(_reconciled(session, inputs, writes=writes), every_site=session.verbose)
    session.show(FORMATS["table"](report), "table")
    told = result.of_report(report, inputs, places.prefix(session.repository))
    files = {"report-path": _write_file("report.json", FORMATS["json"](report))}
    if "html" in FORMATS:
        files["report-html-path"] = _write_file("report.html", FORMATS["html"](report))
    return replace(told, outputs={**told.outputs, **files}, summary=step_summary(report))


def _reconciled(session: Session, inputs: Inputs, *, writes: bool) -> Report:
    """Plan, and publish where that is wanted; the report says why digests move."""
    from gitops_streams.cli import session as sessions
    from gitops_streams.cli.github.inputs import Command, Publish
    from gitops_streams.reconcile.scope import Scope

    scope = Scope(shard=inputs.shard)
    with sessions.registry_client(session.settings) as client:
        if inputs.publish is Publish.PULL_REQUEST and inputs.command is Command.RECONCILE:
            from gitops_streams.reconcile.pull_requests import Wanted, reconcile_pull_requests

            wanted = Wanted(
                inputs.base, dry_run=not writes, inspect=True, scope=scope, branch_token=inputs.branch_token
            )
            return reconcile_pull_requests(session, client, wanted)
        from gitops_streams.reconcile.commits import Order, reconcile

        publish = Publish.WORKTREE if inputs.command is Command.DIFF else inputs.publish
        order = Order(publish.value, inputs.base, dry_run=not writes, inspect=True, scope=scope)
        return reconcile(session, client, order)


def _settings_of_base(session: Session, pull: PullRequestEvent, inputs: Inputs, places: Folders) -> Settings:
    """Read the configuration as the base of a pull request has it.

    A stranger may have written the pull request. Its configuration could have a credential of ours sent
    to a registry of theirs.
    """
    from gitops_streams.cli.base_settings import settings_at
    from gitops_streams.errors import RepositoryError

    file = None if inputs.config is None else places.directory / inputs.config
    try:
        return settings_at(session, pull.base_sha, file)
    except RepositoryError as error:
        raise RepositoryError(
            "the commit that the pull request is based on is not here, and only its configuration can be trusted",
            hint="let actions/checkout bring the history: fetch-depth: 0",
        ) from error


def _write_file(name: str, content: str) -> str:
    """Write a file that later steps can read, and return its path."""
    import os
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="gitops-streams-report-", dir=os.environ.get("RUNNER_TEMP") or None))
    (folder / name).write_text(content, encoding="utf-8", errors="backslashreplace")
    return str(folder / name)
