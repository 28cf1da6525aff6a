"""The fake GitHub: what it does to pull requests, what it refuses and how, and that it checks requests."""

import base64
import json
import threading
import time

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from fake_forge import (
    AfterEffect,
    Garbled,
    Reset,
    Respond,
    Silence,
    Slow,
    could_not_resolve_to_a_node,
    secondary_rate_limit,
)

PULLS = "/repos/acme/gitops/pulls"
NEW = {"title": "Update", "head": "topic", "base": "main", "body": "Because."}


@pytest.fixture
def api(forge, gitops, client):
    gitops.human_push("topic", {"deploy/web.yaml": b"new\n"})
    return client(forge.token("machine"))


def said(response: httpx.Response) -> str:
    return response.json()["message"] + "".join(f" | {error}" for error in response.json().get("errors", ()))


def graphql(forge, api: httpx.Client, query: str, **variables) -> dict:
    return api.post(forge.graphql_url, json={"query": query, "variables": variables}).json()


ENABLE = """mutation($id: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method, expectedHeadOid: $head}) {
    pullRequest { number autoMergeRequest { mergeMethod } } } }"""

MOVE = """mutation($repository: ID!, $name: GitRefname!, $before: GitObjectID, $after: GitObjectID!) {
  updateRefs(input: {repositoryId: $repository,
    refUpdates: [{name: $name, beforeOid: $before, afterOid: $after, force: true}]}) { clientMutationId } }"""


