"""What one declaration says, and OpenShift's own words for what it cannot say."""

from __future__ import annotations

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Question, Resolved
from gitops_streams.streams.follow import Broken, Followed, follow
from gitops_streams.streams.load import load
from gitops_streams.streams.model import DockerImage, ImageAlias, PushOnly, TagAlias
from gitops_streams.streams.own_annotations import EXTRAS
from gitops_streams.streams.policy import ask
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.problem import Severity

DIGEST = "sha256:" + "0123456789abcdef" * 4
KNOWN = ", ".join(sorted(EXTRAS))
NAME_PATTERN = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
KINDS = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'"
FORMS = "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>"
SCHEDULED = "only tags pointing to Docker repositories may be scheduled for background import"


def image(name: str, more: str = "") -> str:
    return f"- name: prod\n  from:\n    kind: DockerImage\n    name: {name}\n{more}"


# The text of the first entry of spec.tags, which starts on line 8; the reason and its line.
INVALID_TAGS = {
    "no from.kind": (
        "- name: prod\n  from:\n    name: x\n",
        f"spec.tags[prod].from.kind: Required value: {KINDS}",
        10,
    ),
    "unknown from.kind": (
        "- name: prod\n  from:\n    kind: ImageStream\n    name: x\n",
        f"spec.tags[prod].from.kind: Required value: {KINDS}",
        10,
    ),
    "an empty from": ("- name: prod\n  from: {}\n", f"spec.tags[prod].from.kind: Required value: {KINDS}", 9),
    "an empty from.name": (
        "- name: prod\n  from:\n    kind: DockerImage\n    name: ''\n",
        "spec.tags[prod].from.name: Required value",
        11,
    ),
    "from.name null": (
        "- name: prod\n  from:\n    kind: ImageStreamTag\n    name: null\n",
        "spec.tags[prod].from.name: Required value",
        11,
    ),
    "no from.name": (
        "- name: prod\n  from:\n    kind: ImageStreamImage\n",
        "spec.tags[prod].from.name: Required value",
        10,
    ),
    "a pull spec in capitals": (
        image("quay.io/Acme/web:1"),
        'spec.tags[prod].from.name: Invalid value: "quay.io/Acme/web:1": a repository is written in lower case',
        11,
    ),
    "a URL": (
        image("https://quay.io/acme/web"),
        (
            'spec.tags[prod].from.name: Invalid value: "https://quay.io/acme/web":'
            " a reference has no scheme such as https://"
        ),
        11,
    ),
    "a pull spec with an empty segment": (
        image("quay.io//web"),
        'spec.tags[prod].from.name: Invalid value: "quay.io//web": invalid reference format',
        11,
    ),
    "docker:// and nothing": (
        image("docker://"),
        'spec.tags[prod].from.name: Invalid value: "docker://": it is empty',
        11,
    ),
    "an ImageStreamTag of two colons": (
        "- name: prod\n  from:\n    kind: ImageStreamTag\n    name: a:b:c\n",
        f'spec.tags[prod].from.name: Invalid value: "a:b:c": {FORMS}',
        11,
    ),
    "a pull spec under ImageStreamTag": (
        "- name: prod\n  from:\n    kind: ImageStreamTag\n    name: quay.io/acme/web:1\n",
        f'spec.tags[prod].from.name: Invalid value: "quay.io/acme/web:1": {FORMS}',
        11,
    ),
    "an ImageStreamTag without a stream": (
        "- name: prod\n  from:\n    kind: ImageStreamTag\n    name: :b\n",
        f'spec.tags[prod].from.name: Invalid value: ":b": {FORMS}',
        11,
    ),
    "an ImageStreamImage of two ats": (
        "- name: prod\n  from:\n    kind: ImageStreamImage\n    name: a@b@c\n",
        f'spec.tags[prod].from.name: Invalid value: "a@b@c": {FORMS}',
        11,
    ),
    "an ImageStreamImage without an id": (
        "- name: prod\n  from:\n    kind: ImageStreamImage\n    name: a@\n",
        f'spec.tags[prod].from.name: Invalid value: "a@": {FORMS}',
        11,
    ),
    "a namespace that is none": (
        "- name: prod\n  from:\n    kind: ImageStreamTag\n    name: a\n    namespace: Not_One\n",
        'spec.tags[prod].from.namespace: Invalid value: "Not_One": must be a lower-case DNS label',
        12,
    ),
    "ImageStreamTags can't be scheduled": (
        "- name: prod\n  from:\n    kind: ImageStreamTag\n    name: a\n  importPolicy:\n    scheduled: true\n",
        f"spec.tags[prod].importPolicy.scheduled: Invalid value: true: {SCHEDULED}",
        13,
    ),
    "ImageStreamImages can't be scheduled": (
        "- name: prod\n  from:\n    kind: ImageStreamImage\n    name: a\n  importPolicy: {scheduled: yes}\n",
        f"spec.tags[prod].importPolicy.scheduled: Invalid value: true: {SCHEDULED}",
        12,
    ),
    "digests can't be scheduled": (
        image(f"quay.io/acme/web@{DIGEST}", "  importPolicy:\n    scheduled: true\n"),
        f'spec.tags[prod].from.name: Invalid value: "quay.io/acme/web@{DIGEST}": only tags can be scheduled for import',
        11,
    ),
    "invalid importMode": (
        image("quay.io/acme/web", "  importPolicy:\n    importMode: Preserve\n"),
        (
            'spec.tags[prod].importPolicy.importMode: Invalid value: "Preserve":'
            " invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'"
        ),
        13,
    ),
    "invalid referencePolicy": (
        image("quay.io/acme/web", "  referencePolicy:\n    type: local\n"),
        'spec.tags[prod].referencePolicy.type: Invalid value: "local": valid values are "Source", "Local"',
        13,
    ),
    "a tag name with a slash": (
        "- name: a/b\n",
        'spec.tags[a/b].name: Invalid value: "a/b": must match "^[\\w][\\w.-]{0,127}$"',
        8,
    ),
    "no tag name": ("- from: {}\n", 'spec.tags[].name: Invalid value: "": must match "^[\\w][\\w.-]{0,127}$"', 8),
    "a tag name that starts with a dot": (
        "- from: {}\n  name: .a\n",
        'spec.tags[.a].name: Invalid value: ".a": must match "^[\\w][\\w.-]{0,127}$"',
        9,
    ),
    "a from that is text": (
        "- name: prod\n  from: quay.io/acme/web\n",
        "spec.tags[prod].from: Invalid value: it must be a mapping",
        9,
    ),
    "a from.name that is a list": (
        "- name: prod\n  from:\n    kind: DockerImage\n    name: [a]\n",
        "spec.tags[prod].from.name: Invalid value: it must be text",
        11,
    ),
    "a flag that is none": (
        image("quay.io/acme/web", "  reference: maybe\n"),
        'spec.tags[prod].reference: Invalid value: "maybe": it must be true or false',
        12,
    ),
    "an importPolicy that is a list": (
        image("quay.io/acme/web", "  importPolicy: []\n"),
        "spec.tags[prod].importPolicy: Invalid value: it must be a mapping",
        12,
    ),
    "a key that stands twice": (
        "- name: prod\n  from: {kind: DockerImage, name: a}\n  from: {kind: DockerImage, name: b}\n",
        "spec.tags[prod].from: Duplicate value: the key stands twice",
        10,
    ),
    "a merged key": (
        "- name: prod\n  <<: {from: {kind: DockerImage, name: a}}\n",
        "spec.tags[prod].<<: merged keys are not read here; write them out",
        9,
    ),
    "a platform that is none": (
        image("a", "  annotations:\n    gitops-streams.io/platform: amd64\n"),
        (
            'spec.tags[prod]: annotation gitops-streams.io/platform: "amd64" is not a platform;'
            " write it as linux/amd64 or linux/arm64/v8"
        ),
        13,
    ),
    "paths that are a list": (
        image("a", "  annotations:\n    gitops-streams.io/paths: [deploy/**]\n"),
        "spec.tags[prod].annotations.gitops-streams.io/paths: Invalid value: it must be text",
        13,
    ),
}


