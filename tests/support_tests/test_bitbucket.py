"""The two fake Bitbuckets: where each differs from the other forges."""

import pytest

NEW = {
    "title": "Update",
    "description": "Because.",
    "source": {"branch": {"name": "topic"}},
    "destination": {"branch": {"name": "main"}},
}


class TestCloud:
    @pytest.fixture
    def repository(self, forge):
        repository = forge.create_repository("acme/gitops", kind="bitbucket-cloud", files={"web.yaml": b"old\n"})
        repository.human_push("topic", {"web.yaml": b"new\n"})
        return repository

    @pytest.fixture
    def api(self, forge, repository, client):
        base = f"{forge.api_url('bitbucket-cloud')}/repositories/{repository.full_name}"
        return client(forge.token("machine"), base_url=base)

    def test_create_find_and_decline(self, api, repository):
        assert api.post("/pullrequests", json=NEW).status_code == 201
        query = 'source.branch.name="topic" AND state="OPEN"'
        (found,) = api.get("/pullrequests", params={"q": query}).json()["values"]
        assert repository.git.branch("topic").startswith(found["source"]["commit"]["hash"])
        assert len(found["source"]["commit"]["hash"]) == 12
        assert api.get("/pullrequests", params={"q": 'source.branch.name="other"'}).json()["values"] == []
        api.put("/pullrequests/1", json={"title": "Other"})
        assert api.post("/pullrequests/1/decline").json()["state"] == "DECLINED"
        assert api.put("/pullrequests/1", json={"title": "Again"}).status_code == 400
        assert repository.pull(1).title == "Other"

    def test_a_second_one_updates_the_first(self, api, repository):
        api.post("/pullrequests", json=NEW)
        again = api.post("/pullrequests", json=NEW | {"title": "Second"})
        assert again.json()["id"] == 1
        assert [pull.title for pull in repository.pulls] == ["Second"]

    def test_comments_pages_and_statuses(self, api, repository):
        api.post("/pullrequests", json=NEW)
        for text in ("a", "b", "c"):
            api.post("/pullrequests/1/comments", json={"content": {"raw": text}})
        seen, address = [], "/pullrequests/1/comments?pagelen=2"
        while address:
            answer = api.get(address).json()
            seen += [comment["content"]["raw"] for comment in answer["values"]]
            address = answer.get("next")
        assert seen == ["a", "b", "c"]
        head = repository.git.branch("topic")
        status = {"key": "verify", "state": "SUCCESSFUL", "url": "https://ci.acme.example/1"}
        assert api.post(f"/commit/{head}/statuses/build", json=status).status_code == 201
        assert repository.status(head)["verify"].state == "success"

    def test_what_is_not_understood_is_remembered(self, forge, api):
        assert api.get("/pullrequests", params={"q": "branch is topic"}).status_code == 400
        assert "is not understood" in forge.violations.pop()


class TestDataCenter:
    @pytest.fixture
    def repository(self, forge):
        repository = forge.create_repository("ACME/gitops", kind="bitbucket-data-center", files={"web.yaml": b"old\n"})
        repository.human_push("topic", {"web.yaml": b"new\n"})
        return repository

    @pytest.fixture
    def api(self, forge, repository, client):
        base = f"{forge.api_url('bitbucket-data-center')}/projects/ACME/repos/{repository.name}"
        return client(forge.token("machine"), base_url=base)

    def new(self):
        where = {"slug": "gitops", "project": {"key": "ACME"}}
        sides = {"fromRef": {"id": "refs/heads/topic"}, "toRef": {"id": "refs/heads/main"}}
        return {"title": "Update", **{side: named | {"repository": where} for side, named in sides.items()}}

    def test_create_find_and_refuse_a_second(self, api, pushing, repository):
        assert api.post("/pull-requests", json=self.new()).status_code == 201
        query = {"direction": "OUTGOING", "at": "refs/heads/topic"}
        assert [pull["id"] for pull in api.get("/pull-requests", params=query).json()["values"]] == [1]
        again = api.post("/pull-requests", json=self.new())
        assert again.status_code == 409
        (error,) = again.json()["errors"]
        assert error["exceptionName"].endswith("DuplicatePullRequestException")
        assert error["existingPullRequest"]["id"] == 1
        assert "refs/heads/topic" in pushing(None, "ls-remote", repository.clone_url).stdout

    def test_changes_name_their_version(self, forge, api, repository):
        forge.store.account("bob")
        made = api.post("/pull-requests", json=self.new() | {"reviewers": [{"user": {"name": "bob"}}]}).json()
        repository.pull(1).comment("hello")
        change = {"version": made["version"], "title": "Other"}
        assert api.put("/pull-requests/1", json=change).status_code == 200
        assert repository.pull(1).reviewers == []
        stale = api.put("/pull-requests/1", json=change)
        assert stale.status_code == 409
        assert "out-of-date" in stale.json()["errors"][0]["message"]
        version = repository.pull(1).version
        assert api.post("/pull-requests/1/decline", params={"version": version}).json()["state"] == "DECLINED"

    def test_a_long_description_is_refused(self, api):
        assert api.post("/pull-requests", json=self.new() | {"description": "x" * 32_769}).status_code == 400

    def test_a_branch_goes_only_from_where_it_is(self, forge, api, repository):
        address = f"{forge.url}/rest/branch-utils/latest/projects/ACME/repos/gitops/branches"
        wrong = {"name": "refs/heads/topic", "endPoint": "0" * 40}
        assert api.request("DELETE", address, json=wrong).status_code == 409
        right = wrong | {"endPoint": repository.git.branch("topic")}
        assert api.request("DELETE", address, json=right).status_code == 204
        assert repository.git.branch("topic") is None
