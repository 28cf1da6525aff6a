"""Holds as annotations: read, refused with the field's name, and part of what decides what a tag is."""

from __future__ import annotations

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.streams.restraint import Hold

DIGEST = Digest.of(b"held")
TAG = """\
- name: prod
  annotations: {{{annotations}}}
  from: {{kind: DockerImage, name: "quay.io/acme/web:1.4"}}
"""


@pytest.fixture
def tag(declare):
    def tag(**annotations):
        written = ", ".join(
            f'"gitops-streams.io/{name.replace("_", "-")}": "{text}"' for name, text in annotations.items()
        )
        catalog = declare(TAG.format(annotations=written))
        assert catalog.problems == ()
        return next(iter((*catalog.tags.values(), *catalog.invalid)))

    return tag


def test_a_hold_is_read(tag):
    assert tag(hold=DIGEST).hold == Hold(DIGEST)
    assert tag(hold=f" {DIGEST} ", hold_reason="login is broken").hold == Hold(DIGEST, "login is broken")
    assert tag(hold="").hold is None
    assert tag(hold_reason="nothing is held").hold is None
    assert tag().hold is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.3", '"1.3" is not a digest; a digest reads sha256:<64 hexadecimal digits>'),
        ("sha256:00ff", '"sha256:00ff" is not a digest; a digest reads'),
        (str(DIGEST).upper(), "unsupported digest algorithm"),
        (f"md5:{'0' * 32}", "unsupported digest algorithm 'md5'; supported: sha256, sha512"),
    ],
)
def test_a_bad_digest_is_an_invalid_tag(tag, text, reason):
    invalid = tag(hold=text)
    assert invalid.reason.startswith("spec.tags[prod]: annotation gitops-streams.io/hold: ")
    assert reason in invalid.reason
    assert invalid.line == 9


def test_a_hold_on_the_stream_would_be_lost_so_it_is_refused(read):
    text = (
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\n"
        "metadata: {name: web, annotations: {gitops-streams.io/hold-reason: why,"
        f' gitops-streams.io/hold: "{DIGEST}"}}}}\n'
        'spec: {tags: [{name: a, from: {kind: DockerImage, name: "x:1"}},'
        f' {{name: b, annotations: {{gitops-streams.io/hold: "{DIGEST}"}}, from: {{kind: DockerImage, name: "x:1"}}}},'
        ' {name: c, annotations: {gitops-streams.io/hold: ""}, from: {kind: DockerImage, name: "x:1"}}]}\n'
    )
    catalog = read(text)
    assert [(str(tag.key), "belongs on an entry of spec.tags" in tag.reason) for tag in catalog.invalid] == [
        ("web:a", True)
    ]
    assert {tag.key.tag: tag.hold for tag in catalog.tags.values()} == {"b": Hold(DIGEST, "why"), "c": None}


def test_a_hold_changes_the_fingerprint_and_its_reason_does_not(tag):
    free, held, explained = tag(), tag(hold=DIGEST), tag(hold=DIGEST, hold_reason="why")
    assert held.fingerprint == explained.fingerprint != free.fingerprint
    assert tag(hold=Digest.of(b"other")).fingerprint not in {held.fingerprint, free.fingerprint}