@pytest.mark.parametrize(("tags", "reason", "line"), INVALID_TAGS.values(), ids=INVALID_TAGS.keys())
def test_a_tag_that_is_refused_has_openshifts_reason_and_its_place(declare, tags: str, reason: str, line: int):
    catalog = declare(tags + "- name: other\n  from: {kind: DockerImage, name: nginx}\n")
    (invalid,) = catalog.invalid
    assert invalid.reason == reason
    assert (invalid.file, invalid.line) == ("streams.yaml", line)
    assert [str(key) for key in catalog.tags] == ["acme/web:other"], "one bad tag does not stop the others"


STREAM = "apiVersion: v1\nkind: ImageStream\n"
LONG = "a" * 250
INVALID_STREAMS = {
    "no metadata": (STREAM, "metadata.name: Required value: name or generateName is required", 1),
    "no name": (f"{STREAM}metadata: {{}}\n", "metadata.name: Required value: name or generateName is required", 3),
    "a null name": (
        f"{STREAM}metadata:\n  name: null\n",
        "metadata.name: Required value: name or generateName is required",
        4,
    ),
    "a name with capitals": (
        f"{STREAM}metadata:\n  name: Web\n",
        f'metadata.name: Invalid value: "Web": must match "{NAME_PATTERN}"',
        4,
    ),
    "a name with two dashes": (
        f"{STREAM}metadata: {{name: a--b}}\n",
        f'metadata.name: Invalid value: "a--b": must match "{NAME_PATTERN}"',
        3,
    ),
    "a name that climbs": (
        f"{STREAM}metadata:\n  namespace: acme\n  name: ../../etc\n",
        f'metadata.name: Invalid value: "../../etc": must match "{NAME_PATTERN}"',
        5,
    ),
    "a namespace that climbs": (
        f"{STREAM}metadata:\n  name: a\n  namespace: ..\n",
        'metadata.namespace: Invalid value: "..": must be a lower-case DNS label',
        5,
    ),
    "namespace/name of 256 characters": (
        f"{STREAM}metadata:\n  namespace: abcde\n  name: {LONG}\n",
        f"metadata.name: Invalid value: \"{LONG[:200]}…\": 'namespace/name' cannot be longer than 255 characters",
        5,
    ),
    "a name that is a list": (f"{STREAM}metadata:\n  name: [a]\n", "metadata.name: Invalid value: it must be text", 4),
    "metadata that is text": (f"{STREAM}metadata: web\n", "metadata: Invalid value: it must be a mapping", 3),
    "a spec that is a list": (
        f"{STREAM}metadata: {{name: web}}\nspec: []\n",
        "spec: Invalid value: it must be a mapping",
        4,
    ),
    "tags by name": (
        f"{STREAM}metadata: {{name: web}}\nspec:\n  tags:\n    prod: {{}}\n",
        "spec.tags: Invalid value: it must be a list",
        6,
    ),
    "two specs": (
        f"{STREAM}metadata: {{name: web}}\nspec: {{}}\nspec: {{}}\n",
        "spec: Duplicate value: the key stands twice",
        5,
    ),
    "two names": (
        f"{STREAM}metadata:\n  name: web\n  name: api\n",
        "metadata.name: Duplicate value: the key stands twice",
        5,
    ),
    "local lookup, perhaps": (
        f"{STREAM}metadata: {{name: web}}\nspec: {{lookupPolicy: {{local: perhaps}}}}\n",
        'spec.lookupPolicy.local: Invalid value: "perhaps": it must be true or false',
        4,
    ),
}


