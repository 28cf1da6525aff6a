"""The verbs that edit declarations: tag, rollback, hold and resume, on every shape that a declaration has."""

from __future__ import annotations

import json
import os
import re
from textwrap import dedent

import pytest

from gitops_streams.demo.images import Image

STATUS = ".gitops-streams/status/acme/web.lock"
DIGEST = "sha256:" + "0" * 64
TEMPLATE = """\
# An OpenShift Template.
kind: Template
apiVersion: v1
objects:
- kind: ImageStream
  apiVersion: v1
  metadata:
    name: web
    namespace: acme   # ours
    annotations: {{openshift.io/display-name: 'Web'}}
  spec:
    tags:
    # what production runs
    - annotations:
        description: "The tag: production"
      from:
        kind: DockerImage
        name: {image}
      generation: null
      importPolicy: {{}}
      name: prod   # never rename
      referencePolicy:
        type: Source
    # an alias
    - from: {{kind: ImageStreamTag, name: prod}}
      name: live
  status:
    dockerImageRepository: ""
- kind: Service
  metadata: {{name: "${{NAME}}"}}
parameters:
- name: NAME
"""
DOCUMENTS = """\
kind: ConfigMap
data: {{text: "ImageStream"}}
---  # streams

apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: web, namespace: acme}}
spec:
  tags:
    - name: prod  # production

      # from the registry
      from:
        kind: DockerImage
        name: "{image}"
      # trailing

    - {{name: live, from: {{kind: ImageStreamTag, name: prod}}}}
---
kind: Service
"""
FLOW = """\
{{apiVersion: image.openshift.io/v1, kind: ImageStream, metadata: {{name: web, namespace: acme}},
  spec: {{tags: [{{name: prod, from: {{kind: DockerImage, name: '{image}'}}}},
    {{name: live, from: {{kind: ImageStreamTag, name: prod}}}}]}}}}
"""


def as_json(image, indent, *, listed):
    stream = {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "web", "namespace": "acme"},
        "spec": {
            "tags": [
                {"name": "prod", "from": {"kind": "DockerImage", "name": image}, "generation": None},
                {"name": "live", "from": {"kind": "ImageStreamTag", "name": "prod"}},
            ]
        },
    }
    return json.dumps({"kind": "List", "apiVersion": "v1", "items": [stream]} if listed else stream, indent=indent)


SHAPES = {
    "template": ("streams.yaml", TEMPLATE.format),
    "documents": ("streams.yaml", DOCUMENTS.format),
    "crlf": ("streams.yml", lambda image: "\ufeff" + DOCUMENTS.format(image=image).replace("\n", "\r\n")),
    "flow": ("streams.yaml", FLOW.format),
    "json": ("streams.json", lambda image: as_json(image, 4, listed=False)),
    "list": ("streams.json", lambda image: as_json(image, 2, listed=True)),
    "compact": ("streams.json", lambda image: as_json(image, None, listed=True)),
}


class Shop:
    """``acme/web:prod`` in one shape, a manifest that uses it, and a registry whose tag can move."""

    def __init__(self, workspace, registry, shape):
        self.workspace, self.registry, self.run = workspace, registry, workspace.run
        self.path, write = SHAPES[shape]
        self.image = f"{registry.host}/acme/web:1.4"
        self.text = write(image=self.image) if shape in {"template", "documents", "flow"} else write(self.image)
        self.write(self.text)
        self.release("1.4.0")
        self.manifest = workspace.deploy("web", self.image)

    def release(self, version):
        return str(self.registry.push("acme/web", "1.4", Image.build("web", version)))

    def write(self, text):
        self.text = text
        self.workspace.write(self.path, text)

    def read(self):
        return self.workspace.read(self.path).decode()

    def reconcile(self):
        done = self.run("reconcile", "-o", "json")
        assert done.code == 0, done.text
        return done.json

    def moves(self, *versions):
        """Release and reconcile, one after the other; return the digests."""
        digests = []
        for version in versions:
            digests.append(self.release(version))
            self.reconcile()
        return digests

    @property
    def pinned(self):
        return re.search(r"@(\S+)", self.workspace.read(self.manifest).decode())[1]

    def did(self, verb, *arguments):
        """Run a verb that must succeed."""
        done = self.run(verb, *arguments)
        assert done.code == 0, done.text
        return done

    def refused(self, *arguments, code=1):
        """Run a verb that must refuse, and write nothing."""
        before = self.workspace.files()
        done = self.run(*arguments)
        assert done.code == code, done.text
        assert self.workspace.files() == before
        return done.text


