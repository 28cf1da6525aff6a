"""``check --base``: what is said of the pins that a change touches."""

from __future__ import annotations

import json

import pytest

from gitops_streams.cli.check import FAIL_ON
from gitops_streams.demo.exchange import Response
from gitops_streams.registry import RegistryClient
from gitops_streams.review.failing import FailOn

NOWHERE = "sha256:" + "a" * 64


def test_nothing_is_asked_where_no_pin_is_touched(proposal):
    proposal.workspace.write("README.md", "hello\n")
    proposal.workspace.write("deploy/other.yaml", "kind: ConfigMap\n")
    done = proposal.check("-o", "json")
    assert done.code == 0
    assert (done.json["pins"], done.json["images"], done.json["followed"]) == ([], [], [])
    assert proposal.asked == []


def test_a_change_of_our_own(proposal):
    new = proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    proposal.workspace.commit("Update")
    done = proposal.check("-o", "json")
    assert done.code == 0, done.text
    (pin,) = done.json["pins"]
    assert (pin["standing"], pin["exists"]) == ("current", "present")
    assert (pin["oldDigest"], pin["newDigest"]) == (str(proposal.digests["web"][0]), str(new))
    assert (pin["stream"], pin["tag"], pin["boundBy"]) == ("acme/web", "prod", "source")
    (image,) = done.json["images"]
    assert image["oldDigests"] == [str(proposal.digests["web"][0])]
    assert image["class"] != "unknown"
    assert image["rollouts"][0]["file"] == "deploy/web.yaml"
    assert all("/acme/web/" in entry.path or entry.path == "/v2/" for entry in proposal.asked)


def test_the_work_tree_counts_without_a_commit(proposal):
    proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    done = proposal.check("-o", "json")
    assert [pin["standing"] for pin in done.json["pins"]] == ["current"]
    assert done.json["head"] is None


def test_a_digest_that_does_not_exist(proposal):
    proposal.pin("web", NOWHERE)
    pin = proposal.one(code=1)
    assert (pin["standing"], pin["finding"], pin["exists"]) == ("missing-digest", True, "absent")
    assert pin["currentDigest"] == str(proposal.digests["web"][0])
    # What is known to be missing is not inspected.
    assert not [entry for entry in proposal.asked if entry.method == "GET" and "/blobs/" in entry.path]
    assert proposal.check("--fail-on", "missing").code == 1
    assert proposal.check("--fail-on", "behind").code == 0
    assert proposal.check("--fail-on", "never").code == 0


def test_a_digest_of_another_stream_tag(proposal):
    staging = proposal.push("web", "2.0-rc")
    proposal.workspace.stream("web", prod=proposal.reference("web"), staging=proposal.reference("web", "2.0-rc"))
    assert proposal.workspace.run("reconcile", "--all").code == 0
    proposal.workspace.commit("Declare staging")
    proposal.workspace.git("branch", "--force", "main")
    proposal.pin("web", staging)
    pin = proposal.one(code=1)
    assert (pin["standing"], pin["exists"]) == ("other-tag", "present")
    assert "acme/web:staging" in pin["reason"]


def test_a_digest_that_nobody_knows(proposal):
    other = proposal.push("web", "somebodys-build")
    proposal.pin("web", other)
    pin = proposal.one(code=1)
    assert (pin["standing"], pin["exists"]) == ("unknown-digest", "present")
    done = proposal.check()
    assert "acme/web:prod" in done.out
    assert "is not known to be" in done.out


def test_an_older_digest_is_known_but_behind(proposal):
    proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    proposal.workspace.commit("Update")
    proposal.workspace.git("branch", "--force", "main")
    proposal.pin("web", proposal.digests["web"][0])
    pin = proposal.one(code=0)
    assert (pin["standing"], pin["finding"]) == ("behind", False)
    (image,) = proposal.check("-o", "json").json["images"]
    assert image["alarming"]
    assert "rollback" in {image["class"], *image["also"]}
    assert proposal.check("--fail-on", "behind").code == 1
    assert proposal.check("--fail-on", "attention").code == 1


def test_what_a_change_records_itself_proves_nothing(proposal):
    """The tag moved on since the change was made, or its author wrote the status file: nobody can tell."""
    proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    proposal.workspace.commit("Update")
    proposal.push("web")
    pin = proposal.one(code=0)
    assert (pin["standing"], pin["finding"]) == ("self-recorded", False)
    assert proposal.check("--fail-on", "attention").code == 1