class TestPullRequests:
    def test_create_and_find(self, api, gitops):
        made = api.post(PULLS, json={**NEW, "draft": True})
        assert made.status_code == 201
        assert made.json()["head"] == made.json()["head"] | {"ref": "topic", "sha": gitops.git.branch("topic")}
        found = api.get(PULLS, params={"head": "acme:topic", "base": "main", "state": "all"}).json()
        assert [(pull["number"], pull["draft"]) for pull in found] == [(1, True)]
        assert api.get(PULLS, params={"head": "acme:other"}).json() == []

    def test_a_second_one_between_the_same_branches_is_refused(self, api):
        api.post(PULLS, json=NEW)
        again = api.post(PULLS, json=NEW)
        assert again.status_code == 422
        assert "A pull request already exists for acme:topic." in said(again)

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"head": "main"}, "No commits between main and main"),
            ({"head": "same"}, "No commits between main and same"),
            ({"head": "none"}, "'field': 'head', 'code': 'invalid'"),
            ({"base": "none"}, "'field': 'base', 'code': 'invalid'"),
            ({"body": "x" * 65_537}, "body is too long (maximum is 65536 characters)"),
        ],
    )
    def test_what_cannot_be_opened(self, api, gitops, change, text):
        gitops.set_branch("same", "main")
        refused = api.post(PULLS, json=NEW | change)
        assert refused.status_code == 422
        assert text in said(refused)
        assert gitops.pulls == []

    def test_a_fork_of_the_same_branch_is_another_pull_request(self, api, gitops):
        fork = gitops.fork("mallory")
        fork.human_push("topic", {"evil.yaml": b"x\n"})
        assert api.post(PULLS, json=NEW).status_code == 201
        assert api.post(PULLS, json=NEW | {"head": "mallory:topic"}).status_code == 201
        heads = [pull["head"]["label"] for pull in api.get(PULLS).json()]
        assert heads == ["mallory:topic", "acme:topic"]
        assert [pull["head"]["label"] for pull in api.get(PULLS, params={"head": "acme:topic"}).json()] == heads[1:]
        pushed = fork.human_push("topic", {"evil.yaml": b"y\n"})
        assert gitops.pull(2).head_sha == pushed

    @pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
    def test_a_merge_is_a_real_one(self, api, gitops, method):
        base = gitops.human_push("main", {"other.yaml": b"moved on\n"})
        api.post(PULLS, json=NEW)
        head = gitops.git.branch("topic")
        stale = api.put(f"{PULLS}/1/merge", json={"sha": base, "merge_method": method})
        assert stale.status_code == 409
        merged = api.put(f"{PULLS}/1/merge", json={"sha": head, "merge_method": method})
        assert merged.json()["merged"] is True
        assert gitops.git.branch("main") == merged.json()["sha"]
        assert gitops.git.read("main", "deploy/web.yaml") == b"new\n"
        assert gitops.git.read("main", "other.yaml") == b"moved on\n"
        parents = gitops.git.commit("main").parents
        assert parents == ((base, head) if method == "merge" else (base,))
        assert api.get(f"{PULLS}/1").json()["merged_at"]

    def test_a_conflict_cannot_be_merged(self, api, gitops):
        gitops.human_push("main", {"deploy/web.yaml": b"otherwise\n"})
        api.post(PULLS, json=NEW)
        assert api.get(f"{PULLS}/1").json()["mergeable_state"] == "dirty"
        assert api.put(f"{PULLS}/1/merge", json={}).status_code == 405

    def test_deleted_branches_close_and_prevent_reopening(self, api, gitops):
        gitops.set_branch("release", "main")
        api.post(PULLS, json=NEW)
        api.post(PULLS, json=NEW | {"base": "release"})
        gitops.delete_branch("release")
        assert [pull.state for pull in gitops.pulls] == ["open", "closed"]
        gitops.delete_branch("topic")
        assert gitops.pulls[0].state == "closed"
        refused = api.patch(f"{PULLS}/1", json={"state": "open"})
        assert "branch has been deleted" in said(refused)

    def test_a_branch_put_on_its_base_ends_the_pull_request(self, api, gitops):
        api.post(PULLS, json=NEW)
        gitops.set_branch("topic", "main")
        assert (gitops.pulls[0].state, gitops.pulls[0].merged) == ("closed", False)

    def test_a_push_of_its_commits_to_the_base_merges_it(self, api, gitops):
        api.post(PULLS, json=NEW)
        gitops.set_branch("main", "topic")
        assert gitops.pull(1).merged

    def test_people_close_edit_retarget_tick_and_update(self, api, gitops):
        gitops.set_branch("release", "main")
        api.post(PULLS, json=NEW | {"body": "- [ ] Rebuild this branch, dropping what others pushed"})
        pull = gitops.pull(1)
        pull.tick_rebuild()
        pull.edit(title="By hand")
        pull.retarget("release")
        answer = api.get(f"{PULLS}/1").json()
        assert answer["body"].startswith("- [x] Rebuild")
        assert (answer["title"], answer["base"]["ref"]) == ("By hand", "release")
        pull.retarget("main")
        gitops.human_push("main", {"other.yaml": b"moved on\n"})
        pull.update_branch()
        assert gitops.git.commit("topic").committer == "GitHub <noreply@github.com>"
        pull.close_by("alice")
        assert api.get(PULLS).json() == []

    def test_pages_are_linked(self, api, gitops):
        for number in range(5):
            gitops.human_push(f"topic-{number}", {"a.yaml": str(number).encode()})
            gitops.open_pull(f"topic-{number}")
        numbers, address = [], f"{PULLS}?per_page=2&direction=asc&state=all"
        while address:
            answer = api.get(address)
            numbers += [pull["number"] for pull in answer.json()]
            address = answer.links.get("next", {}).get("url")
        assert numbers == [1, 2, 3, 4, 5]

    def test_what_is_known_already_is_not_sent_again(self, api, gitops):
        first = api.get("/repos/acme/gitops")
        again = {"If-None-Match": first.headers["ETag"]}
        assert api.get("/repos/acme/gitops", headers=again).status_code == 304
        gitops.archived = True
        assert api.get("/repos/acme/gitops", headers=again).status_code == 200

    def test_a_renamed_repository_redirects(self, api, gitops):
        gitops.rename("acme/new")
        moved = api.get(PULLS)
        assert moved.status_code == 301
        assert api.get(moved.headers["Location"]).json() == []
        written = api.post(PULLS, json=NEW)
        assert written.status_code == 307
        assert api.post(written.headers["Location"], json=NEW).status_code == 201


