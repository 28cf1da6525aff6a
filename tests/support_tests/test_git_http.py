"""Git against the fake forge: who may push what, and how refusals read."""

import pytest
from fake_forge import AfterEffect


@pytest.fixture
def commit(git, work):
    def make(branch: str, path: str = "deploy/web.yaml", content: str = "changed\n") -> str:
        git(work, "checkout", "--quiet", "-B", branch)
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(content)
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--message", content[:50])
        return git(work, "rev-parse", "HEAD")

    return make


def test_a_push_needs_a_token_that_may_write(forge, gitops, work, commit, pushing):
    sha = commit("topic")
    reader = forge.token("reader", permissions={"contents": "read"})
    nobody = pushing(None, "push", "origin", "topic", cwd=work)
    refused = pushing(reader, "push", "origin", "topic", cwd=work)
    assert "could not read Username" in nobody.stderr
    assert "denied to reader" in refused.stderr
    assert gitops.git.branch("topic") is None
    assert pushing(forge.token(), "push", "origin", "topic", cwd=work).returncode == 0
    assert gitops.git.branch("topic") == sha


def test_a_private_repository_is_seen_only_with_a_token_for_it(forge, pushing, tmp_path):
    hidden = forge.create_repository("acme/hidden", private=True)
    other = forge.token("other", repositories=["acme/else"])
    assert "could not read Username" in pushing(None, "ls-remote", hidden.clone_url).stderr
    assert "not found" in pushing(other, "ls-remote", hidden.clone_url).stderr
    assert "refs/heads/main" in pushing(forge.token(), "ls-remote", hidden.clone_url).stdout


def test_a_lease_is_rejected_when_somebody_pushed_meanwhile(forge, gitops, work, commit, pushing):
    token = forge.token()
    first = commit("topic")
    pushing(token, "push", "origin", "topic", cwd=work)
    human = gitops.human_push("topic", {"by-hand.yaml": b"mine\n"})
    commit("topic", content="again\n")
    lease = f"--force-with-lease=topic:{first}"
    done = pushing(token, "push", "--porcelain", lease, "origin", "topic", cwd=work)
    assert "[rejected] (stale info)" in done.stdout
    assert gitops.git.branch("topic") == human


def test_an_open_pull_request_follows_its_branch(forge, gitops, work, commit, pushing):
    token = forge.token()
    first = commit("topic")
    pushing(token, "push", "origin", "topic", cwd=work)
    pull = gitops.open_pull("topic")
    second = commit("topic", content="again\n")
    pushing(token, "push", "origin", "topic", cwd=work)
    assert pull.head_history == [first, second]
    assert gitops.pull(1).head_sha == second


def test_a_protected_branch_refuses_pushes_in_githubs_words(forge, gitops, work, commit, pushing):
    token = forge.token()
    before = gitops.git.branch("main")
    gitops.protect("main", pull_request_required=True)
    gitops.protect("locked/*", creations=False, ruleset=True)
    commit("main")
    done = pushing(token, "push", "origin", "main", cwd=work)
    assert "[remote rejected] main -> main (protected branch hook declined)" in done.stderr
    assert "GH006" in done.stderr
    assert gitops.git.branch("main") == before
    done = pushing(token, "push", "--porcelain", "origin", "HEAD:refs/heads/locked/a", cwd=work)
    assert "(push declined due to repository rule violations)" in done.stdout


def test_a_rule_that_allows_no_force_still_takes_a_fast_forward(forge, gitops, work, commit, pushing):
    token = forge.token()
    gitops.protect("topic")
    commit("topic")
    assert pushing(token, "push", "origin", "topic", cwd=work).returncode == 0
    commit("topic", content="again\n")
    assert pushing(token, "push", "origin", "topic", cwd=work).returncode == 0
    done = pushing(token, "push", "--force", "origin", "origin/main:refs/heads/topic", cwd=work)
    assert "Cannot force-push" in done.stderr


def test_workflows_need_a_permission_of_their_own(forge, gitops, work, commit, pushing):
    actions = forge.token(kind="actions")
    commit("topic", ".github/workflows/ci.yml", "on: push\n")
    done = pushing(actions, "push", "origin", "topic", cwd=work)
    assert "create or update workflow `.github/workflows/ci.yml` without `workflows` permission" in done.stderr
    assert gitops.git.branch("topic") is None
    assert pushing(forge.token(), "push", "origin", "topic", cwd=work).returncode == 0
    # Commits that are there already are nobody's change any more.
    (work / "other.yaml").write_text("x\n")
    commit("topic", "other.yaml")
    assert pushing(actions, "push", "origin", "topic", cwd=work).returncode == 0


def test_a_large_push_comes_chunked(forge, gitops, work, commit, pushing):
    noise = "".join(f"{number * 2654435761 % 2**64:x}\n" for number in range(120_000))
    sha = commit("large", "noise.txt", noise)
    done = pushing(forge.token(), "-c", "http.postBuffer=65536", "push", "origin", "large", cwd=work)
    assert done.returncode == 0, done.stderr
    assert gitops.git.branch("large") == sha


def test_an_archived_repository_refuses_pushes(forge, gitops, work, commit, pushing):
    gitops.archived = True
    commit("topic")
    assert "archived" in pushing(forge.token(), "push", "origin", "topic", cwd=work).stderr


def test_a_renamed_repository_redirects_git(forge, gitops, work, commit, pushing):
    gitops.rename("acme/new-name")
    commit("topic")
    done = pushing(forge.token(), "ls-remote", "origin", cwd=work)
    assert "refs/heads/main" in done.stdout
    assert "redirecting" in done.stderr


def test_a_push_whose_answer_is_lost_was_carried_out(forge, gitops, work, commit, pushing):
    sha = commit("topic")
    forge.faults.add(r"POST /acme/gitops.git/git-receive-pack", AfterEffect(502))
    assert pushing(forge.token(), "push", "origin", "topic", cwd=work).returncode != 0
    assert gitops.git.branch("topic") == sha


def test_no_token_is_logged(forge, gitops, work, commit, pushing):
    token = forge.token()
    commit("topic")
    pushing(token, "push", "origin", "topic", cwd=work)
    assert forge.log("POST", "git-receive-pack")[0].authentication == "basic"
    assert forge.log("POST", "git-receive-pack")[0].account == "alice"
    assert token.value not in repr(forge.requests) + repr(token) + repr(forge.store.tokens.values())