def test_a_pin_that_is_gone_and_one_that_lost_its_digest(proposal):
    (proposal.workspace.folder / "deploy/api.yaml").unlink()
    proposal.pin("web", None)
    api, web = proposal.pins(code=1)
    assert (api["change"], api["standing"], api["finding"]) == ("removed", "removed", False)
    assert (web["change"], web["standing"], web["finding"]) == ("changed", "unpinned", True)
    assert proposal.asked == []


def test_a_renamed_file_and_a_moved_place_are_no_change(proposal):
    proposal.workspace.git("mv", "deploy/web.yaml", "deploy/frontend.yaml")
    text = proposal.workspace.read("deploy/api.yaml").decode()
    other = text[text.index("        - name: main") :].replace("main", "proxy")
    proposal.workspace.write("deploy/api.yaml", text.replace("containers:\n", "containers:\n" + other))
    proposal.workspace.commit("Move")
    (pin,) = proposal.pins()
    assert (pin["change"], pin["file"], pin["pointer"]) == (
        "added",
        "deploy/api.yaml",
        "/spec/template/spec/containers/0/image",
    )


def test_a_renamed_file_whose_pin_changes_is_compared(proposal):
    new = proposal.push("web")
    values = f"web:\n  image: {proposal.reference('web')}@{proposal.digests['web'][0]}\n" + "# text\n" * 20
    proposal.workspace.write("values.yaml", values)
    proposal.workspace.commit("Values")
    proposal.workspace.git("branch", "--force", "main")
    proposal.workspace.git("mv", "values.yaml", "values-prod.yaml")
    proposal.workspace.write("values-prod.yaml", values.replace(str(proposal.digests["web"][0]), str(new)))
    proposal.workspace.commit("Rename and update")
    pin = proposal.one()
    assert (pin["change"], pin["file"]) == ("changed", "values-prod.yaml")
    assert pin["oldDigest"] == str(proposal.digests["web"][0])


def test_a_repository_that_no_stream_tag_follows_there(proposal):
    digest = proposal.push("web", "2.0")
    proposal.pin("web", digest, "2.0")
    pin = proposal.one(code=0)
    assert (pin["standing"], pin["stream"], pin["exists"]) == ("unfollowed", None, "present")
    proposal.pin("web", NOWHERE, "2.0")
    assert proposal.one(code=1)["standing"] == "missing-digest"


def test_a_digest_alone_belongs_where_it_was(proposal):
    name = f"{proposal.registry.host}/acme/web"
    proposal.workspace.deploy("web", f"{name}@{proposal.digests['web'][0]}")
    proposal.workspace.commit("By digest")
    proposal.workspace.git("branch", "--force", "main")
    new = proposal.push("web")
    proposal.workspace.deploy("web", f"{name}@{new}")
    pin = proposal.one(code=0)
    assert (pin["stream"], pin["standing"]) == ("acme/web", "current")


def test_what_is_followed_changes_too(proposal):
    other = proposal.push("web", "2.0")
    proposal.workspace.stream("web", prod=proposal.reference("web", "2.0"))
    proposal.pin("web", other, "2.0")
    done = proposal.check("-o", "json")
    assert done.code == 0
    (followed,) = done.json["followed"]
    assert (followed["change"], followed["before"], followed["after"]) == (
        "changed",
        proposal.reference("web"),
        proposal.reference("web", "2.0"),
    )
    # It is the tag's, and what is the tag's has changed in the same breath.
    assert [pin["standing"] for pin in done.json["pins"]] == ["current"]
    assert "This change also changes what the stream tag follows." in done.json["images"][0]["attention"]


def test_a_declaration_that_cannot_be_used_any_more(proposal):
    path = proposal.workspace.folder / "streams/web.yaml"
    path.write_text(path.read_text().replace(proposal.reference("web"), "NOT A REFERENCE"))
    done = proposal.check("-o", "json")
    assert done.code == 1
    assert [finding["kind"] for finding in done.json["findings"]] == ["invalid-declaration"]
    proposal.workspace.commit("Break it")
    proposal.workspace.git("branch", "--force", "main")
    assert proposal.check("-o", "json").json["findings"] == []  # not this change's doing


