"""GitHub's JSON for what the store holds, as its REST API writes it (the members that clients read)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fake_forge.accounts import Account
from fake_forge.pull import Pull
from fake_forge.records import Comment, Label, Mergeability, Milestone, Status
from fake_forge.repository import Repository


def account(who: Account) -> dict[str, Any]:
    """Write an account."""
    return {"login": who.login, "id": who.id, "node_id": who.node_id, "type": who.kind, "site_admin": False}


def label(one: Label) -> dict[str, Any]:
    """Write a label."""
    return {"id": one.id, "name": one.name, "color": one.color, "description": one.description, "default": False}


def milestone(one: Milestone) -> dict[str, Any]:
    """Write a milestone."""
    return {"id": one.number, "number": one.number, "title": one.title, "state": one.state}


def repository(one: Repository) -> dict[str, Any]:
    """Write a repository."""
    url = one.store.url
    return {
        "id": one.id,
        "node_id": f"R_kgDO{one.id:06d}",
        "name": one.name,
        "full_name": one.full_name,
        "private": one.private,
        "owner": account(one.owner),
        "html_url": f"{url}/{one.full_name}",
        "url": f"{url}/api/v3/repos/{one.full_name}",
        "clone_url": one.clone_url,
        "default_branch": one.default_branch,
        "archived": one.archived,
        "fork": one.parent is not None,
        "allow_auto_merge": one.auto_merge_allowed,
        "delete_branch_on_merge": one.delete_branch_on_merge,
    }


def pull(one: Pull, *, full: bool = False) -> dict[str, Any]:
    """Write a pull request; ``full`` as when it is asked for alone."""
    store = one.repository.store
    web = f"{store.url}/{one.repository.full_name}/pull/{one.number}"
    api = f"{store.url}/api/v3/repos/{one.repository.full_name}"
    document: dict[str, Any] = {
        "url": f"{api}/pulls/{one.number}",
        "id": one.repository.id * 1000 + one.number,
        "node_id": one.node_id,
        "html_url": web,
        "issue_url": f"{api}/issues/{one.number}",
        "number": one.number,
        "state": one.state,
        "locked": False,
        "title": one.title,
        "user": account(one.author),
        "body": one.body or None,
        "created_at": store.timestamp(one.created),
        "updated_at": store.timestamp(one.updated),
        "closed_at": None if one.is_open else store.timestamp(one.updated),
        "merged_at": store.timestamp(one.updated) if one.merged else None,
        "merge_commit_sha": one.merge_sha,
        "assignee": account(one.assignees[0]) if one.assignees else None,
        "assignees": [account(who) for who in one.assignees],
        "requested_reviewers": [account(who) for who in one.reviewers],
        "requested_teams": [{"slug": slug, "name": slug} for slug in one.team_reviewers],
        "labels": [label(each) for each in one.labels],
        "milestone": milestone(one.milestone) if one.milestone else None,
        "draft": one.draft,
        "head": _side(one.head_repository, one.head, one.head_sha),
        "base": _side(one.repository, one.base, one.base_sha),
        "author_association": "CONTRIBUTOR",
        "auto_merge": {"enabled_by": account(one.auto_merge.by), "merge_method": one.auto_merge.method}
        if one.auto_merge
        else None,
    }
    if full:
        state = one.repository.mergeability(one) if one.is_open else None
        document |= {
            "merged": one.merged,
            "mergeable": None if state is None else state is not Mergeability.DIRTY,
            "mergeable_state": "unknown" if state is None else state.value,
            "comments": len(one.comments),
            "maintainer_can_modify": one.maintainer_can_modify,
        }
    return document


def _side(where: Repository, branch: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{where.owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": account(where.owner),
        "repo": repository(where),
    }


def issue(one: Pull) -> dict[str, Any]:
    """Write a pull request as an issue."""
    whole = pull(one)
    kept = ("number", "state", "title", "user", "body", "labels", "assignees", "milestone", "html_url", "updated_at")
    return {name: whole[name] for name in kept} | {"pull_request": {"url": whole["url"]}, "id": whole["id"]}


def comment(where: Pull, one: Comment) -> dict[str, Any]:
    """Write a comment."""
    store = where.repository.store
    return {
        "id": one.id,
        "node_id": f"IC_kwDO{one.id:08d}",
        "url": f"{store.url}/api/v3/repos/{where.repository.full_name}/issues/comments/{one.id}",
        "html_url": f"{store.url}/{where.repository.full_name}/pull/{where.number}#issuecomment-{one.id}",
        "body": one.body,
        "user": account(one.author),
        "created_at": store.timestamp(one.created),
        "updated_at": store.timestamp(one.updated),
    }


def status(where: Repository, one: Status) -> dict[str, Any]:
    """Write a status."""
    return {
        "id": one.id,
        "state": one.state,
        "context": one.context,
        "description": one.description or None,
        "target_url": one.url,
        "creator": account(one.creator),
        "created_at": where.store.timestamp(one.created),
    }


def commit(where: Repository, sha: str) -> dict[str, Any]:
    """Write a commit as ``git/commits`` does."""
    one = where.git.commit(sha)
    verified = sha in where.verified
    return {
        "sha": one.sha,
        "node_id": f"C_kwDO{one.sha}",
        "url": f"{where.store.url}/api/v3/repos/{where.full_name}/git/commits/{one.sha}",
        "author": _identity(one.author),
        "committer": _identity(one.committer),
        "message": one.message,
        "tree": {"sha": one.tree},
        "parents": [{"sha": parent} for parent in one.parents],
        "verification": {"verified": verified, "reason": "valid" if verified else "unsigned"},
    }


def history_commit(where: Repository, sha: str) -> dict[str, Any]:
    """Write a commit as lists of commits do."""
    inner = commit(where, sha)
    return {"sha": sha, "commit": inner, "parents": inner["parents"], "author": None, "committer": None}


def reference(where: Repository, ref: str, sha: str) -> dict[str, Any]:
    """Write a reference."""
    return {
        "ref": ref,
        "node_id": f"REF_{where.id}_{quote(ref)}",
        "object": {"type": where.git.kind(sha) or "commit", "sha": sha},
    }


def _identity(text: str) -> dict[str, str]:
    name, _, email = text.partition(" <")
    return {"name": name, "email": email.removesuffix(">")}