@pytest.fixture(params=list(SHAPES))
def shop(workspace, registry, request):
    return Shop(workspace, registry, request.param)


@pytest.fixture
def template(workspace, registry):
    return Shop(workspace, registry, "template")


@pytest.fixture
def documents(workspace, registry):
    return Shop(workspace, registry, "documents")


def test_a_tag_moves_is_rolled_back_stays_and_goes_on(shop):
    """Reconcile, move, roll back, reconcile, resume, reconcile: every verb twice, and nothing is left of it."""
    shop.moves("1.4.0")
    old, new = shop.pinned, shop.moves("1.4.1")[0]
    assert shop.pinned == new
    done = shop.did("rollback", "acme/web:prod", "--reason", 'login is broken: "500"')
    assert f"acme/web:prod is held at {old}; it was at {new}" in done.out
    held = shop.read()
    assert held.count(old) == 1
    assert "login is broken" in held
    assert "nothing to change" in shop.did("hold", "web:prod").out
    assert shop.read() == held
    assert shop.run("check").code == 1
    plan = shop.reconcile()
    assert (plan["summary"]["requests"], plan["results"][0]["newDigest"], shop.pinned) == (0, old, old)
    assert plan["results"][0]["held"]["enforced"] is True
    before = shop.workspace.files()
    assert shop.reconcile()["summary"]["tags"]["held"] == 1
    assert shop.workspace.files() == before
    assert shop.run("check").code == 0
    newest = shop.release("1.4.2")
    assert shop.reconcile()["summary"]["tags"]["held"] == 1
    assert shop.pinned == old
    assert f"it was held at {old}" in shop.did("resume", "acme/web:prod").out
    assert shop.read() == shop.text
    assert "is not held by itself\nnothing to change" in shop.did("resume", "acme/web:prod").out
    assert shop.read() == shop.text
    assert shop.reconcile()["summary"]["requests"] == 1
    assert shop.pinned == newest


def test_tags_are_added_changed_and_deleted_in_place(shop):
    new = f"{shop.registry.host}/acme/web:1.5"
    done = shop.did("tag", new, "web:next", "acme/web:prod", "--scheduled")
    assert f"Tag acme/web:next set to import {new} periodically." in done.out
    text = shop.read()
    assert text.replace("\r", "").count(new) == 2
    assert text.count(shop.image) == 0
    assert "nothing to change" in shop.did("tag", new, "web:next", "acme/web:prod", "--scheduled").out
    assert shop.read() == text
    done = shop.did("tag", "--alias", "web:next", "web:prod")
    assert "Tag acme/web:prod set up to track acme/web:next." in done.out
    assert shop.read().count("scheduled") == 1
    shop.did("tag", shop.image, "web:prod")
    shop.did("tag", "-d", "web:next")
    if "importPolicy" not in shop.text:
        assert shop.read() == shop.text
    assert 'imagestreamtags "acme/web:next" not found' in shop.refused("tag", "-d", "web:next")


@pytest.mark.parametrize("shape", ["documents", "template", "crlf"])
def test_every_comment_is_where_it_was(workspace, registry, shape):
    shop = Shop(workspace, registry, shape)
    shop.moves("1.4.0")
    shop.did("hold", "web:prod", "--reason", "why")
    shop.did("tag", "quay.io/x/y:1", "web:prod", "--insecure", "--reference-policy", "local")
    assert re.findall(r".*#.*", shop.read()) == re.findall(r".*#.*", shop.text)


