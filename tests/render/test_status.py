"""What each stream tag resolved to, offline: a row each, and the same as JSON."""

from __future__ import annotations

import json

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.render import status
from gitops_streams.render.status import TagState
from gitops_streams.streams.status import Item

A, B = (Digest.parse(f"sha256:{digit * 64}") for digit in "ab")


@pytest.fixture
def states(plan_files, stream):
    planned = plan_files({"s.json": stream("web", prod="quay.io/acme/web:1.4", new="quay.io/acme/web:1.5")})
    items = tuple(Item(Reference.parse(f"quay.io/acme/web@{digest}"), digest, "1.4", "0" * 16) for digest in (A, B))
    new, prod = planned.catalog.tags.values()
    return [TagState(new, (), ()), TagState(prod, items, (A, B, A, None))]


def test_as_a_table(states):
    assert status.table(states).splitlines() == [
        "STREAM TAG    FROM                  NEWEST RECORDED      HISTORY    SITES CURRENT",
        "web:new       quay.io/acme/web:1.5  -                    0          -",
        "web:prod      quay.io/acme/web:1.4  sha256:aaaaaaaaaaaa  2          2/4",
    ]


def test_as_json(states):
    document = json.loads(status.as_json(states))
    assert document["schemaVersion"] == 1
    new, prod = document["tags"]
    assert (new["stream"], new["tag"], new["file"], new["line"], new["items"]) == ("web", "new", "s.json", 1, [])
    assert prod["from"] == "quay.io/acme/web:1.4"
    assert prod["sites"] == {"total": 4, "current": 2, "unpinned": 1}
    assert [item["image"] for item in prod["items"]] == [str(A), str(B)]
    assert prod["items"][0]["dockerImageReference"] == f"quay.io/acme/web@{A}"