class TestDecorations:
    def test_labels_assignees_milestone_comments(self, api, gitops):
        api.post(PULLS, json=NEW)
        gitops.create_milestone("v1")
        issue = "/repos/acme/gitops/issues/1"
        api.post(f"{issue}/labels", json={"labels": ["images", "more"]})
        assert api.delete(f"{issue}/labels/more").status_code == 200
        assert api.delete(f"{issue}/labels/more").status_code == 404
        api.post(f"{issue}/assignees", json={"assignees": ["machine", "nobody-knows"]})
        api.patch(issue, json={"milestone": 1})
        assert "'field': 'milestone'" in said(api.patch(issue, json={"milestone": 9}))
        comment = api.post(f"{issue}/comments", json={"body": "first"}).json()
        api.patch(f"/repos/acme/gitops/issues/comments/{comment['id']}", json={"body": "second"})
        pull = gitops.pull(1)
        assert pull.label_names == {"images"}
        assert [who.login for who in pull.assignees] == ["machine"]
        assert pull.milestone.title == "v1"
        assert [one.body for one in pull.comments] == ["second"]
        assert said(api.post("/repos/acme/gitops/labels", json={"name": "Images"})).endswith("'already_exists'}")

    def test_reviewers(self, api, forge, gitops, client):
        api.post(PULLS, json=NEW)
        gitops.collaborators = {"alice", "machine"}
        gitops.teams = {"platform"}
        address = f"{PULLS}/1/requested_reviewers"
        assert "pull request author" in said(api.post(address, json={"reviewers": ["machine"]}))
        assert "may only be requested from collaborators" in said(api.post(address, json={"reviewers": ["bob"]}))
        assert api.post(address, json={"reviewers": ["alice"], "team_reviewers": ["platform"]}).status_code == 201
        narrow = client(forge.token("other", permissions={"pull_requests": "write"}))
        assert "Could not resolve to a node" in said(narrow.post(address, json={"team_reviewers": ["platform"]}))

    def test_statuses_let_an_auto_merge_go_ahead(self, api, forge, gitops):
        gitops.protect("main", required_statuses=("ci/build",))
        node = api.post(PULLS, json=NEW).json()["node_id"]
        head = gitops.git.branch("topic")
        answer = graphql(forge, api, ENABLE, id=node, method="SQUASH", head=head)
        assert (
            answer["data"]["enablePullRequestAutoMerge"]["pullRequest"]["autoMergeRequest"]["mergeMethod"] == "SQUASH"
        )
        assert gitops.pull(1).auto_merge
        status = {"state": "success", "context": "ci/build", "description": "fine"}
        assert api.post(f"/repos/acme/gitops/statuses/{head}", json=status).status_code == 201
        assert gitops.pull(1).merged
        assert gitops.git.read("main", "deploy/web.yaml") == b"new\n"

    def test_auto_merge_is_refused_where_nothing_is_awaited(self, api, forge, gitops):
        node = api.post(PULLS, json=NEW).json()["node_id"]
        answer = graphql(forge, api, ENABLE, id=node, method="MERGE")
        assert answer["errors"][0]["message"] == "Pull request Pull request is in clean status"
        gitops.set_status(gitops.git.branch("topic"), "other", "pending")
        answer = graphql(forge, api, ENABLE, id=node, method="MERGE")
        assert answer["errors"][0]["message"] == "Pull request Pull request is in unstable status"
        gitops.auto_merge_allowed = False
        answer = graphql(forge, api, ENABLE, id=node, method="MERGE")
        assert answer["errors"][0]["message"].endswith("Auto merge is not allowed for this repository")

    def test_drafts_by_graphql(self, api, forge, gitops):
        node = api.post(PULLS, json=NEW).json()["node_id"]
        for mutation, draft in (("convertPullRequestToDraft", True), ("markPullRequestReadyForReview", False)):
            query = (
                f"mutation($id: ID!) {{ {mutation}(input: {{pullRequestId: $id}}) {{ pullRequest {{ isDraft }} }} }}"
            )
            assert graphql(forge, api, query, id=node)["data"][mutation]["pullRequest"]["isDraft"] is draft
            assert gitops.pull(1).draft is draft