def test_what_a_hold_looks_like(template):
    (digest,) = template.moves("1.4.0")
    template.did("hold", "web:prod", "--reason", "freeze")
    added = [line for line in template.read().splitlines() if line not in template.text.splitlines()]
    assert added == [f"        gitops-streams.io/hold: {digest}", "        gitops-streams.io/hold-reason: freeze"]


# tag.


def test_a_stream_tag_is_frozen_to_what_it_is(documents):
    old, new = documents.moves("1.4.1", "1.4.2")
    done = documents.did("tag", "web:prod", "web:stable", "acme/copy:stable")
    assert f"Tag acme/web:stable set to acme/web@{new}." in done.out
    documents.workspace.write("use.yaml", 'kind: Pod\nimage: x # {"$imagestream": "acme/copy:stable"}\n')
    documents.release("1.4.3")
    documents.reconcile()
    assert f"image: {documents.image}@{new} #" in documents.workspace.read("use.yaml").decode()
    done = documents.did("tag", f"web@{old[7:19]}", "web:stable")
    assert f"set to acme/web@{old}." in done.out


def test_an_alias_into_another_stream_is_followed_with_a_notice(documents):
    done = documents.did("tag", "--alias", "acme/web:prod", "other/copy:live")
    assert "note: it is followed here; OpenShift takes an alias across image streams once" in done.out
    text = documents.workspace.read("copy.yaml").decode()
    assert text == dedent("""\
        apiVersion: image.openshift.io/v1
        kind: ImageStream
        metadata:
          name: copy
          namespace: other
        spec:
          tags:
            - name: live
              from:
                kind: ImageStreamTag
                namespace: acme
                name: web:prod
        """)


def test_where_a_new_stream_goes(documents, workspace):
    assert "copy.yaml is there already" not in documents.did("tag", "quay.io/a/b:1", "copy:a").out
    documents.did("tag", "quay.io/a/b:1", "acme/second:a", "--file", "copy.yaml")
    assert workspace.read("copy.yaml").decode().count("\n---\n") == 1
    documents.did("tag", "quay.io/a/b:1", "acme/third:1.0", "--file", "deep/er/third.json")
    assert json.loads(workspace.read("deep/er/third.json"))["spec"]["tags"][0]["name"] == "1.0"
    # The streams are in several folders now.
    documents.did("tag", "quay.io/a/b:1", "acme/fourth:a")
    assert workspace.read("imagestreams/acme/fourth.yaml")
    workspace.write("imagestreams/fifth.yaml", "kind: ConfigMap\n")
    assert "is there already" in documents.refused("tag", "quay.io/a/b:1", "fifth:a")
    assert "one document" in documents.refused("tag", "quay.io/a/b:1", "x:a", "--file", "deep/er/third.json")
    assert "leaves the repository" in documents.refused("tag", "quay.io/a/b:1", "x:a", "--file", "../x.yaml", code=2)
    assert "*.yaml" in documents.refused("tag", "quay.io/a/b:1", "x:a", "--file", "x.txt", code=2)
    assert "git directory" in documents.refused("tag", "quay.io/a/b:1", "x:a", "--file", ".git/x.yaml", code=2)
    assert "declared already" in documents.refused("tag", "quay.io/a/b:1", "web:a", "--file", "y.yaml", code=2)
    workspace.config("exclude: [vendor/]\n")
    assert "is excluded by" in documents.refused("tag", "quay.io/a/b:1", "x:a", "--file", "vendor/x.yaml", code=2)