@pytest.mark.parametrize(("text", "reason", "line"), INVALID_STREAMS.values(), ids=INVALID_STREAMS.keys())
def test_a_stream_that_is_refused_has_a_reason_and_its_place(read, text: str, reason: str, line: int):
    catalog = read(text)
    assert catalog.streams == ()
    (problem,) = catalog.problems
    assert (problem.file, problem.line, problem.severity) == ("streams.yaml", line, Severity.ERROR)
    start, verdict, rest = problem.reason.partition(" is invalid: ")
    assert start.startswith('ImageStream "')
    assert verdict
    assert rest == reason


def test_namespace_and_name_of_255_characters_are_fine(read):
    text = f"{STREAM}metadata:\n  namespace: abcd\n  name: {LONG}\n"
    assert [len(str(stream.key)) for stream in read(text).streams] == [255]


REPOSITORIES = {
    "with a tag": ("quay.io/acme/web:1", "the repository name may not contain a tag", Severity.ERROR),
    "with an ID": (f"quay.io/acme/web@{DIGEST}", "the repository name may not contain an ID", Severity.ERROR),
    "no repository": ("quay.io//web", "invalid reference format", Severity.ERROR),
    "unexpanded": (
        "'${REPO}'",
        "it holds an unexpanded parameter; render it first (oc process, kustomize build, helm template)",
        Severity.WARNING,
    ),
    "huge": ("a" * 2000, "invalid reference format", Severity.ERROR),
    "a list": ("[a]", "it must be text", Severity.ERROR),
}


