"""The examples work: each is copied into a repository of its own and taken through the command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from fake_forge import FakeForge
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.cli.group import cli as program
from gitops_streams.demo.images import AMD64, ARM64, Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_streams.demo.registry import Registry

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
HOST = "registry.example.com"
IMAGES = {
    "argocd": ("shop/web:1.4", "mirror/rabbitmq:3.13-alpine", "mirror/valkey:7.2"),
    "flux": ("blog/engine:5", "blog/exporter:0.9", "tools/backup:2024-10"),
}
# What a reconciliation changes, and to what: file and path of each scalar. Everything else has to stay.
PINS = {
    "argocd": {
        ("apps/queue/base/statefulset.yaml", "0.spec.template.spec.containers.0.image"): (
            "{host}/mirror/rabbitmq:3.13-alpine@{mirror/rabbitmq:3.13-alpine linux/amd64}"
        ),
        ("apps/web/overlays/dev/kustomization.yaml", "0.images.0.digest"): "{shop/web:1.4}",
        ("apps/web/overlays/prod/kustomization.yaml", "0.images.0.digest"): "{shop/web:1.4}",
        ("argocd/cache.yaml", "0.spec.source.helm.valuesObject.image.digest"): "{mirror/valkey:7.2}",
    },
    "flux": {
        (
            "apps/base/blog/backup.yaml",
            "0.spec.jobTemplate.spec.template.spec.containers.0.image",
        ): "{host}/tools/backup:2024-10@{tools/backup:2024-10}",
        (
            "apps/base/blog/backup.yaml",
            "0.spec.jobTemplate.spec.template.spec.containers.0.env.0.value",
        ): "{host}/blog/engine:5@{blog/engine:5}",
        ("apps/base/blog/helmrelease.yaml", "0.spec.values.image.tag"): "5@{blog/engine:5}",
        ("apps/base/blog/helmrelease.yaml", "0.spec.values.metrics.exporterVersion"): "0.9@{blog/exporter:0.9}",
    },
}


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner(catch_exceptions=False).invoke(
        program, ["--traceback", *map(str, arguments)], prog_name="gitops-streams"
    )
    return done.exit_code, done.output


def manifests(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"})
    return sorted(path for path in found if ".git" not in path.parts)


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(member, f"{path}.{key}".lstrip("."))
    else:
        yield path, value


def content(folder: Path) -> dict[tuple[str, str], Any]:
    return {
        (str(path.relative_to(folder)), place): value
        for path in manifests(folder)
        for place, value in leaves(list(yaml.safe_load_all(path.read_text())), "")
    }


@pytest.fixture
def example(tmp_path: Path, git: Callable[..., str], registry: Registry) -> Callable[[str], Path]:
    """Copy an example into a repository of its own, with the embedded registry as its registry."""

    def copy(name: str) -> Path:
        folder = tmp_path / name
        for path in (EXAMPLES / name).rglob("*"):
            if path.is_file():
                target = folder / path.relative_to(EXAMPLES / name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(path.read_text().replace(HOST, registry.host))
        for image in IMAGES[name]:
            repository, _, tag = image.partition(":")
            registry.push(repository, tag, build(image))
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=The example")
        return folder

    return copy


def build(image: str, build: str = "1") -> Image:
    return Image.build(image.partition(":")[0].rpartition("/")[2], build, platforms=(AMD64, ARM64))


def digests(name: str) -> dict[str, str]:
    built = {image: build(image) for image in IMAGES[name]}
    found = {image: str(index.digest) for image, index in built.items()}
    for image, index in built.items():
        found |= {f"{image} {member.platform}": str(member.digest) for member in index.members}
    return found


@pytest.mark.parametrize("name", IMAGES)
def test_an_example_is_pinned_and_stays_so(name: str, example: Callable[[str], Path], git: Callable[..., str]) -> None:
    folder = example(name)
    before = content(folder)
    known = digests(name)

    code, text = run("diff", "-C", folder, "--exit-code")
    assert code == 4, text
    assert content(folder) == before
    assert run("check", "-C", folder)[0] == 1

    code, text = run("reconcile", "-C", folder)
    assert code == 0, text
    assert "Skipped:" not in text, text
    assert "Noticed:" not in text, text
    after = content(folder)
    changed = {place: value for place, value in after.items() if before.get(place) != value}
    host = next(text for text in map(str, before.values()) if text.startswith("127.0.0.1:")).partition("/")[0]
    expected = {
        place: re.sub(r"\{(.*?)\}", lambda match: host if match[1] == "host" else known[match[1]], pin)
        for place, pin in PINS[name].items()
    }
    assert changed == expected
    assert before.keys() <= after.keys()

    assert run("check", "-C", folder)[0] == 0
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Pins")
    code, text = run("reconcile", "-C", folder, "--exit-code")
    assert code == 0, text
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", IMAGES)
def test_no_tracked_reference_of_an_example_is_left_unpinned(name: str, example: Callable[[str], Path]) -> None:
    """Read the text itself: a reference to a followed image has a digest, whatever shape it stands in."""
    folder = example(name)
    assert run("reconcile", "-C", folder)[0] == 0
    references = 0
    for path in manifests(folder):
        if "imagestreams" in path.parts:
            continue
        for repository, tag in (image.split(":") for image in IMAGES[name]):
            for match in re.finditer(rf"{re.escape(repository)}:{re.escape(tag)}(\S*)", path.read_text()):
                references += 1
                assert match[1].startswith("@sha256:"), f"{path}: {match[0]}"
    assert references > 0


def test_a_digest_in_the_declaration_keeps_prod_where_it_is(
    example: Callable[[str], Path], registry: Registry, git: Callable[..., str]
) -> None:
    folder = example("argocd")
    assert run("reconcile", "-C", folder, "--publish", "commit")[0] == 0
    old, new = build("shop/web:1.4"), build("shop/web:1.4", "2")
    registry.push("shop/web", "1.4", new)
    streams = folder / "imagestreams/web.yaml"
    dev, prod = streams.read_text().split("- name: prod")
    followed = "shop/web:1.4\n"
    assert prod.count(followed) == 1
    streams.write_text(f"{dev}- name: prod{prod.replace(followed, f'shop/web:1.4@{old.digest}' + chr(10))}")
    git(folder, "commit", "--quiet", "--all", "--message=Keep prod")

    code, text = run("reconcile", "-C", folder, "--publish", "commit")
    assert code == 0, text
    for environment, digest in (("dev", new.digest), ("prod", old.digest)):
        overlay = yaml.safe_load((folder / f"apps/web/overlays/{environment}/kustomization.yaml").read_text())
        assert overlay["images"][0]["digest"] == str(digest)
    assert run("check", "-C", folder)[0] == 0


def test_all_yaml_of_the_examples_can_be_read() -> None:
    files = manifests(EXAMPLES)
    assert len(files) > 20
    for path in files:
        assert all(document is not None for document in yaml.safe_load_all(path.read_text())), path


def scripts() -> dict[str, str]:
    """Return what each example of CI runs once everything is installed, as one shell script."""
    gitlab = yaml.safe_load((EXAMPLES / "ci/gitlab-ci.yml").read_text())
    cronjob = yaml.safe_load((EXAMPLES / "ci/cronjob.yaml").read_text())
    task, _ = yaml.safe_load_all((EXAMPLES / "ci/tekton.yaml").read_text())
    container = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["bash", "-euc"]
    return {
        "gitlab": "\n".join(gitlab["reconcile"]["script"]),
        "cronjob": container["args"][0],
        "tekton": task["spec"]["steps"][0]["script"],
    }


@pytest.fixture
def runs_anywhere(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which what an example would install is here already."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pip").write_text("#!/bin/sh\nexit 0\n")
    (programs / "gitops-streams").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gitops_streams "$@"\n')
    for path in programs.iterdir():
        path.chmod(0o755)
    home = tmp_path / "bot"
    home.mkdir()
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "username").write_text("bot")
    (secrets / "password").write_text("s3cret")
    (secrets / ".dockerconfigjson").write_text('{"auths": {}}')
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "CI_DEFAULT_BRANCH": "main",
        "GITOPS_STREAMS_TOKEN": "s3cret",
        "SECRETS": str(secrets),
        "REGISTRY": str(secrets),
        "BRANCH": "main",
        "RESULT": str(tmp_path / "result"),
    }


def test_the_gitlab_example_keeps_a_merge_request(
    example: Callable[[str], Path], git: Callable[..., str], tmp_path: Path, runs_anywhere: dict[str, str]
) -> None:
    with FakeForge(tmp_path / "forge") as forge:
        project = forge.create_repository("shop/gitops", "gitlab", private=True)
        folder = example("argocd")
        git(folder, "push", "--quiet", "--force", str(project.git.path), "HEAD:main")
        with forge.store.lock:
            project.sync()
        git(tmp_path, "clone", "--quiet", "--depth=1", project.git.path.as_uri(), "clone")
        # Its runners check out a commit, leave the branch behind, and have a token of theirs in the URL.
        git(tmp_path / "clone", "checkout", "--quiet", "--detach")
        git(tmp_path / "clone", "branch", "--quiet", "-D", "main")
        git(
            tmp_path / "clone",
            "remote",
            "set-url",
            "origin",
            f"http://gitlab-ci-token:job@{forge.host}/shop/gitops.git",
        )
        environment = {
            **os.environ,
            **runs_anywhere,
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_SERVER_URL": forge.url,
            "CI_API_V4_URL": forge.api_url("gitlab"),
            "CI_PROJECT_PATH": "shop/gitops",
            "CI_PROJECT_URL": f"{forge.url}/shop/gitops",
            "GITOPS_STREAMS_TOKEN": forge.token("project_1_bot").value,
        }
        for outcome in ("1 opened", "1 unchanged"):
            done = subprocess.run(
                ["bash", "-euc", scripts()["gitlab"]],
                cwd=tmp_path / "clone",
                env=environment,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert outcome in done.stdout
            assert environment["GITOPS_STREAMS_TOKEN"] not in done.stdout + done.stderr
        (pull,) = project.pulls
        assert (pull.head, pull.base) == ("gitops-streams/main/all", "main")
        assert "chore(images): update 4 digests" in pull.title


@pytest.mark.parametrize("ci", ["cronjob", "tekton"])
def test_the_ci_examples_push_the_pins(
    ci: str, example: Callable[[str], Path], git: Callable[..., str], tmp_path: Path, runs_anywhere: dict[str, str]
) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(example("argocd")), "origin.git")
    origin = (tmp_path / "origin.git").as_uri()
    git(tmp_path, "clone", "--quiet", "--depth=1", origin, "clone")
    environment = {**runs_anywhere, "REPOSITORY": origin}
    done = subprocess.run(
        ["bash", "-euc", scripts()[ci]],
        cwd=tmp_path / "clone",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    origin_folder = tmp_path / "origin.git"
    assert git(origin_folder, "log", "-1", "--format=%s", "main") == "chore(images): update 4 digests"
    pinned = yaml.safe_load(git(origin_folder, "show", "main:apps/web/overlays/prod/kustomization.yaml"))
    assert pinned["images"][0]["digest"] == str(build("shop/web:1.4").digest)
    if ci == "tekton":
        assert (tmp_path / "result").read_text() == git(origin_folder, "rev-parse", "main")


@pytest.mark.parametrize("ci", ["cronjob", "tekton"])
def test_git_is_told_the_token_of_the_ci_examples(
    ci: str, git: Callable[..., str], tmp_path: Path, runs_anywhere: dict[str, str]
) -> None:
    """The credential helper that a script sets up answers git's question."""
    setting = re.search(r"git config .*credential\.helper\s(?:\\\n)?\s*'(.*)'", scripts()[ci])
    assert setting is not None
    git(tmp_path, "config", "--file", "gitconfig", "credential.helper", setting[1])
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=git.example.com\n\n",
        env={**os.environ, **runs_anywhere, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    assert "password=s3cret" in done.stdout
    assert "s3cret" not in scripts()[ci]


def test_the_ci_examples_check_pull_requests(example: Callable[[str], Path], git: Callable[..., str]) -> None:
    gitlab = yaml.safe_load((EXAMPLES / "ci/gitlab-ci.yml").read_text())
    (script,) = gitlab["check"]["script"]
    folder = example("flux")
    base = git(folder, "rev-parse", "HEAD")
    program, verb, *arguments = shlex.split(script.replace("$CI_MERGE_REQUEST_DIFF_BASE_SHA", base))
    assert (program, verb) == ("gitops-streams", "check")
    assert run("reconcile", "-C", folder)[0] == 0
    git(folder, "commit", "--quiet", "--all", "--message=Pin")
    code, text = run(verb, "-C", folder, *arguments)
    assert code == 0, text
    assert "current" in text


def workflow_jobs() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for path in sorted((EXAMPLES / "ci").glob("github-*.yaml")):
        workflow = yaml.safe_load(path.read_text())
        for job in workflow["jobs"].values():
            yield path.name, workflow, job


ACTION = "acme/gitops-streams@" + 40 * "0"
"""What a user replaces; the examples' README says so."""


def test_the_workflows_use_inputs_and_outputs_that_the_action_has() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    used = 0
    for name, _, job in workflow_jobs():
        for step in job["steps"]:
            if step.get("uses") == ACTION:
                used += 1
                assert set(step.get("with", {})) <= set(action["inputs"]), name
        for output in re.findall(r"steps\.images\.outputs\.([a-z-]+)", (EXAMPLES / "ci" / name).read_text()):
            assert output in action["outputs"], name
    assert used == 3


def test_the_workflows_ask_for_little() -> None:
    """No rights but those that are named, nothing that runs for ever or twice, no credential left in a checkout."""
    written: dict[str, set[str]] = {}
    for name, workflow, job in workflow_jobs():
        assert workflow["permissions"] == {}, name
        assert job["timeout-minutes"] <= 15, name
        assert workflow["concurrency"]["group"], name
        assert "pull_request_target" not in workflow[True], name  # YAML 1.1 reads `on` so
        written[name] = {permission for permission, level in job["permissions"].items() if level == "write"}
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), f"{name}: {step['uses']}"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name
        if "schedule" in workflow[True]:
            assert job["if"] == "github.repository == 'acme/gitops'", name
            assert not workflow[True]["schedule"][0]["cron"].startswith("0 "), name
            assert workflow["concurrency"]["cancel-in-progress"] is False, name
    assert written == {
        "github-actions.yaml": {"contents", "pull-requests"},
        "github-app.yaml": set(),
        "github-check.yaml": {"pull-requests"},
        "github-notify.yaml": set(),
    }