def test_the_first_stream_of_a_repository(workspace):
    assert workspace.run("tag", "quay.io/a/b:1", "acme/web:prod").code == 0
    assert workspace.read("imagestreams/acme/web.yaml").startswith(b"apiVersion: image.openshift.io/v1\n")
    assert workspace.run("tag", "quay.io/a/b:1", "acme/web:prod").out.endswith("nothing to change\n")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "you must specify a source and at least one destination or one or more tags to delete"),
        (["quay.io/a/b:1"], 2, "you must specify a source and at least one destination"),
        (["-d"], 2, "you must specify a source"),
        (["-d", "web:prod", "--alias"], 2, "--alias and --delete may not be both specified"),
        (["-d", "web:prod", "--source", "docker"], 2, "cannot specify a source kind when deleting"),
        (["-d", "web:prod", "--scheduled"], 2, "cannot set flags for importing images when deleting a tag"),
        (
            ["--alias", "web:prod", "web:x", "--insecure"],
            2,
            "cannot set a container image tag as an alias and also set",
        ),
        (["web:prod", "web:x", "--scheduled"], 2, "only container images can have importing flags set"),
        (["web@00ff", "web:x", "--import-mode", "legacy"], 2, "only container images can have importing flags set"),
        (["--alias", "quay.io/a/b:1", "web:x"], 2, "--alias is for a stream tag"),
        (["quay.io/a/b:1", "web"], 2, '"web" must be of the form <stream_name>:<tag>'),
        (["quay.io/a/b:1", "a/b/c:d"], 2, 'invalid image stream "a/b/c"'),
        (["quay.io/a/b:1", "web:x", "--reference-policy", "both"], 2, "'both' is not one of 'source', 'local'"),
        (["web:prod", "web:x", "--source", "image"], 2, 'invalid source "image"; valid values are docker'),
        (["web:prod", "web:x"], 1, '"web:prod" is not currently pointing to an image, cannot use it as the source'),
        (["nginx:1.25", "web:x"], 1, 'imagestreams "nginx" not found'),
        (["--alias", "web:live", "web:prod"], 1, "reference tag is circular: acme/web:prod → acme/web:live →"),
        ([f"quay.io/a/b@{DIGEST}", "web:x", "--scheduled"], 1, "only tags can be scheduled for import"),
    ],
)
def test_what_tag_refuses(documents, arguments, code, reason):
    assert reason in documents.refused("tag", *arguments, code=code)


def test_a_second_failure_writes_nothing_of_the_first(documents):
    assert "not found" in documents.refused("tag", "-d", "web:live", "web:nothing")
    assert "invalid" in documents.refused("tag", "quay.io/a/b:1", "web:x", "Web:y", code=2)


def test_deleting_a_tag_deletes_its_record_unless_something_needs_it(documents):
    documents.moves("1.4.0")
    documents.did("tag", "web:prod", "web:stable")
    record = documents.workspace.read(STATUS)
    done = documents.did("tag", "-d", "web:prod")
    assert "Deleted tag acme/web:prod." in done.out
    assert "note: acme/web:live follows acme/web:prod, and leads nowhere now" in done.out
    assert documents.workspace.read(STATUS) == record
    documents.did("tag", shop_image := "quay.io/a/b:1", "web:prod", "web:stable")
    assert shop_image in documents.read()
    documents.did("tag", "-d", "web:prod")
    assert b"tags: []" in documents.workspace.read(STATUS)


def test_a_held_tag_that_is_given_another_source_stays_held(documents):
    (digest,) = documents.moves("1.4.0")
    documents.did("hold", "web:prod")
    done = documents.did("tag", "quay.io/a/b:1", "web:prod")
    assert f"note: it is held at {digest}; gitops-streams resume acme/web:prod lets it follow" in done.out


def test_fields_that_no_option_names_stay(documents):
    documents.did(
        "tag", "quay.io/a/b:1", "web:prod", "--scheduled", "--insecure", "--import-mode", "legacy", "--reference"
    )
    documents.did("tag", "quay.io/a/b:2", "web:prod", "--no-scheduled")
    assert """\
        name: "quay.io/a/b:2"
      importPolicy:
        importMode: Legacy
        insecure: true
        scheduled: false
      reference: true
      # trailing
""" in documents.read()


# rollback, hold, resume.


def test_rolling_back_again_goes_further_back(documents):
    first, second, third = documents.moves("1", "2", "3")
    assert documents.pinned == third
    for digest in (second, first):
        documents.did("rollback", "web:prod")
        documents.reconcile()
        assert documents.pinned == digest
    told = documents.refused("rollback", "web:prod")
    assert f"no image of acme/web:prod is recorded before {first}" in told
    for digest in (first, second, third):
        assert f"  {digest}  1.4{'  (current)' if digest == first else ''}\n" in told


