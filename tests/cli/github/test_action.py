"""The Action as GitHub runs it: the steps of action.yml, its scripts, and what they leave behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import Image

ROOT = Path(__file__).parents[3]
TOKEN = "ghs_theWorkflowsOwnToken"


def titles(ran, level):
    return [command.properties["title"] for command in ran.log.of(level)]


# What it does.


def test_a_push(job, git):
    before = job.tip()
    ran = job.run(publish="push")
    assert ran.code == 0, ran.text
    assert job.tip() != before
    assert ran.outputs["changed"] == "true"
    assert ran.outputs["operation"] == "none"
    assert ran.outputs["head-sha"] == job.tip()
    assert ran.outputs["pull-requests"] == "[]"
    assert json.loads(Path(ran.outputs["report-path"]).read_text())["summary"]["tags"]["changed"] == 2
    assert "acme/web:prod" in ran.summary
    assert ran.log.of("error") == ran.log.of("warning") == ran.log.of("notice") == []
    author = git(job.origin, "log", "-1", "--format=%an <%ae>|%cn <%ce>", "main")
    bot = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    assert author == f"{bot}|{bot}"

    again = job.run(publish="push")
    assert again.code == 0
    assert again.outputs["changed"] == "false"
    assert again.outputs["head-sha"] == ""
    assert job.tip() == ran.outputs["head-sha"]


def test_jobs_of_a_matrix_share_the_streams_out(job):
    changed = [int(job.run(publish="push", shard=f"{shard}/4").outputs["changed"] == "true") for shard in range(4)]
    assert 1 <= sum(changed) <= 2
    assert job.run(publish="push").outputs["changed"] == "false"


@pytest.mark.parametrize("inputs", [{"command": "diff"}, {"publish": "push", "dry_run": "true"}])
def test_a_dry_run_writes_nothing(job, inputs):
    before = job.tip(), job.workspace.files()
    ran = job.run(**inputs)
    assert ran.code == 0, ran.text
    assert (job.tip(), job.workspace.files()) == before
    assert ran.outputs["changed"] == "true"
    assert "acme/web:prod" in ran.summary


def test_files_only(job):
    ran = job.run(publish="worktree")
    assert ran.code == 0, ran.text
    assert b"@sha256:" in job.workspace.read("deploy/web.yaml")


def test_check_finds(job):
    ran = job.run(command="check")
    assert ran.code == 1
    assert [command.properties["file"] for command in ran.log.of("error")] == ["deploy/api.yaml", "deploy/web.yaml"]
    assert {command.properties["line"] for command in ran.log.of("error")} == {"11"}
    assert "unpinned" in ran.summary
    assert len(json.loads(Path(ran.outputs["report-path"]).read_text())["findings"]) == 2
    lenient = job.run(command="check", fail_on="")
    assert lenient.code == 0
    assert len(lenient.log.of("warning")) == 2
    assert job.run(publish="worktree").code == 0
    assert job.run(command="check").code == 0


def test_a_tag_without_a_digest(job):
    job.registry.intercept = lambda request: Response(404) if "/api/" in request.path else None
    ran = job.run(publish="push")
    assert ran.code == 3
    assert titles(ran, "error") == ["acme/api:prod has no digest; its pins stay"]
    assert ran.log.of("error")[0].properties["file"] == "deploy/api.yaml"
    assert ran.outputs["head-sha"] == job.tip()  # the other is pushed all the same
    assert job.run(publish="push", fail_on="").code == 0


def test_pending_changes_may_fail_the_step(job):
    assert job.run(command="diff", fail_on="changes").code == 4


def test_an_image_without_a_signature_may_fail_the_step(job):
    ran = job.run(command="diff", fail_on="unsigned")
    assert ran.code == 1
    assert [error.properties["file"] for error in ran.log.of("error")] == ["deploy/api.yaml", "deploy/web.yaml"]
    # Nothing was looked at, so nothing is known: the gate stays shut.
    job.workspace.config("review: {requestsPerImage: 0}\n")
    assert job.run(command="diff", fail_on="unsigned").code == 1
    assert job.run(publish="worktree", fail_on="").code == 0
    assert job.run(command="diff", fail_on="unsigned").code == 0


def test_images_that_cannot_be_compared_do_not_pass_as_harmless(job):
    assert job.run(publish="worktree").code == 0
    job.workspace.commit()
    job.registry.push("acme/web", "1.0", Image.build("web", "2"))
    assert job.run(command="diff", fail_on="contract").code == 0
    job.workspace.config("review: {requestsPerImage: 0}\n")
    ran = job.run(command="diff", fail_on="contract")
    assert ran.code == 1
    assert "could not be compared" in ran.log.of("error")[0].data


def test_a_folder_of_the_workspace(job, git):
    inner = job.workspace.folder / "gitops"
    git(job.folder, "clone", "--quiet", str(job.origin), str(inner))
    ran = job.run(command="check", path="gitops")
    assert {command.properties["file"] for command in ran.log.of("error")} == {
        "gitops/deploy/api.yaml",
        "gitops/deploy/web.yaml",
    }


@pytest.mark.parametrize("path", ["..", "no/such", "/etc", "../temp"])
def test_a_folder_outside_of_the_workspace_is_refused(job, path):
    ran = job.run(command="check", path=path)
    assert ran.code == 2
    assert "the input path" in ran.log.of("error")[0].data


def test_wrong_inputs_end_in_one_annotation_and_outputs(job):
    ran = job.run(command="sync")
    assert ran.code == 2
    (error,) = ran.log.of("error")
    assert "reconcile, diff, check" in error.data
    assert ran.outputs["changed"] == "false"
    assert ran.outputs["operation"] == "none"


def test_a_broken_configuration_ends_in_an_annotation(job):
    job.workspace.config("pin: maybe\n")
    ran = job.run(publish="push")
    assert ran.code == 1
    assert ".gitops-streams/config.yaml:1" in ran.log.of("error")[0].data


# Whom it trusts.


def as_pull_request(job, git, *, fork=True, config=None):
    """Make the event of a pull request whose head is checked out."""
    base = job.tip()
    if config is not None:
        job.workspace.config(config)
        job.workspace.commit("A proposal")
    job.event_name = "pull_request"
    job.event = {
        "pull_request": {
            "number": 1,
            "base": {"sha": base, "repo": {"full_name": "acme/gitops"}},
            "head": {"repo": {"full_name": "evil/gitops" if fork else "acme/gitops"}},
        }
    }


def test_a_forks_pull_request_is_checked_without_a_token(job, git):
    as_pull_request(job, git)
    job.workspace.deploy("new", f"{job.registry.host}/acme/web:1.0")
    job.workspace.commit("One more place")
    ran = job.run(command="check", token="")
    assert ran.code == 1
    (error,) = ran.log.of("error")
    assert (error.properties["file"], error.properties["line"]) == ("deploy/new.yaml", "11")
    assert "has no digest" in ran.summary
    report = json.loads(Path(ran.outputs["report-path"]).read_text())
    assert [pin["standing"] for pin in report["pins"]] == ["unpinned"]  # what was there before is not its doing
    assert Path(ran.outputs["report-html-path"]).read_text().startswith("<!DOCTYPE html>")
    assert ran.log.of("notice") == []
    assert job.run(command="check", token="", fail_on="").code == 0


@pytest.mark.parametrize("publish", ["push", "commit", "pull-request"])
def test_a_pull_request_publishes_nothing(job, git, publish):
    as_pull_request(job, git, fork=False)
    before = job.tip()
    ran = job.run(publish=publish)
    assert ran.code == 2
    assert "may not publish" in ran.log.of("error")[0].data
    assert job.tip() == before


def test_a_pull_requests_own_configuration_leads_no_credential_away(job, git):
    """Its configuration says that our token is the password of a registry: it is not read."""
    asked = []

    def listen(request):
        asked.append(request.header("Authorization"))
        return Response(401, {"WWW-Authenticate": 'Basic realm="x"'})

    job.registry.intercept = listen
    evil = f"registries: {{'{job.registry.host}': {{credential: {{username: x, passwordEnv: GS_TOKEN}}}}}}\n"
    as_pull_request(job, git, config=evil)
    job.run(command="diff")
    assert asked
    assert not any(asked)
    # The same configuration on a branch of our own is what its owners wish.
    job.event_name = "push"
    asked.clear()
    job.run(command="diff")
    assert any(asked)


def test_a_pull_request_on_an_unknown_base_is_not_trusted(job, git):
    as_pull_request(job, git)
    job.event["pull_request"]["base"]["sha"] = "1" * 40
    ran = job.run(command="diff")
    assert ran.code == 1
    assert "fetch-depth" in ran.log.of("error")[0].data


def test_the_payload_of_a_dispatch_says_what_it_is_about_and_nothing_else(job):
    job.event_name = "repository_dispatch"
    before = job.tip()
    job.event = {"client_payload": {"image": "quay.io/other/thing:1", "publish": "push", "GS_COMMAND": "x"}}
    ran = job.run(publish="push")
    assert ran.code == 0
    assert "no stream tag follows" in "\n".join(ran.log.shown)
    assert (ran.outputs["changed"], job.tip()) == ("false", before)
    assert not job.registry.log

    job.event = {"client_payload": {"images": [f"{job.registry.host}/acme/web:1.0", "`id`"]}}
    assert job.run(publish="push").outputs["head-sha"] == job.tip() != before


TEXTS = ("base", "labels", "author", "config", "group_by")


@pytest.mark.parametrize(
    ("names", "value"),
    [
        # The script hands on all of them before anything looks at one; what is said of one is said of that alone.
        *((TEXTS, value) for value in ('"; touch pwned; "', "$(touch pwned)", "`touch pwned`", "--help", "-C/", "\\")),
        *(((name,), 'a\n::set-output name=x::y\n"; touch pwned; $(touch pwned)') for name in TEXTS),
    ],
)
def test_inputs_are_never_text_of_a_script(job, names, value):
    ran = job.run(publish="push", dry_run="true", **dict.fromkeys(names, value))
    assert not list(job.folder.rglob("pwned"))
    assert {command.name for command in ran.log.commands} <= {"add-mask", "error"}


def test_what_registries_and_manifests_say_is_no_command(job):
    evil = "::set-env name=PATH::x"
    job.workspace.write("streams/evil.yaml", f'kind: ImageStream\napiVersion: v1\nmetadata: {{name: "{evil}"}}\n')
    job.workspace.write("deploy/a\n::error::b.yaml", "image: [\n# acme/web\n")
    job.registry.intercept = lambda _: Response(
        500, {}, b'{"errors": [{"code": "DENIED", "message": "::warning::x\\n::add-mask::e\\n##[error]y"}]}'
    )
    job.workspace.commit()
    ran = job.run(publish="push")
    assert ran.code == 3
    assert {command.name for command in ran.log.commands} <= {"add-mask", "error", "warning", "notice"}
    titled = [command for command in ran.log.commands if command.name != "add-mask"]
    assert all("title" in command.properties for command in titled)
    masks = {command.data for command in ran.log.of("add-mask")}
    assert job.token in masks
    assert "e" not in masks


def test_a_repository_does_not_lend_its_modules(job):
    """What lies in the working directory or in PYTHONPATH is not imported."""
    for name in ("yaml", "click", "json", "gitops_streams", "sitecustomize"):
        job.workspace.write(f"{name}.py", "raise SystemExit('imported from the repository')\n")
    job.variables["PYTHONPATH"] = str(job.workspace.folder)
    assert job.run(command="diff").code == 0


def test_hooks_and_helpers_of_the_checkout_are_not_run_with_a_push(job):
    hook = job.workspace.folder / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    ran = job.run(publish="push")
    assert ran.code == 0, ran.text


# Python.


def find_python(tmp_path, **variables: str) -> tuple[int, dict[str, str], str]:
    output = tmp_path / "output"
    output.write_text("")
    done = subprocess.run(
        [ROOT / ".github/action/find-python.sh"],
        env={"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    pairs = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return done.returncode, pairs, done.stdout


def test_a_python_that_is_new_enough_is_found(tmp_path):
    code, pairs, _ = find_python(tmp_path)
    assert code == 0
    assert Path(pairs["path"]).is_file()


def test_an_old_python_is_passed_over(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, status in (("python3", 1), ("python3.12", 0)):
        (programs / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (programs / name).chmod(0o755)
    (programs / "env").symlink_to("/usr/bin/env")
    (programs / "bash").symlink_to(shutil.which("bash"))
    assert find_python(tmp_path, PATH=str(programs))[1] == {"path": str(programs / "python3.12")}
    (programs / "python3.12").unlink()
    assert find_python(tmp_path, PATH=str(programs))[:2] == (0, {})


def test_windows_is_refused(tmp_path):
    code, _, text = find_python(tmp_path, RUNNER_OS="Windows")
    assert code == 1
    assert "::error" in text


def test_setup_python_is_used_only_without_one():
    steps = {step.get("id"): step for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]}
    assert steps["setup"]["if"] == "steps.python.outputs.path == ''"
    assert steps["setup"]["with"]["update-environment"] is False


def test_the_private_environment(job, wheels):
    """Without GITOPS_STREAMS_PYTHON the script makes an environment from the lock; a second step shares it."""
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    job.variables |= {"GITOPS_STREAMS_PYTHON": "", **environment}
    ran = job.run(command="diff")
    assert ran.code == 0, ran.text
    assert ran.outputs["changed"] == "true"
    (made,) = job.temp.glob("gitops-streams-*/pyvenv.cfg")
    assert ran.log.of("group")
    job.keep_temp = True
    (made.parent / "marked").touch()
    again = job.run(command="check", fail_on="")
    assert again.code == 0, again.text
    assert not again.log.of("group")
    assert (made.parent / "marked").exists()


def test_a_wheel_that_is_not_the_locked_one_is_refused(job, wheels, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(wheels, other)
    victim = next(other.glob("click-*.whl"))
    victim.write_bytes(victim.read_bytes() + b"x")
    job.variables |= {"GITOPS_STREAMS_PYTHON": "", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(other)}
    ran = job.run(command="diff")
    assert ran.code != 0
    assert "hash" in ran.text.lower()
    assert not list(job.temp.glob("gitops-streams-*/.complete"))


def test_the_lock_holds_what_the_program_needs_and_nothing_else():
    """Every dependency of the project is locked with hashes, and nothing that only develops it."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/action.txt").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {re.match(r"[\w.-]+", entry)[0].replace(".", "-") for entry in project["project"]["dependencies"]}
    assert needed <= locked
    assert not locked & {"pytest", "ruff", "mypy", "uv", "hatchling"}
    versions = {}
    for name in ("action", "dev"):
        text = (ROOT / f"requirements/{name}.txt").read_text()
        versions[name] = dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", text, re.MULTILINE))
    assert versions["action"].items() <= versions["dev"].items()