@pytest.mark.parametrize(("repository", "reason", "severity"), REPOSITORIES.values(), ids=REPOSITORIES.keys())
def test_a_docker_image_repository_that_is_wrong_leaves_the_tags_alone(read, repository: str, reason: str, severity):
    tags = "  tags:\n    - {name: a, from: {kind: DockerImage, name: b}}\n"
    catalog = read(f"{STREAM}metadata: {{name: web}}\nspec:\n  dockerImageRepository: {repository}\n{tags}")
    (problem,) = catalog.problems
    assert problem.reason.startswith('ImageStream "web"')
    assert "spec.dockerImageRepository: " in problem.reason
    assert problem.reason.endswith(reason)
    assert (problem.line, problem.severity) == (5, severity)
    assert len(catalog.tags) == 1
    assert catalog.streams[0].whole is None


@pytest.mark.parametrize("repository", ["", "''", "null", "~"])
def test_no_docker_image_repository(read, repository: str):
    catalog = read(f"{STREAM}metadata: {{name: web}}\nspec: {{dockerImageRepository: {repository}}}\n")
    assert catalog.problems == ()


@pytest.mark.parametrize("times", [2, 3, 4])
def test_duplicate_tag_names_are_all_refused(declare, times: int):
    twice = "".join(f"- {{name: '1', from: {{kind: DockerImage, name: nginx:{n}}}}}\n" for n in range(times))
    catalog = declare(twice + "- {name: '2', from: {kind: DockerImage, name: nginx}}\n")
    assert [str(key) for key in catalog.tags] == ["acme/web:2"]
    assert [tag.line for tag in catalog.invalid] == list(range(8, 8 + times))
    assert {tag.reason for tag in catalog.invalid} == {
        'spec.tags[1].name: Duplicate value: "1": OpenShift would keep the last of them and say nothing'
    }


def test_a_duplicate_of_a_tag_that_is_wrong_is_refused_too(declare):
    catalog = declare("- {name: a, from: {kind: Nothing}}\n- {name: a, from: {kind: DockerImage, name: nginx}}\n")
    assert catalog.tags == {}
    assert [tag.line for tag in catalog.invalid] == [8, 9]


@pytest.mark.parametrize("entry", ["text", "[]", "null"])
def test_an_entry_that_is_no_mapping(declare, entry: str):
    catalog = declare(f"- {entry}\n- name: a\n")
    (problem,) = catalog.problems
    assert (problem.line, problem.severity) == (8, Severity.ERROR)
    assert problem.reason == 'ImageStream "web": spec.tags[0]: Invalid value: it must be a mapping'
    assert len(catalog.tags) == 1


WRITTEN_NAMES = [
    "1.10",
    "on",
    "true",
    "0x1F",
    "1e3",
    "2024-01-01",
    "1_000",
    "012",
    "9.0",
    "_x",
    "NULL1",
    "3.12-ubi8",
]