def test_a_rollback_to_an_image_of_choice(documents):
    first, second, _ = documents.moves("1", "2", "3")
    assert f"held at {first}" in documents.did("rollback", "web:prod", "--to", first[:15]).out
    assert f"held at {second}" in documents.did("rollback", "web:prod", "--to", second[7:20]).out
    assert "multiple images match" in documents.refused("rollback", "web:prod", "--to", "sha256:")
    assert 'no recorded image matches "zz"' in documents.refused("rollback", "web:prod", "--to", "zz")
    told = documents.refused("rollback", "web:prod", "--to", DIGEST)
    assert f"{DIGEST} was never recorded for acme/web:prod" in told
    assert "add --unrecorded" in told
    documents.did("rollback", "web:prod", "--to", DIGEST, "--unrecorded")
    documents.reconcile()
    assert documents.pinned == DIGEST
    assert "--unrecorded is for --to" in documents.refused("rollback", "web:prod", "--unrecorded", code=2)


def test_nothing_recorded_is_nothing_to_hold(documents):
    assert "nothing is recorded of acme/web:prod yet" in documents.refused("hold", "web:prod")
    assert "no image of acme/web:prod is recorded" in documents.refused("rollback", "web:prod")


def test_an_image_from_what_is_not_followed_any_more_is_no_candidate(documents):
    first, _ = documents.moves("1", "2")
    documents.did("tag", "quay.io/a/b:1", "web:prod")
    for arguments in (["hold", "web:prod"], ["rollback", "web:prod", "--to", first]):
        told = documents.refused(*arguments)
        assert "came from what acme/web:prod does not follow any more" in told
        assert f"{first}  1.4  (from {documents.registry.host}/acme/web, not followed now)" in told


def test_a_hold_reaches_the_aliases_above_and_not_what_is_below(documents):
    documents.moves("1", "2")
    assert "held with it: acme/web:live" in documents.did("hold", "web:prod").out
    assert "it follows acme/web:prod, which is held: gitops-streams resume acme/web:prod" in (
        documents.did("resume", "web:live").out
    )
    documents.did("resume", "web:prod")
    done = documents.did("rollback", "web:live")
    assert "not held, though it follows them: acme/web:prod" in done.out
    assert documents.did("hold", "web:prod").out.count("held with it") == 0


def test_a_hold_keeps_its_reason_until_it_is_given_another(documents):
    documents.moves("1", "2")
    documents.did("rollback", "web:prod", "--reason", "  one\n  line ")
    assert "one line" in documents.read()
    assert "nothing to change" in documents.did("hold", "web:prod").out
    documents.did("hold", "web:prod", "--reason", "another")
    assert "another" in documents.read()
    documents.did("hold", "web:prod", "--reason", "")
    assert "hold-reason" not in documents.read()
    assert "printable" in documents.refused("hold", "web:prod", "--reason", "\x1b[31m", code=2)
    assert "300" in documents.refused("hold", "web:prod", "--reason", "x" * 301, code=2)
    assert "parameter" in documents.refused("hold", "web:prod", "--reason", "see ${TICKET}")


@pytest.mark.parametrize("verb", ["rollback", "hold", "resume"])
def test_names(documents, verb):
    documents.moves("1", "2")
    documents.workspace.write("b.yaml", DOCUMENTS.format(image="quay.io/x/y:1").replace("acme", "other"))
    assert "web may mean acme/web, other/web" in documents.refused(verb, "web:prod")
    assert 'imagestreams "api" not found' in documents.refused(verb, "api:prod")
    assert "declares live, prod" in documents.refused(verb, "acme/web:1")
    assert "must be of the form" in documents.refused(verb, "acme/web", code=2)
    documents.workspace.write("c.yaml", DOCUMENTS.format(image="quay.io/x/y:1"))
    told = documents.refused(verb, "acme/web:prod")
    assert "2 image streams are named acme/web" in told