class TestGitData:
    def commit(self, api, gitops, **more):
        blob = api.post("/repos/acme/gitops/git/blobs", json={"content": "aGVsbG8=", "encoding": "base64"}).json()
        entries = [
            {"path": "deep/er/run.sh", "mode": "100755", "type": "blob", "sha": blob["sha"]},
            {"path": "deploy/web.yaml", "mode": "100644", "type": "blob", "sha": None},
        ]
        base = gitops.git.commit("main")
        tree = api.post("/repos/acme/gitops/git/trees", json={"base_tree": base.tree, "tree": entries}).json()
        body = {"message": "made here", "tree": tree["sha"], "parents": [base.sha], **more}
        return api.post("/repos/acme/gitops/git/commits", json=body).json()

    def test_objects_are_real_and_a_bots_commit_is_verified(self, api, forge, gitops, client):
        assert self.commit(api, gitops)["verification"]["verified"] is False
        bot = client(forge.token(kind="actions"))
        made = self.commit(bot, gitops)
        assert made["verification"]["verified"] is True
        assert made["author"]["name"] == "github-actions[bot]"
        own = {"name": "A", "email": "a@acme.example"}
        assert self.commit(bot, gitops, author=own)["verification"]["verified"] is False
        assert gitops.git.files(made["sha"]) == {"deep/er/run.sh": "100755"}
        assert gitops.git.read(made["sha"], "deep/er/run.sh") == b"hello"

    def test_references(self, api, gitops):
        sha, refs = self.commit(api, gitops)["sha"], "/repos/acme/gitops/git/refs"
        new = {"ref": "refs/heads/gs/a", "sha": sha}
        assert api.post(refs, json=new).status_code == 201
        assert said(api.post(refs, json=new)) == "Reference already exists"
        other = self.commit(api, gitops)["sha"]
        move = f"{refs}/heads/gs/a"
        assert said(api.patch(move, json={"sha": other})) == "Update is not a fast forward"
        assert api.patch(move, json={"sha": other, "force": True}).status_code == 200
        assert api.get("/repos/acme/gitops/git/ref/heads/gs/a").json()["object"]["sha"] == other
        assert [one["ref"] for one in api.get("/repos/acme/gitops/git/matching-refs/heads/gs/").json()] == [new["ref"]]
        assert api.delete(move).status_code == 204
        assert api.get("/repos/acme/gitops/git/ref/heads/gs/a").status_code == 404

    def test_update_refs_compares_and_swaps(self, api, forge, gitops):
        sha, before = self.commit(api, gitops)["sha"], gitops.git.branch("topic")
        node = api.get("/repos/acme/gitops").json()["node_id"]
        named = {"repository": node, "name": "refs/heads/topic", "after": sha}
        assert graphql(forge, api, MOVE, before=sha, **named)["errors"]
        assert gitops.git.branch("topic") == before
        assert "errors" not in graphql(forge, api, MOVE, before=before, **named)
        assert gitops.git.branch("topic") == sha
        created = named | {"name": "refs/heads/fresh"}
        assert "errors" not in graphql(forge, api, MOVE, before="0" * 40, **created)
        assert graphql(forge, api, MOVE, before="0" * 40, **created)["errors"]

    def test_a_protected_branch_is_not_moved_by_http_either(self, api, gitops):
        gitops.protect("main", pull_request_required=True, ruleset=True)
        sha = self.commit(api, gitops)["sha"]
        refused = api.patch("/repos/acme/gitops/git/refs/heads/main", json={"sha": sha, "force": True})
        assert refused.status_code == 422
        assert "Repository rule violations found" in said(refused)


