"""``gitops-streams github-action``: the step that action.yml runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
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
    from gitops_streams.cli.session import open_session

    started_by = event.read(os.environ)
    places = surroundings.folders(os.environ, inputs)
    surroundings.apply(surroundings.for_git(os.environ, places))
    surroundings.apply(surroundings.for_registries(os.environ, places, inputs))
    file = None if inputs.config is None else places.directory / inputs.config
    verbose = os.environ.get("RUNNER_DEBUG") == "1"
    with open_session(places.directory, file, verbose=verbose, color="auto") as session:
        if inputs.command is Command.CHECK:
            return _check(session, inputs, places)
        return _resolve(session, inputs, started_by, places)


def _check(session: Session, inputs: Inputs, places: Folders) -> Result:
    """Compare manifests with declarations and recorded digests; needs no network and no token."""
    from dataclasses import replace

    from gitops_streams.cli.github import result
    from gitops_streams.plan.audit import audit
    from gitops_streams.reconcile import find_sites
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


def _resolve(session: Session, inputs: Inputs, started_by: Event, places: Folders) -> Result:
    """Ask the registries, and publish what has moved unless this is a dry run."""
    import os
    from dataclasses import replace

    from gitops_streams.cli.github import result, surroundings
    from gitops_streams.cli.github.event import ImagesPushed, PullRequestEvent
    from gitops_streams.cli.github.inputs import Command, Publish
    from gitops_streams.errors import UsageError
    from gitops_streams.reconcile import read_declarations
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
    report = _reconciled(session, inputs, writes=writes)
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

    with sessions.registry_client(session.settings) as client:
        if inputs.publish is Publish.PULL_REQUEST and inputs.command is Command.RECONCILE:
            from gitops_streams.cli.pull_requests import Wanted, reconcile_pull_requests

            wanted = Wanted(inputs.base, dry_run=not writes, inspect=True, branch_token=inputs.branch_token)
            return reconcile_pull_requests(session, client, wanted)
        from gitops_streams.cli.reconciling import Order, reconcile

        publish = Publish.WORKTREE if inputs.command is Command.DIFF else inputs.publish
        return reconcile(session, client, Order(publish.value, inputs.base, dry_run=not writes, inspect=True))


def _settings_of_base(session: Session, pull: PullRequestEvent, inputs: Inputs, places: Folders) -> Settings:
    """Read the configuration as the base of a pull request has it.

    A stranger may have written the pull request. Its configuration could have a credential of ours sent
    to a registry of theirs.
    """
    from pathlib import PurePosixPath

    from gitops_streams import config
    from gitops_streams.errors import ConfigError, RepositoryError
    from gitops_streams.git.snapshot import Absent, Unreadable

    repository = session.repository
    root = repository.root or repository.git_dir
    path = config.PATH
    if inputs.config is not None:
        file = (places.directory / inputs.config).resolve()
        if not file.is_relative_to(root):
            return session.settings  # no pull request changes what stands outside of the repository
        path = str(PurePosixPath(file.relative_to(root)))
    try:
        base = repository.at(pull.base_sha)
    except RepositoryError as error:
        raise RepositoryError(
            "the commit that the pull request is based on is not here, and only its configuration can be trusted",
            hint="let actions/checkout bring the history: fetch-depth: 0",
        ) from error
    match base.read_one(path):
        case Absent():
            return config.Settings()
        case Unreadable(reason=reason):
            raise ConfigError(f"{path} of the base cannot be read: {reason}")
        case content:
            return config.parse(content, f"{path} of the base", root)


def _write_file(name: str, content: str) -> str:
    """Write a file that later steps can read, and return its path."""
    import os
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="gitops-streams-report-", dir=os.environ.get("RUNNER_TEMP") or None))
    (folder / name).write_text(content, encoding="utf-8", errors="backslashreplace")
    return str(folder / name)