def test_a_dispatch_is_sent_as_it_is_read() -> None:
    notify = (EXAMPLES / "ci/github-notify.yaml").read_text()
    listening = yaml.safe_load((EXAMPLES / "ci/github-actions.yaml").read_text())[True]["repository_dispatch"]["types"]
    sent = re.search(r"event_type=(\S+)", notify)
    assert sent is not None
    assert [sent[1]] == listening
    assert "client_payload[image]=$IMAGE" in notify


@pytest.mark.parametrize("ci", ["cronjob", "tekton"])
def test_pods_have_no_rights_that_they_do_not_need(ci: str) -> None:
    documents = list(yaml.safe_load_all((EXAMPLES / f"ci/{ci}.yaml").read_text()))
    if ci == "cronjob":
        pod = documents[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        container = pod["containers"][0]
        contexts = pod["securityContext"] | container["securityContext"]
        assert pod["automountServiceAccountToken"] is False
        secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        assert secrets == {"gitops-push", "registry"}
    else:
        task, task_run = documents
        container = task["spec"]["steps"][0]
        contexts = task["spec"]["stepTemplate"]["securityContext"]
        assert {place["name"] for place in task_run["spec"]["workspaces"]} == {
            place["name"] for place in task["spec"]["workspaces"]
        }
        assert task_run["spec"]["taskRef"]["name"] == task["metadata"]["name"]
        known = {f"params.{param['name']}" for param in task["spec"]["params"]}
        known |= {f"workspaces.{place['name']}.path" for place in task["spec"]["workspaces"]}
        known |= {f"results.{result['name']}.path" for result in task["spec"]["results"]}
        text = (EXAMPLES / "ci/tekton.yaml").read_text()
        assert set(re.findall(r"\$\(((?:params|workspaces|results)[\w.-]+)\)", text)) <= known
        # A parameter in the script's text would be code.
        assert "$(params" not in container["script"]
    assert (contexts["runAsNonRoot"], contexts["readOnlyRootFilesystem"]) == (True, True)
    assert contexts["allowPrivilegeEscalation"] is False
    assert contexts["capabilities"] == {"drop": ["ALL"]}
    assert contexts["seccompProfile"] == {"type": "RuntimeDefault"}
    # No secret in the specification or the environment.
    assert not any("valueFrom" in variable for variable in container["env"])


@pytest.mark.parametrize("ci", ["gitlab", "cronjob", "tekton"])
def test_the_scripts_of_the_ci_examples_are_clean(ci: str) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run(
        # SC2016: the credential helper's text is expanded by the shell that git starts.
        [shellcheck, "--shell=bash", "--exclude=SC2016", "-"],
        input=scripts()[ci], capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_json_of_the_documents_is_of_its_schema() -> None:
    text = (ROOT / "docs/json.md").read_text()
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]
    plans = [block for block in blocks if "results" in block and "summary" in block]
    assert len(blocks) >= 7
    assert len(plans) == 1
    Draft202012Validator(schemas.load("plan")).validate(plans[0])
    (check,) = [block for block in blocks if "pins" in block]
    Draft202012Validator(schemas.load("check-base")).validate(
        check
    )  # it shows no image, which another schema describes


def shown_commands() -> Iterator[tuple[str, str]]:
    """Yield the commands of ours that documents and examples show, with the file they stand in."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *EXAMPLES.rglob("*.md")]
    for document in documents:
        text = document.read_text()
        blocks = re.findall(r"^```(?:sh|console|yaml)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        shown = [line for block in blocks for line in block.splitlines()] + re.findall(
            r"`(gitops-streams [^`]+)`", text
        )
        for line in shown:
            match = re.match(r"(?:\$ |\s*- (?:run: )?)?(gitops-streams (?!.*--help).*)", line)
            if match:
                yield str(document.relative_to(ROOT)), match[1]
    for name, script in scripts().items():
        for line in script.splitlines():
            if line.startswith("gitops-streams"):
                yield f"examples/ci ({name})", line


def test_the_documents_show_commands_that_exist() -> None:
    checked = 0
    for place, line in shown_commands():
        words = shlex.split(line, comments=True)
        end = next((index for index, word in enumerate(words) if word in {"|", ">", ">>", "…", "..."}), len(words))
        verb, *arguments = words[1:end] or [""]
        if verb.startswith("-"):
            assert verb in {"--version", "--help"}, f"{place}: {line}"
            continue
        command = program.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None, f"{place}: {line}"
        options = {name: parameter for parameter in command.params for name in (*parameter.opts,)}
        for index, word in enumerate(arguments):
            if word.startswith("-") and word != "-":
                assert word in options, f"{place}: {line}"
                choices = getattr(options[word].type, "choices", None)
                if choices is not None:
                    assert arguments[index + 1] in choices, f"{place}: {line}"
        checked += 1
    assert checked > 20