def test_offline_judges_by_records(proposal):
    old = proposal.digests["web"][0]
    new = proposal.push("web")
    proposal.pin("web", new)
    assert proposal.one("--offline", code=1)["standing"] == "unknown-digest"
    assert proposal.workspace.run("reconcile").code == 0
    assert proposal.one("--offline", code=0)["standing"] == "self-recorded"
    proposal.workspace.commit("Update")
    proposal.workspace.git("branch", "--force", "main")
    proposal.pin("web", old)
    assert proposal.one("--offline", code=0)["standing"] == "behind"
    assert proposal.asked == []


def test_a_registry_that_does_not_answer(proposal):
    proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    proposal.registry.intercept = lambda _: Response(403)
    pin = proposal.one(code=3)
    assert (pin["standing"], pin["exists"]) == ("unresolved", "unknown")
    assert proposal.check("--fail-on", "findings").code == 0


def test_the_configuration_is_the_bases(proposal):
    """A stranger's would have our credential sent to a registry of theirs."""
    proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    asked = []

    def listen(request):
        asked.append(request.header("Authorization"))
        return Response(401, {"WWW-Authenticate": 'Basic realm="x"'})

    proposal.registry.intercept = listen
    secret = "GITOPS_SECRET"
    proposal.workspace.config(
        f"registries: {{'{proposal.registry.host}': {{credential: {{username: x, passwordEnv: {secret}}}}}}}\n"
    )
    proposal.workspace.commit("Mine now")
    done = proposal.workspace.process("check", "--base", "main", env={secret: "hunter2"})
    assert done.code == 3, done.text
    assert asked
    assert not any(asked)
    proposal.workspace.git("branch", "--force", "main", "HEAD")
    proposal.workspace.deploy("web", proposal.reference("web") + "@" + NOWHERE)
    asked.clear()
    proposal.workspace.process("check", "--base", "main", env={secret: "hunter2"})
    assert any(asked)


def test_a_change_may_not_lower_the_guard(proposal, monkeypatch):
    """``insecure`` in a declaration of the change is shown, and not obeyed; that of the base is."""
    asked = []
    real = RegistryClient.resolve_all

    def listen(client, questions, **options):
        asked.extend(questions := list(questions))
        return real(client, questions, **options)

    monkeypatch.setattr(RegistryClient, "resolve_all", listen)
    text = proposal.workspace.read("streams/web.yaml").decode()
    proposal.workspace.write("streams/web.yaml", text + "      importPolicy: {insecure: true}\n")
    proposal.pin("web", NOWHERE)
    done = proposal.check("-o", "json")
    (followed,) = done.json["followed"]
    assert followed["after"].endswith(", insecure")
    assert len(asked) == 2
    assert not any(question.insecure for question in asked)
    proposal.pin("web", proposal.digests["web"][0])
    proposal.workspace.commit("By its owners")
    proposal.workspace.git("branch", "--force", "main")
    proposal.pin("web", NOWHERE)
    asked.clear()
    proposal.check("-o", "json")
    assert len(asked) == 2
    assert all(question.insecure for question in asked)


def test_a_tag_that_a_policy_chooses(proposal):
    for version in ("1.1.0", "1.2.0"):
        proposal.push("web", version)
    stream = proposal.workspace.read("streams/web.yaml").decode()
    policy = "  annotations: {gitops-streams.io/policy: semver, gitops-streams.io/range: '>=1.1.0 <1.2.0'}\n"
    name = proposal.reference("web").partition(":1.0")[0]
    chosen = stream.replace("  name: web\n", "  name: web\n" + policy).replace(proposal.reference("web"), name)
    proposal.workspace.write("streams/web.yaml", chosen)
    proposal.workspace.commit("Choose")
    proposal.workspace.git("branch", "--force", "main")
    assert proposal.workspace.run("reconcile").code == 0
    pin = proposal.one(code=0)
    assert pin["after"] == f"{proposal.reference('web', '1.1.0')}@{proposal.digests['web'][1]}"
    assert pin["standing"] == "current"
    # It exists, and the policy does not choose it.
    proposal.pin("web", proposal.digests["web"][2], "1.2.0")
    assert proposal.one(code=1)["standing"] == "unknown-digest"