def test_a_declaration_that_cannot_be_used_has_to_be_repaired_first(documents):
    documents.moves("1")
    documents.write(documents.text.replace("DockerImage", "Dockerimage"))
    told = documents.refused("hold", "web:prod")
    assert "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'" in told
    documents.did("tag", documents.image, "web:prod")
    documents.did("hold", "web:prod")


@pytest.mark.parametrize("output", ["text", "diff"])
@pytest.mark.parametrize("arguments", [["hold", "web:prod"], ["tag", "-d", "web:live"], ["tag", "q.io/a:1", "new:x"]])
def test_a_dry_run_writes_nothing_and_git_applies_its_diff(documents, git, tmp_path, arguments, output):
    documents.moves("1", "2")
    before = documents.workspace.files()
    shown = documents.did(*arguments, "--dry-run", "-o", output)
    assert documents.workspace.files() == before
    if output == "text":
        assert "dry run: nothing was written" in shown.out
        return
    documents.did(*arguments)
    after = documents.workspace.files()
    for path in after.keys() - before.keys():
        os.unlink(os.path.join(os.fsencode(documents.workspace.folder), path))  # noqa: PTH108, PTH118
    for path, content in before.items():
        documents.workspace.write(path, content)
    git(documents.workspace.folder, "apply", "-", stdin=shown.out)
    assert documents.workspace.files() == after


# What declarations may hold.


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name: "{image}"', 'name: &image "{image}"\n      x: *image', "carries an anchor"),
        ("spec:\n", "x: &spec\n  tags: []\nspec: *spec\nunused:\n", "spec is an alias"),
        ("- name: prod", "- <<: {{}}\n      name: prod", "merged keys are not read here"),
        ("- name: prod", "- name: prod\n      name: prod", "the key 'name' stands twice"),
        ("- name: prod", "- name: prod\n    - name: prod", "the tag prod stands twice"),
    ],
)
def test_declarations_that_cannot_be_edited_are_left_as_they_are(documents, old, new, reason):
    documents.write(DOCUMENTS.replace(old, new).format(image=documents.image))
    assert reason in documents.refused("tag", "quay.io/a/b:1", "acme/web:prod")


def test_what_two_parsers_read_differently_is_left_alone(documents):
    documents.moves("1")
    documents.write(f"{documents.text}x:\n- &a:\n  b: 1\n")
    told = documents.refused("hold", "web:prod")
    assert f"{documents.path} is left alone: no edit of it can be proven" in told


def test_a_bare_repository_is_refused(documents, git, tmp_path, cli):
    documents.workspace.commit()
    git(tmp_path, "clone", "--quiet", "--bare", str(documents.workspace.folder), "bare.git")
    done = cli("hold", "-C", tmp_path / "bare.git", "web:prod")
    assert done.code == 1
    assert "the repository is bare" in done.err


def test_a_read_only_file_is_not_written(documents):
    documents.moves("1")
    os.chmod(documents.workspace.folder / documents.path, 0o444)  # noqa: PTH101
    if os.access(documents.workspace.folder / documents.path, os.W_OK):
        pytest.skip("root writes it anyway")
    assert "was not written" in documents.refused("hold", "web:prod")


def test_status_says_what_is_held(documents):
    (digest,) = documents.moves("1")
    documents.did("hold", "web:prod", "--reason", "freeze")
    assert f"acme/web:prod: held at {digest} (freeze)\n" in documents.did("status").out
    holds = {tag["tag"]: tag["hold"] for tag in documents.did("status", "-o", "json").json["tags"]}
    assert holds == {"prod": {"digest": digest, "reason": "freeze"}, "live": None}


def test_the_verbs_ask_no_registry(documents):
    documents.moves("1", "2")
    documents.registry.intercept = lambda request: pytest.fail(f"{request.path} was asked for")
    for arguments in (
        ["hold", "web:prod"],
        ["rollback", "web:prod"],
        ["resume", "web:prod"],
        ["tag", "-d", "web:live"],
    ):
        documents.did(*arguments)