@pytest.mark.usefixtures("api")
class TestRights:
    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("pat", "Resource not accessible by personal access token"),
            ("installation", "Resource not accessible by integration"),
        ],
    )
    def test_a_missing_permission(self, forge, client, kind, text):
        narrow = client(forge.token("narrow", kind=kind, permissions={"contents": "write"}))
        refused = narrow.post(PULLS, json=NEW)
        assert (refused.status_code, said(refused)) == (403, text)

    def test_no_token_a_wrong_one_and_one_for_something_else(self, forge, client):
        assert client().post(PULLS, json=NEW).status_code == 401
        wrong = client(headers={"Authorization": "Bearer wrong"}).get(PULLS)
        assert (wrong.status_code, said(wrong)) == (401, "Bad credentials")
        forge.create_repository("acme/hidden", private=True)
        other = client(forge.token("other", repositories=["acme/gitops"]))
        assert other.get("/repos/acme/hidden").status_code == 404

    def test_settings_and_archives(self, api, forge, gitops, client):
        gitops.actions_may_create_pulls = False
        refused = client(forge.token(kind="actions")).post(PULLS, json=NEW)
        assert said(refused) == "GitHub Actions is not permitted to create or approve pull requests."
        gitops.archived = True
        refused = api.post(PULLS, json=NEW)
        assert (refused.status_code, said(refused)) == (403, "Repository was archived so is read-only.")

    def test_an_app_signs_in(self, forge, client):
        app = forge.app("pinner", ["acme/gitops"], {"contents": "write", "pull_requests": "write"})
        now = int(time.time())
        good = client(headers={"Authorization": f"Bearer {jwt(app, iss=app.id, iat=now - 30, exp=now + 300)}"})
        found = good.get("/repos/acme/gitops/installation").json()
        token = good.post(f"/app/installations/{found['id']}/access_tokens", json={"repositories": ["gitops"]}).json()
        installed = client(headers={"Authorization": f"Bearer {token['token']}"})
        assert installed.post(PULLS, json=NEW).json()["user"]["login"] == "pinner[bot]"
        for claims in ({"exp": now - 1}, {"exp": now + 3600}, {"iat": now + 3600}):
            signed = jwt(app, **{"iss": app.id, "iat": now - 30, "exp": now + 300, **claims})
            assert client(headers={"Authorization": f"Bearer {signed}"}).get("/app").status_code == 401
        forged = jwt(forge.app("other", []), iss=app.id, iat=now - 30, exp=now + 300)
        assert client(headers={"Authorization": f"Bearer {forged}"}).get("/app").status_code == 401


class TestDescription:
    """Requests that GitHub's description does not allow are refused and remembered."""

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"title": "t", "head": "topic"}, "'base' is a required property"),
            (NEW | {"draft": "yes"}, "body.draft: 'yes' is not of type 'boolean'"),
            (NEW | {"labels": ["a"]}, "body: 'labels' is not a member"),
        ],
    )
    def test_a_wrong_body(self, api, forge, body, text):
        assert api.post(PULLS, json=body).status_code == 400
        assert text in taken(forge)

    def test_a_wrong_query(self, api, forge):
        assert api.get(PULLS, params={"state": "gone"}).status_code == 400
        assert "query: state: 'gone' is not one of" in taken(forge)
        assert api.get(PULLS, params={"branch": "topic"}).status_code == 400
        assert "query: 'branch' is not a parameter" in taken(forge)
        assert api.get(f"{PULLS}/one").status_code == 400
        assert "path: pull_number" in taken(forge)

    def test_an_unknown_operation(self, api, forge):
        assert api.post("/repos/acme/gitops/pull", json={}).status_code == 404
        assert "no such operation" in taken(forge)

    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("mutation { mergeEverything { ok } }", "Cannot query field 'mergeEverything'"),
            ("{ viewer { token } }", "Cannot query field 'token'"),
            ("{ viewer { login }", "Syntax Error"),
            (
                "mutation { enablePullRequestAutoMerge(input: {pullRequestId: 1, mergeMethod: FAST}) { __typename } }",
                "'FAST' does not exist in 'PullRequestMergeMethod'",
            ),
        ],
    )
    def test_a_wrong_document(self, api, forge, query, text):
        assert graphql(forge, api, query)["errors"]
        assert text in taken(forge).replace('"', "'")

    def test_wrong_variables(self, api, forge):
        assert graphql(forge, api, ENABLE, id=None, method="MERGE")["errors"]
        assert "$id" in taken(forge)