@pytest.mark.parametrize("name", WRITTEN_NAMES)
def test_a_tag_keeps_the_name_that_is_written(declare, name: str):
    catalog = declare(f"- name: {name}\n- name: alias\n  from: {{kind: ImageStreamTag, name: {name}}}\n")
    assert {key.tag for key in catalog.tags} == {name, "alias"}
    alias = catalog.streams[0].tags[1].source
    assert isinstance(alias, TagAlias)
    assert alias.target.tag == name


# from → the source, as reports show it.
SOURCES = {
    "a tag": ("kind: DockerImage, name: quay.io/acme/web:1.4", DockerImage, "quay.io/acme/web:1.4"),
    "docker://": ("kind: DockerImage, name: 'docker://quay.io/acme/web:1.4'", DockerImage, "quay.io/acme/web:1.4"),
    "no tag": ("kind: DockerImage, name: quay.io/acme/web", DockerImage, "quay.io/acme/web"),
    "no host": ("kind: DockerImage, name: 'mysql:8'", DockerImage, "mysql:8"),
    "a host with a port": ("kind: DockerImage, name: 'localhost:5000/a:1'", DockerImage, "localhost:5000/a:1"),
    "a digest": (f"kind: DockerImage, name: 'mysql@{DIGEST}'", DockerImage, f"mysql@{DIGEST}"),
    "a tag and a digest": (f"kind: DockerImage, name: 'mysql:8@{DIGEST}'", DockerImage, f"mysql:8@{DIGEST}"),
    "<tag>": ("kind: ImageStreamTag, name: '1.4'", TagAlias, "acme/web:1.4"),
    "a bare name is a tag of the same stream": ("kind: ImageStreamTag, name: api", TagAlias, "acme/web:api"),
    "<stream>:<tag>": ("kind: ImageStreamTag, name: 'api:2'", TagAlias, "acme/api:2"),
    "an empty tag means latest": ("kind: ImageStreamTag, name: 'api:'", TagAlias, "acme/api:latest"),
    "another namespace": ("kind: ImageStreamTag, name: 'api:2', namespace: base", TagAlias, "base/api:2"),
    "a null namespace": ("kind: ImageStreamTag, name: 'api:2', namespace: null", TagAlias, "acme/api:2"),
    "<id>": (f"kind: ImageStreamImage, name: '{DIGEST}'", ImageAlias, f"acme/web@{DIGEST}"),
    "an id's prefix": ("kind: ImageStreamImage, name: 'sha256:0123'", ImageAlias, "acme/web@sha256:0123"),
    "<stream>@<id>": (f"kind: ImageStreamImage, name: 'api@{DIGEST}'", ImageAlias, f"acme/api@{DIGEST}"),
}


@pytest.mark.parametrize(("origin", "kind", "shown"), SOURCES.values(), ids=SOURCES.keys())
def test_every_form_of_source(declare, origin: str, kind: type, shown: str):
    catalog = declare(f"- name: prod\n  from: {{{origin}}}\n")
    assert catalog.invalid == ()
    (tag,) = catalog.tags.values()
    assert (type(tag.source), str(tag.source)) == (kind, shown)


@pytest.mark.parametrize("origin", ["", "  from: null\n", "  from:\n", "  from: ~\n"])
def test_without_from_a_tag_is_pushed_to(declare, key, origin: str):
    catalog = declare(f"- name: prod\n{origin}  importPolicy: {{scheduled: true}}\n")
    assert catalog.tags[key("acme/web:prod")].source == PushOnly()
    assert catalog.invalid == ()


def asked(catalog, key) -> Question | Resolved | Broken:
    followed = follow(catalog, key)
    return ask(followed) if isinstance(followed, Followed) else followed


def test_no_tag_asks_for_latest(declare, key):
    question = asked(declare("- {name: prod, from: {kind: DockerImage, name: mysql}}"), key("acme/web:prod"))
    assert str(question) == "docker.io/library/mysql:latest"


@pytest.mark.parametrize(("name", "tag"), [("mysql@", None), ("mysql:8@", "8")])
def test_a_digest_is_its_own_answer(declare, key, name: str, tag: str | None):
    catalog = declare(f"- {{name: prod, from: {{kind: DockerImage, name: '{name}{DIGEST}'}}}}")
    answer = asked(catalog, key("acme/web:prod"))
    assert isinstance(answer, Resolved)
    assert (str(answer.digest), answer.host, answer.method.value) == (DIGEST, "docker.io", "declared")
    source = catalog.tags[key("acme/web:prod")].source
    assert isinstance(source, DockerImage)
    assert source.tag == tag