def test_a_hold_is_a_change_of_what_is_followed(proposal):
    proposal.push("web")
    assert proposal.workspace.run("reconcile").code == 0
    proposal.workspace.commit("Update")
    proposal.workspace.git("branch", "--force", "main")
    assert proposal.workspace.run("rollback", "acme/web:prod").code == 0
    assert proposal.workspace.run("reconcile").code == 0
    done = proposal.check("-o", "json")
    assert done.code == 0, done.text
    (followed,) = done.json["followed"]
    assert f"held at {str(proposal.digests['web'][0])[:19]}" in followed["after"]
    assert [pin["standing"] for pin in done.json["pins"]] == ["current"]
    assert done.json["images"][0]["alarming"]


@pytest.mark.parametrize(
    "arguments",
    [["--comment"], ["--offline"], ["--fail-on", "missing"], ["--pull-request", "1"], ["-o", "html"]],
)
def test_options_that_need_a_base(workspace, arguments):
    done = workspace.run("check", *arguments)
    assert done.code == 2
    assert "check --base" in done.err


def test_markdown_of_the_whole_repository(proposal):
    done = proposal.workspace.run("check", "-o", "markdown")
    assert done.code == 0
    assert "2 sites checked" in done.out


@pytest.mark.parametrize("output", ["table", "text", "markdown", "html", "json"])
def test_every_format_says_it(proposal, output):
    proposal.pin("web", NOWHERE)
    proposal.push("api")
    assert proposal.workspace.run("reconcile").code == 0
    proposal.pin("web", NOWHERE)
    done = proposal.check("-o", output)
    assert done.code == 1
    assert "acme/web" in done.out
    assert "acme/api" in done.out
    if output == "json":
        json.loads(done.out)


def test_two_digests_in_one_place(proposal):
    name, digest = proposal.reference("web").partition(":1.0")[0], proposal.digests["web"][0]
    text = f"web:\n  repository: {name}\n  tag: 1.0@{NOWHERE}\n  digest: {digest}\n"
    proposal.workspace.write("values.yaml", text)
    pin = proposal.one(code=1)
    assert (pin["standing"], pin["form"]) == ("disagreement", "helm")


def test_a_marked_digest_is_looked_up_where_its_stream_tag_is(proposal):
    def written(digest):
        marker = '# {"$imagestream": "acme/web:prod:digest"}'
        proposal.workspace.write("values.yaml", f"proxy:\n  version: {digest} {marker}\n")

    written(proposal.digests["web"][0])
    proposal.workspace.commit("By marker")
    proposal.workspace.git("branch", "--force", "main")
    written(NOWHERE)
    pin = proposal.one(code=1)
    assert (pin["standing"], pin["boundBy"]) == ("missing-digest", "marker")
    assert pin["image"] == proposal.reference("web").partition(":1.0")[0]
    written(proposal.push("web"))
    assert proposal.one(code=0)["standing"] == "current"


def test_streams_come_and_go(proposal):
    workspace = proposal.workspace
    for name in ("web", "api"):
        (workspace.folder / f"streams/{name}.yaml").unlink()
    gone = proposal.check("-o", "json")
    assert [change["change"] for change in gone.json["followed"]] == ["removed", "removed"]
    assert proposal.asked == []
    workspace.commit("No streams")
    assert proposal.check(base="HEAD").code == 1  # neither has any
    workspace.git("branch", "--force", "main")
    workspace.git("checkout", "--quiet", "HEAD~1", "--", "streams")
    proposal.pin("web", proposal.push("web"))
    new = proposal.check("-o", "json")
    assert [change["change"] for change in new.json["followed"]] == ["added", "added"]
    (pin,) = new.json["pins"]
    assert (pin["change"], pin["standing"]) == ("changed", "current")
    assert pin["oldDigest"] == str(proposal.digests["web"][0])


def test_what_fails_has_its_words():
    assert set(FAIL_ON) == {word.value for word in FailOn}


def test_a_page_of_hostile_names_runs_nothing(proposal):
    evil = "deploy/<script>alert(1)</script>&\"'.yaml"
    proposal.workspace.write(evil, f"image: {proposal.reference('web')}@{NOWHERE}\n")
    page = proposal.check("-o", "html").out
    assert "<script" not in page
    assert "&lt;script&gt;" in page