class TestFaults:
    def test_a_lost_answer_and_a_reset_after_the_effect(self, api, forge, gitops):
        forge.faults.add(rf"POST .*{PULLS}$", AfterEffect(502))
        assert api.post(PULLS, json=NEW).status_code == 502
        assert len(gitops.pulls) == 1
        forge.faults.add(r"POST .*/comments$", Reset(after_effect=True))
        with pytest.raises(httpx.TransportError):
            api.post("/repos/acme/gitops/issues/1/comments", json={"body": "x"})
        assert len(gitops.pulls[0].comments) == 1

    def test_a_refusal_in_place_of_the_effect(self, api, forge, gitops):
        forge.faults.add(rf"POST .*{PULLS}$", secondary_rate_limit(7), times=2, after=1)
        forge.faults.add(rf"GET .*{PULLS}", Respond(500, {"message": "oops"}))
        assert api.post(PULLS, json=NEW | {"head": "none"}).status_code == 422
        for _ in range(2):
            limited = api.post(PULLS, json=NEW)
            assert (limited.status_code, limited.headers["Retry-After"]) == (403, "7")
        assert gitops.pulls == []
        assert api.get(PULLS).status_code == 500
        assert api.post(PULLS, json=NEW).status_code == 201
        assert forge.faults.pending == 0

    def test_a_new_pull_request_is_absent_from_lists_for_a_while(self, api, forge):
        forge.list_lag = 2
        api.post(PULLS, json=NEW)
        assert [len(api.get(PULLS).json()) for _ in range(3)] == [0, 0, 1]
        forge.faults.add(r"requested_reviewers", could_not_resolve_to_a_node())
        refused = api.post(f"{PULLS}/1/requested_reviewers", json={"reviewers": ["alice"]})
        assert "Could not resolve to a node" in said(refused)

    def test_silence_slowness_and_nonsense(self, api, forge):
        forge.faults.add("GET", Silence(60))
        with pytest.raises(httpx.ReadTimeout):
            api.get(PULLS, timeout=0.2)
        forge.faults.add("GET", Slow(0.05))
        assert api.get(PULLS).status_code == 200
        forge.faults.add("GET", Garbled())
        assert "Unicorn" in api.get(PULLS).text


def test_many_clients_at_once_open_one_pull_request(forge, gitops, client):
    gitops.human_push("topic", {"a.yaml": b"x\n"})
    statuses = []

    def race(one: httpx.Client) -> None:
        statuses.append(one.post(PULLS, json=NEW).status_code)

    racers = [threading.Thread(target=race, args=(client(forge.token(f"m{number}")),)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(statuses) == [201] + [422] * 7
    assert len(gitops.pulls) == 1
    assert len(forge.log("POST", "/pulls")) == 8


def taken(forge) -> str:
    """Return the violations and forget them, so that the fixture does not fail."""
    found = "\n".join(forge.violations)
    forge.violations.clear()
    return found


def jwt(app, **claims) -> str:
    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = f"{encoded(json.dumps({'alg': 'RS256', 'typ': 'JWT'}).encode())}.{encoded(json.dumps(claims).encode())}"
    key = serialization.load_pem_private_key(app.private_key, None)
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
