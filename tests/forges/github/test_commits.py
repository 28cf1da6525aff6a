from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fake_forge import AfterEffect, Reset, Respond

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import BranchLost, TreeFile
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused

NEW = "gitops-streams/main/new"


@pytest.fixture
def wanted(repository):
    """Return what is asked for, of files: the tree that git itself makes of them on main."""

    def make(*files: TreeFile, branch: str = NEW, expected: str | None = None) -> dict[str, object]:
        git = repository.git
        parent = git.branch("main")
        entries = [(file.mode, file.path, git.write_blob(file.content)) for file in files]
        tree = git.write_tree(git.commit(parent).tree, entries)
        return {
            "branch": branch,
            "expected": expected,
            "parent": parent,
            "files": files,
            "message": "chore(images): update\n\nweb:prod old → new\n",
            "tree": tree,
        }

    return make


WEB = TreeFile("deploy/web.yaml", "100644", "image: quay.io/acme/wëb@sha256:2\r\n".encode())


def test_a_branch_is_made_with_a_signed_commit(forge, github, repository, wanted):
    hub = github(forge.token("pinner[bot]", kind="installation"))
    script = TreeFile("run.sh", "100755", b"#!/bin/sh\n")
    binary = TreeFile("bin", "100644", bytes(range(256)))
    asked = wanted(WEB, script, binary)
    sha = hub.commit(**asked)
    commit = repository.git.commit(repository.git.branch(NEW))
    assert commit.sha == sha
    assert commit.tree == asked["tree"]
    assert commit.parents == (asked["parent"],)
    assert commit.message.strip() == asked["message"].strip()
    assert sha in repository.verified
    assert len(forge.log("POST", "/git/blobs")) == 1


def test_a_persons_commit_is_made_but_not_signed(forge, github, repository, wanted):
    assert github(forge.token("alice")).commit(**wanted(WEB)) not in repository.verified


def test_a_branch_is_moved_from_where_it_was_even_aside(forge, github, repository, wanted):
    old = repository.human_push(NEW, {"x": b"1"}, start="main")
    sha = github().commit(**wanted(WEB, expected=old))
    assert repository.git.branch(NEW) == sha
    assert forge.log("PATCH", "/git/refs") == []


@pytest.mark.parametrize("expected", [None, "f" * 40])
def test_a_branch_that_is_elsewhere_is_left_alone_and_nothing_is_uploaded(forge, github, repository, wanted, expected):
    theirs = repository.human_push(NEW, {"x": b"1"}, start="main")
    assert github().commit(**wanted(WEB, expected=expected)) == BranchLost()
    assert repository.git.branch(NEW) == theirs
    assert forge.log("POST", "/git/") == []


def test_a_branch_that_is_gone_is_not_made_again(github, repository, wanted):
    assert github().commit(**wanted(WEB, expected="f" * 40)) == BranchLost()
    assert repository.git.branch(NEW) is None


def once(method: str, part: str, action: Callable[[], object], *, after: str = "") -> Callable[[httpx.Request], None]:
    """Act just before the first request that fits, of those after one whose path holds ``after``."""
    todo = [action]
    met = [not after]

    def meanwhile(request: httpx.Request) -> None:
        if todo and met[0] and request.method == method and part in request.url.path:
            todo.pop()()
        met[0] = met[0] or after in request.url.path

    return meanwhile


def test_who_moves_the_branch_at_the_last_moment_wins(github, repository, wanted):
    old = repository.human_push(NEW, {"x": b"1"}, start="main")
    hub = github(meanwhile=once("POST", "/graphql", lambda: repository.human_push(NEW, {"y": b"human"})))
    assert hub.commit(**wanted(WEB, expected=old)) == BranchLost()
    assert repository.git.files(repository.git.branch(NEW)).keys() >= {"x", "y"}


def test_who_makes_the_branch_at_the_last_moment_wins(github, repository, wanted):
    hub = github(meanwhile=once("POST", "/git/refs", lambda: repository.human_push(NEW, {"y": b"human"}, start="main")))
    assert hub.commit(**wanted(WEB)) == BranchLost()
    assert "y" in repository.git.files(repository.git.branch(NEW))


@pytest.mark.parametrize("fault", [AfterEffect(502), Reset(after_effect=True), Respond(502, {}), Reset()])
@pytest.mark.parametrize("exists", [True, False])
def test_a_lost_answer_is_settled_by_looking(forge, github, repository, wanted, fault, exists):
    old = repository.human_push(NEW, {"x": b"1"}, start="main") if exists else None
    forge.faults.add(r"POST .*/graphql" if exists else r"POST .*/git/refs$", fault)
    sha = github().commit(**wanted(WEB, expected=old))
    assert repository.git.branch(NEW) == sha


@pytest.mark.parametrize("exists", [True, False])
def test_an_answer_that_stays_lost_is_told(forge, github, repository, wanted, exists):
    old = repository.human_push(NEW, {"x": b"1"}, start="main") if exists else None
    forge.faults.add(r"POST .*/graphql" if exists else r"POST .*/git/refs$", Respond(502, {}), times=3)
    with pytest.raises(AnswerLost):
        github().commit(**wanted(WEB, expected=old))
    assert repository.git.branch(NEW) == old