def test_insecure_and_platform_are_asked_for(declare, key):
    catalog = declare(
        image(
            "localhost:5000/a:1",
            "  importPolicy: {insecure: true}\n  annotations: {gitops-streams.io/platform: linux/arm64}\n",
        )
    )
    question = asked(catalog, key("acme/web:prod"))
    assert isinstance(question, Question)
    assert (question.insecure, question.platform) == (True, Platform("linux", "arm64"))


def test_a_configured_platform_gives_way_to_an_annotation(declare, key):
    catalog = declare(
        image("a:1", "  annotations: {gitops-streams.io/platform: linux/arm64}\n")
        + "- {name: other, from: {kind: DockerImage, name: 'a:1'}}\n"
    )
    platforms = []
    for name in ("prod", "other"):
        followed = follow(catalog, key(f"acme/web:{name}"))
        assert isinstance(followed, Followed)
        question = ask(followed, platform=Platform("linux", "s390x"))
        assert isinstance(question, Question)
        platforms.append(str(question.platform))
    assert platforms == ["linux/arm64", "linux/s390x"]


def test_a_reference_is_never_imported(declare, key):
    catalog = declare(image("a:1", "  reference: true\n"))
    assert asked(catalog, key("acme/web:prod")) == Broken(
        "acme/web:prod says reference: true, which is never imported, so it has no digest"
    )


@pytest.mark.parametrize("flag", ["true", "True", "TRUE", "yes", "on", '"true"'])
def test_spellings_of_true(declare, flag: str):
    (tag,) = declare(image("a:1", f"  importPolicy: {{insecure: {flag}}}\n")).tags.values()
    assert tag.insecure


@pytest.mark.parametrize("flag", ["false", "False", "no", "off", "null", "~", "", "''"])
def test_spellings_of_false(declare, flag: str):
    (tag,) = declare(image("a:1", f"  importPolicy: {{insecure: {flag}}}\n")).tags.values()
    assert not tag.insecure


def test_legacy_import_mode_and_what_it_prefers(declare):
    catalog = declare(
        image(
            "a:1",
            "  importPolicy:\n    importMode: Legacy\n  annotations:\n"
            "    importer.image.openshift.io/prefer-arch: arm64\n"
            "    importer.image.openshift.io/prefer-os: 'no such/os'\n",
        )
    )
    (tag,) = catalog.tags.values()
    assert catalog.problems == ()
    assert (tag.legacy, tag.prefer_os, tag.prefer_arch) == (True, "", "arm64")
    plain = declare(image("a:1")).tags[tag.key]
    assert tag.fingerprint != plain.fingerprint, "another manifest is pinned"


def test_legacy_import_mode_of_a_digest_is_noticed(declare):
    digest = "sha256:" + "0" * 64
    catalog = declare(image(f"a@{digest}", "  importPolicy:\n    importMode: Legacy\n"))
    (problem,) = catalog.problems
    assert (problem.line, problem.severity) == (13, Severity.WARNING)
    assert problem.reason == (
        "acme/web:prod: from.name names a digest: importMode Legacy would have OpenShift take one platform's manifest"
        " of it; here the digest stays"
    )


ANNOTATED = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  annotations:
    description: the web
    gitops-streams.io/paths: "deploy/dev/**, charts/web/"
    gitops-streams.io/platform: linux/amd64
    gitops-streams.io/polcy: semver
