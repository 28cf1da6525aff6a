"""The fake Azure DevOps: pull requests, completion, references that are compared and swapped."""

import pytest

NEW = {"sourceRefName": "refs/heads/topic", "targetRefName": "refs/heads/main", "title": "Update"}


@pytest.fixture
def repository(forge):
    repository = forge.create_repository("acme/platform/gitops", kind="azure-devops", files={"web.yaml": b"old\n"})
    repository.human_push("topic", {"web.yaml": b"new\n"})
    return repository


@pytest.fixture
def api(forge, repository, client):
    base = f"{forge.url}/acme/platform/_apis/git/repositories/{repository.name}"
    token = forge.token("machine").value
    return client(base_url=base, headers={}, auth=("", token), params={"api-version": "7.1"})


def test_create_find_and_refuse_a_second(api, pushing, repository):
    made = api.post("/pullrequests", json=NEW | {"labels": [{"name": "images"}], "isDraft": True})
    assert made.status_code == 201
    query = {"searchCriteria.sourceRefName": "refs/heads/topic", "searchCriteria.status": "active"}
    (found,) = api.get("/pullRequests", params=query).json()["value"]
    assert (found["pullRequestId"], found["isDraft"]) == (1, True)
    again = api.post("/pullrequests", json=NEW)
    assert again.status_code == 409
    assert again.json()["message"].startswith("TF401179")
    assert "refs/heads/topic" in pushing(None, "ls-remote", repository.clone_url).stdout


def test_a_long_description_is_refused(api):
    assert "4000" in api.post("/pullrequests", json=NEW | {"description": "x" * 4_001}).json()["message"]


def test_abandon_reactivate_and_threads(api, repository):
    api.post("/pullrequests", json=NEW)
    assert api.patch("/pullrequests/1", json={"status": "abandoned"}).json()["status"] == "abandoned"
    assert api.patch("/pullrequests/1", json={"status": "active"}).json()["status"] == "active"
    thread = api.post("/pullrequests/1/threads", json={"comments": [{"content": "first"}]}).json()
    api.patch(f"/pullrequests/1/threads/{thread['id']}/comments/1", json={"content": "second"})
    assert [comment.body for comment in repository.pull(1).comments] == ["second"]


def test_completion_waits_for_what_is_required(api, forge, repository):
    repository.protect("main", required_statuses=("ci/build",))
    made = api.post("/pullrequests", json=NEW).json()
    me = api.get(f"{forge.url}/acme/_apis/connectionData").json()["authenticatedUser"]
    order = {"autoCompleteSetBy": {"id": me["id"]}, "completionOptions": {"mergeStrategy": "squash"}}
    assert api.patch("/pullrequests/1", json=order).json()["status"] == "active"
    status = {"state": "succeeded", "context": {"genre": "ci", "name": "build"}}
    head = made["lastMergeSourceCommit"]["commitId"]
    assert api.post(f"/commits/{head}/statuses", json=status).status_code == 201
    assert repository.pull(1).merged


def test_references_are_compared_and_swapped(api, repository):
    change = [{"name": "refs/heads/topic", "oldObjectId": "1" * 40, "newObjectId": "0" * 40}]
    assert api.post("/refs", json=change).json()["value"][0]["success"] is False
    change[0]["oldObjectId"] = repository.git.branch("topic")
    assert api.post("/refs", json=change).json()["value"][0]["success"] is True
    assert api.get("/refs", params={"filter": "heads/topic"}).json()["value"] == []


def test_the_version_of_the_api_is_named(forge, repository, client):
    bare = client(forge.token(), base_url=f"{forge.url}/acme/platform/_apis/git/repositories/{repository.name}")
    assert bare.get("/pullrequests").status_code == 400
    assert "api-version" in forge.violations.pop()
