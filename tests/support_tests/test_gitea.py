"""The fake Gitea: pull requests, labels by id, merging when the checks have succeeded."""

import pytest

NEW = {"head": "topic", "base": "main", "title": "Update", "body": "Because."}


@pytest.fixture
def repository(forge):
    repository = forge.create_repository("acme/gitops", kind="gitea", files={"deploy/web.yaml": b"old\n"})
    repository.human_push("topic", {"deploy/web.yaml": b"new\n"})
    return repository


@pytest.fixture
def api(forge, repository, client):
    headers = {"Authorization": f"token {forge.token('machine').value}"}
    return client(base_url=f"{forge.api_url('gitea')}/repos/acme/gitops", headers=headers)


def test_create_find_and_refuse_a_second(api):
    made = api.post("/pulls", json=NEW | {"title": "WIP: Update"})
    assert made.status_code == 201
    assert made.json()["draft"] is True
    assert [pull["head"]["ref"] for pull in api.get("/pulls", params={"state": "open"}).json()] == ["topic"]
    assert api.get("/pulls/main/topic").json()["number"] == 1
    again = api.post("/pulls", json=NEW)
    assert again.status_code == 409
    assert "pull request already exists for these targets" in again.json()["message"]


def test_labels_go_by_id(forge, api, repository):
    api.post("/pulls", json=NEW)
    label = api.post("/labels", json={"name": "images", "color": "#00aabb"}).json()
    assert api.post("/issues/1/labels", json={"labels": [label["id"]]}).json()[0]["name"] == "images"
    assert repository.pull(1).label_names == {"images"}
    assert api.delete(f"/issues/1/labels/{label['id']}").status_code == 204
    assert api.post("/issues/1/labels", json={"labels": ["images"]}).status_code == 422
    assert "by their ids" in forge.violations.pop()


def test_update_close_and_comments(api, repository):
    api.post("/pulls", json=NEW)
    assert api.patch("/pulls/1", json={"body": "Other.", "state": "closed"}).status_code == 201
    assert (repository.pull(1).body, repository.pull(1).state) == ("Other.", "closed")
    comment = api.post("/issues/1/comments", json={"body": "first"}).json()
    api.patch(f"/issues/comments/{comment['id']}", json={"body": "second"})
    assert [one["body"] for one in api.get("/issues/1/comments").json()] == ["second"]


def test_a_merge_waits_for_the_checks(api, repository):
    api.post("/pulls", json=NEW)
    repository.protect("main", required_statuses=("ci",))
    head = repository.git.branch("topic")
    order = {"Do": "squash", "head_commit_id": head, "merge_when_checks_succeed": True}
    assert api.post("/pulls/1/merge", json=order | {"head_commit_id": "0" * 40}).status_code == 409
    assert api.post("/pulls/1/merge", json=order).status_code == 201
    assert api.post("/pulls/1/merge", json=order).status_code == 409
    assert api.post(f"/statuses/{head}", json={"state": "success", "context": "ci"}).status_code == 201
    assert repository.pull(1).merged
    assert repository.git.read("main", "deploy/web.yaml") == b"new\n"


def test_a_deleted_branch_closes_it(api, repository):
    api.post("/pulls", json=NEW)
    assert api.delete("/branches/topic").status_code == 204
    assert repository.pull(1).state == "closed"


def test_archives_and_narrow_tokens(forge, api, repository, client):
    narrow = forge.token("narrow", permissions={"contents": "read"})
    base = f"{forge.api_url('gitea')}/repos/acme/gitops"
    refused = client(narrow, base_url=base).post("/pulls", json=NEW)
    assert refused.status_code == 403
    assert "required=[write:repository]" in refused.json()["message"]
    repository.archived = True
    assert api.post("/pulls", json=NEW).status_code == 423