spec:
  tags:
    - name: plain
      from: {kind: DockerImage, name: "a:1"}
    - name: own
      annotations:
        gitops-streams.io/paths: |
          deploy/prod/**
          extra.yaml
        gitops-streams.io/platform: linux/arm64/v8
        openshift.io/imported-from: a:1
        gitops-streams.io/pth: x
      from: {kind: DockerImage, name: "a:1"}
    - name: none
      annotations: {gitops-streams.io/paths: "", gitops-streams.io/platform: ""}
      from: {kind: DockerImage, name: "a:1"}
"""


def test_annotations_of_a_tag_go_before_those_of_the_stream(read, key):
    tags = read(ANNOTATED).tags
    found = {
        name: (tags[key(f"web:{name}")].paths, str(tags[key(f"web:{name}")].platform))
        for name in ("plain", "own", "none")
    }
    assert found == {
        "plain": (("deploy/dev/**", "charts/web/"), "linux/amd64"),
        "own": (("deploy/prod/**", "extra.yaml"), "linux/arm64/v8"),
        "none": ((), "None"),
    }


def test_an_unknown_annotation_of_ours_is_noticed_once_where_it_stands(read):
    assert [(problem.line, problem.reason, problem.severity) for problem in read(ANNOTATED).problems] == [
        (
            9,
            "web: the annotation gitops-streams.io/polcy is not known; known: " + KNOWN,
            Severity.WARNING,
        ),
        (
            21,
            "web:own: the annotation gitops-streams.io/pth is not known; known: " + KNOWN,
            Severity.WARNING,
        ),
    ]


LABELLED = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  labels:
    team: &team payments
    app.kubernetes.io/name: "web"
    copy: *team
    number: 12
    empty: ""
    none: null
    parameter: ${TEAM}
    chart: {{ .Values.team }}
    list: [a]
    hostile: "a\\nb"
    long: LONG
    team: again
spec: {}
""".replace("LONG", "x" * 64)


def test_labels_that_can_be_used_are_read_and_the_others_left_out(read):
    catalog = read(LABELLED)
    (stream,) = catalog.streams
    assert stream.labels == {"team": "payments", "app.kubernetes.io/name": "web", "copy": "payments", "number": "12"}
    assert catalog.problems == ()


@pytest.mark.parametrize("labels", ["[a]", "text", "null", "{}"])
def test_labels_are_no_reason_to_refuse_a_stream(read, labels: str):
    catalog = read(f"{STREAM}metadata: {{name: web, labels: {labels}}}\nspec: {{}}\n")
    assert [stream.labels for stream in catalog.streams] == [{}]
    assert catalog.problems == ()


def test_a_wrong_platform_of_the_stream_spoils_only_the_tags_that_use_it(read):
    catalog = read(ANNOTATED.replace("platform: linux/amd64", "platform: nonsense"))
    assert sorted(key.tag for key in catalog.tags) == ["none", "own"]
    assert [(tag.key.tag, tag.line) for tag in catalog.invalid] == [("plain", 12)]


def test_the_fingerprint_changes_with_what_decides_the_digest(declare):
    texts = [
        image("a:1"),
        image("a:2"),
        image("b:1"),
        image("a:1", "  annotations: {gitops-streams.io/platform: linux/arm64}\n"),
        "- {name: prod, from: {kind: ImageStreamTag, name: 'a:1'}}\n",
        "- {name: prod, from: {kind: ImageStreamTag, name: 'a:1', namespace: other}}\n",
    ]
    prints = [tag.fingerprint for text in texts for tag in declare(text).tags.values()]
    assert len(set(prints)) == len(texts)
    same = [
        image("docker://a:1"),
        image("a:1", "  importPolicy: {scheduled: true}\n"),
        image("a:1", "  generation: 3\n  referencePolicy: {type: Local}\n"),
        image("a:1", "  annotations: {gitops-streams.io/paths: x}\n"),
    ]
    assert {tag.fingerprint for text in same for tag in declare(text).tags.values()} == {prints[0]}


PARAMETERS = ["${NAME}", "${{NAME}}", "web-${N}", "$(cuda_version)-web", "{{ .Values.name }}"]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_an_unexpanded_stream_is_left_alone_without_an_error(read, parameter: str):
    catalog = read(f"{STREAM}metadata:\n  name: '{parameter}'\n")
    assert catalog.streams == ()
    (problem,) = catalog.problems
    assert (problem.line, problem.severity) == (4, Severity.WARNING)
    assert " is not followed: metadata.name: it holds an unexpanded parameter; render it first" in problem.reason


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize(
    "entry",
    [
        "- name: '{}'\n  from: {{kind: DockerImage, name: a}}\n",
        "- name: prod\n  from: {{kind: DockerImage, name: 'quay.io/acme/web:{}'}}\n",
        "- name: prod\n  from: {{kind: ImageStreamTag, name: a, namespace: '{}'}}\n",
        "- name: prod\n  importPolicy: {{scheduled: '{}'}}\n  from: {{kind: DockerImage, name: a}}\n",
    ],
)
def test_an_unexpanded_tag_is_left_alone_without_an_error(declare, entry: str, parameter: str):
    catalog = declare(entry.format(parameter) + "- name: other\n")
    assert [str(key) for key in catalog.tags] == ["acme/web:other"]
    assert catalog.invalid == ()
    (problem,) = catalog.problems
    assert problem.severity is Severity.WARNING
    assert problem.line in {8, 9}
    assert "it holds an unexpanded parameter" in problem.reason


HOSTILE = {
    "control characters": "\\x1b[31m\\r\\nfake: line\\u202e",
    "a quote and a bracket": '\\"]: x',
    "a megabyte": "A" * 1_000_000,
    "a megabyte of dashes": "a-" * 500_000,
    "dots": "../" * 300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize(
    "document",
    [
        'metadata: {{name: "{}"}}\n',
        'metadata: {{name: web, namespace: "{}"}}\n',
        'metadata: {{name: web}}\nspec: {{dockerImageRepository: "{}"}}\n',
        'metadata: {{name: web}}\nspec: {{tags: [{{name: "{}"}}]}}\n',
        'metadata: {{name: web}}\nspec: {{tags: [{{name: a, from: {{kind: "{}", name: a}}}}]}}\n',
        'metadata: {{name: web}}\nspec: {{tags: [{{name: a, from: {{kind: DockerImage, name: "{}"}}}}]}}\n',
        'metadata: {{name: web}}\nspec: {{tags: [{{name: a, from: {{kind: ImageStreamTag, name: "{}"}}}}]}}\n',
        'metadata: {{name: web}}\nspec: {{tags: [{{name: a, importPolicy: {{importMode: "{}"}}}}]}}\n',
        'metadata: {{name: web}}\nspec: {{tags: [{{name: a, annotations: {{gitops-streams.io/platform: "{}"}}}}]}}\n',
        'metadata:\n  name: web\n  annotations:\n    ? "gitops-streams.io/{}"\n    : x\n',
        'metadata: {{name: web}}\nspec:\n  ? "{0}"\n  : 1\n  ? "{0}"\n  : 2\n',
    ],
)
def test_hostile_text_is_refused_on_one_short_line(read, document: str, text: str):
    catalog = read(STREAM + document.format(text))
    said = [*catalog.invalid, *catalog.problems]
    assert said
    for one in said:
        assert "\n" not in one.reason
        assert "\r" not in one.reason
        assert "\x1b" not in one.reason
        assert len(one.reason) < 1000
    assert all(len(tag.key.tag) < 300 for tag in catalog.invalid)


scalars = st.sampled_from(
    ["a", "web", "1.10", "null", "~", "''", "true", "'${X}'", "'a:b'", "DockerImage", "ImageStreamTag"]
)
keys = st.sampled_from(
    ["metadata", "spec", "tags", "name", "namespace", "from", "kind", "importPolicy", "annotations", "scheduled", "x"]
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(keys, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=examples(150), deadline=None)
@given(metadata=trees, spec=trees, tag=trees)
def test_no_shape_of_document_breaks_the_reader(metadata: str, spec: str, tag: str):
    for text in (
        f"{STREAM}metadata: {metadata}\nspec: {spec}\n",
        f"{STREAM}metadata: {{name: web}}\nspec:\n  tags:\n    - {tag}\n    - name: a\n",
    ):
        located = locate(text)
        assert isinstance(located, Located), (text, located)
        catalog = load([("a.yaml", located)])
        assert catalog.streams or catalog.problems
        for tagged in catalog.tags.values():
            assert tagged.key.stream in catalog.by_key