def test_a_lost_answer_and_another_hand_is_lost(forge, github, repository, wanted):
    old = repository.human_push(NEW, {"x": b"1"}, start="main")
    forge.faults.add(r"POST .*/graphql", Respond(502, {}))
    human = once("GET", "/git/ref/", lambda: repository.human_push(NEW, {"y": b"human"}), after="/graphql")
    assert github(meanwhile=human).commit(**wanted(WEB, expected=old)) == BranchLost()
    assert "y" in repository.git.files(repository.git.branch(NEW))


UNKNOWN = {
    "errors": [
        {
            "path": ["mutation", "updateRefs"],
            "extensions": {"code": "undefinedField", "typeName": "Mutation", "fieldName": "updateRefs"},
            "message": "Field 'updateRefs' doesn't exist on type 'Mutation'",
        }
    ]
}


def test_a_server_without_compare_and_swap_is_asked_otherwise(forge, github, repository, wanted):
    old = repository.human_push(NEW, {"x": b"1"}, start="main")
    forge.faults.add(r"POST .*/graphql", Respond(200, UNKNOWN))
    sha = github().commit(**wanted(WEB, expected=old))
    assert repository.git.branch(NEW) == sha
    assert len(forge.log("PATCH", "/git/refs/heads/gitops-streams/main/new")) == 1


def test_a_server_without_compare_and_swap_is_not_asked_to_overwrite(forge, github, repository, wanted):
    old = repository.human_push(NEW, {"x": b"1"}, start="main")
    forge.faults.add(r"POST .*/graphql", Respond(200, UNKNOWN))
    hub = github(meanwhile=once("POST", "/graphql", lambda: repository.human_push(NEW, {"y": b"human"})))
    assert hub.commit(**wanted(WEB, expected=old)) == BranchLost()
    assert forge.log("PATCH", "/git/refs") == []


def test_a_tree_that_comes_out_otherwise_moves_nothing(forge, github, repository, wanted):
    asked = wanted(WEB) | {"tree": "e" * 40}
    with pytest.raises(ForgeError, match="the tree came out as") as caught:
        github().commit(**asked)
    assert "pullRequest.commits: git" in caught.value.hint
    assert repository.git.branch(NEW) is None
    assert forge.log("POST", "/git/commits") == forge.log("POST", "/git/refs") == []


def test_texts_that_come_out_otherwise_are_uploaded_as_they_are(forge, github, repository, wanted):
    asked = wanted(WEB)
    spoilt = repository.git.commit(repository.git.branch("main")).tree
    forge.faults.add(r"POST .*/git/trees$", Respond(201, {"sha": spoilt}))
    assert repository.git.branch(NEW) != github().commit(**asked)
    assert repository.git.commit(repository.git.branch(NEW)).tree == asked["tree"]
    assert len(forge.log("POST", "/git/blobs")) == 1


def test_many_files_go_a_hundred_at_a_time(forge, github, repository, wanted):
    files = [TreeFile(f"d/{index}.yaml", "100644", b"x") for index in range(230)]
    github().commit(**wanted(*files))
    assert [len(one.body["tree"]) for one in forge.log("POST", "/git/trees")] == [100, 100, 30]


def test_files_of_workflows_are_refused_early_for_a_workflows_own_token(forge, github, wanted):
    workflow = TreeFile(".github/workflows/ci.yaml", "100644", b"on: push\n")
    with pytest.raises(ForgeError, match=r"may not change \.github/workflows/ci.yaml") as caught:
        github(forge.token(kind="actions")).commit(**wanted(workflow))
    assert "Workflows: write" in caught.value.hint
    assert forge.log("POST", "/git/") == []


def test_files_of_workflows_need_a_permission(forge, github, repository, wanted):
    workflow = TreeFile(".github/workflows/ci.yaml", "100644", b"on: push\n")
    token = forge.token("pinner[bot]", kind="installation", permissions={"contents": "write"})
    with pytest.raises(ForgeRefused) as caught:
        github(token).commit(**wanted(workflow))
    assert "Workflows: write" in caught.value.hint
    assert repository.git.branch(NEW) is None


def test_a_token_that_may_not_write_is_told_so(forge, github, wanted):
    with pytest.raises(ForgeRefused) as caught:
        github(forge.token("machine", permissions={"contents": "read"})).commit(**wanted(WEB))
    assert "Contents: write; in a workflow, permissions: contents: write" in caught.value.hint


@pytest.mark.parametrize("exists", [True, False])
def test_a_protected_branch_is_told_as_that(forge, github, repository, wanted, exists):
    from fake_forge.records import Protection  # noqa: PLC0415

    old = repository.human_push(NEW, {"x": b"1"}, start="main") if exists else None
    repository.protections.append(Protection("gitops-streams/*", pull_request_required=True, ruleset=True))
    with pytest.raises(ForgeError, match="Repository rule violations") as caught:
        github().commit(**wanted(WEB, expected=old))
    assert "pullRequest.branchPrefix" in caught.value.hint
    assert repository.git.branch(NEW) == old


def test_a_base_that_was_never_pushed_is_told(github, wanted):
    with pytest.raises(ForgeRefused, match="reading the commit f"):
        github().commit(**(wanted(WEB) | {"parent": "f" * 40}))
