"""The fake GitLab: merge requests, refusals, merging when the pipeline has succeeded."""

import pytest

NEW = {"source_branch": "topic", "target_branch": "main", "title": "Update", "description": "Because."}


@pytest.fixture
def project(forge):
    project = forge.create_repository("acme/sub/gitops", kind="gitlab", files={"deploy/web.yaml": b"old\n"})
    project.human_push("topic", {"deploy/web.yaml": b"new\n"})
    return project


@pytest.fixture
def api(forge, project, client):
    headers = {"PRIVATE-TOKEN": forge.token("machine").value}
    return client(base_url=f"{forge.api_url('gitlab')}/projects/acme%2Fsub%2Fgitops", headers=headers)


def test_create_find_and_refuse_a_second(api):
    made = api.post("/merge_requests", json=NEW | {"labels": "images,more", "title": "Draft: Update"})
    assert made.status_code == 201
    assert made.json()["draft"] is True
    query = {"source_branch": "topic", "target_branch": "main", "state": "opened"}
    (found,) = api.get("/merge_requests", params=query).json()
    assert (found["iid"], found["labels"]) == (1, ["images", "more"])
    again = api.post("/merge_requests", json=NEW)
    assert again.status_code == 409
    assert again.json()["message"] == ["Another open merge request already exists for this source branch: !1"]


def test_update_close_reopen_and_notes(api, project):
    api.post("/merge_requests", json=NEW)
    api.put("/merge_requests/1", json={"add_labels": "one", "description": "Other."})
    api.put("/merge_requests/1", json={"remove_labels": "one", "state_event": "close"})
    assert (project.pull(1).state, project.pull(1).body, project.pull(1).labels) == ("closed", "Other.", [])
    assert api.put("/merge_requests/1", json={"state_event": "reopen"}).json()["state"] == "opened"
    note = api.post("/merge_requests/1/notes", json={"body": "first"}).json()
    api.put(f"/merge_requests/1/notes/{note['id']}", json={"body": "second"})
    assert [one["body"] for one in api.get("/merge_requests/1/notes").json()] == ["second"]


def test_a_merge_waits_for_the_pipeline(api, project):
    api.post("/merge_requests", json=NEW)
    head = project.git.branch("topic")
    project.set_pipeline(head, "running")
    assert api.put("/merge_requests/1/merge", json={"sha": head}).status_code == 405
    assert api.put("/merge_requests/1/merge", json={"sha": "0" * 40}).status_code == 409
    ordered = api.put("/merge_requests/1/merge", json={"auto_merge": True, "sha": head})
    assert ordered.json()["merge_when_pipeline_succeeds"] is True
    project.set_pipeline(head, "success")
    assert project.pull(1).merged
    assert project.git.read("main", "deploy/web.yaml") == b"new\n"


def test_a_deleted_source_branch_leaves_it_open(api, project):
    api.post("/merge_requests", json=NEW)
    api.delete("/repository/branches/topic")
    assert project.pull(1).is_open


def test_job_tokens_and_narrow_ones_are_refused(forge, project, client):
    base = f"{forge.api_url('gitlab')}/projects/{project.id}"
    job = client(base_url=base, headers={"JOB-TOKEN": forge.token("ci", kind="job").value})
    assert job.post("/merge_requests", json=NEW).status_code == 401
    narrow = forge.token("narrow", permissions={"contents": "read", "pull_requests": "read"})
    refused = client(narrow, base_url=base).post("/merge_requests", json=NEW)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert client(base_url=base).post("/merge_requests", json=NEW).status_code == 401


def test_wrong_members_are_remembered(forge, api):
    assert api.post("/merge_requests", json=NEW | {"head": "topic"}).status_code == 400
    assert "'head' is not a member" in forge.violations[0]
    forge.violations.clear()


def test_statuses(api, project):
    head = project.git.branch("topic")
    assert api.post(f"/statuses/{head}", json={"state": "failed", "name": "check"}).status_code == 201
    assert api.get(f"/repository/commits/{head}/statuses").json() == [{"name": "check", "status": "failed"}]
    assert project.status(head)["check"].state == "failure"
