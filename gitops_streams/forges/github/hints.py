"""What to change when GitHub says no: the permission by endpoint, the setting by the words of the refusal.

GitHub's refusals are prose, and its documentation lists few of them; each phrase here was seen in public
reports. One that is not known leaves the hint to the status.
"""

from __future__ import annotations

import re

from gitops_streams.forges.http.refusal import Refusal

ACTIONS_BOT = "github-actions[bot]"
"""Who a workflow's own ``GITHUB_TOKEN`` acts as."""
WORKFLOWS = ".github/workflows/"
WORKFLOWS_HINT = (
    "files below .github/workflows need the permission Workflows: write, which a workflow's own GITHUB_TOKEN can "
    "never have: use a GitHub App or a fine-grained token, or keep images of workflows out of the streams"
)
_ACTIONS_HINT = (
    "in Settings, Actions, General of the repository (or its organization), turn on "
    '"Allow GitHub Actions to create and approve pull requests", or use a GitHub App\'s token'
)
_PROTECTED_HINT = (
    "a branch protection or a ruleset covers this branch: let the token's account bypass it, or set "
    "pullRequest.branchPrefix to one that is not covered"
)

_NO_ACCESS = re.compile(r"resource not accessible by|must have .*(access|rights|permission)|requires? .*permission")
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (
            r"not permitted to create or approve pull requests",
            _ACTIONS_HINT,
        ),
        (r"archived|is read-only", "the repository is archived: unarchive it, or stop running here"),
        (r"(create or update|modify) workflow|without .?workflows?.? (permission|scope)", WORKFLOWS_HINT),
        (
            r"protected branch|repository rule violation|cannot update this protected ref|ruleset",
            _PROTECTED_HINT,
        ),
        (
            r"draft pull requests are not supported",
            "this repository's plan has no drafts: set pullRequest.draft to never",
        ),
        (
            r"body is too long|too_long|is too large",
            "the text is over GitHub's limit of 65536 characters; please report this",
        ),
        (r"no commits between", "the branch has nothing that its base has not; run again"),
        (r"base (field )?(is )?(invalid|missing)", "the base branch is gone: set pullRequest.base to one that exists"),
        (r"head (field )?(is )?(invalid|missing)", "the branch is gone: run again"),
        (r"suspended|account .*(locked|flagged|blocked)", "the account or the App is suspended: see its settings"),
        (r"ip allow list", "the organization admits listed addresses only: run where its list admits"),
        (r"fine-grained|personal access tokens? .*(forbidden|forbids)", "the organization forbids this kind of token"),
    )
)
_PERMISSIONS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), permission, scope)
    for pattern, permission, scope in (
        (r"/pulls/\d+/merge$", "Contents", "contents"),
        (r"/pulls(/|$)", "Pull requests", "pull-requests"),
        (r"/issues/\d+/labels|/issues/\d+/assignees|/issues/\d+$", "Pull requests", "pull-requests"),
        (r"/issues/(\d+/)?comments", "Pull requests", "pull-requests"),
        (r"/(labels|milestones)(/|$)", "Issues", "issues"),
        (r"/git/(ref|refs|trees|blobs|commits)(/|$)", "Contents", "contents"),
        (r"/statuses/", "Commit statuses", "statuses"),
        (r"/(orgs|teams)/", "Members (of the organization)", ""),
    )
)
_BY_STATUS = {
    401: "the token is not valid (any more), or belongs to another server: make a new one",
    404: "check forge.repository; GitHub says so too where the token may not see or change a private repository",
    410: "this part of the repository is turned off in its settings",
    423: "the repository is locked, maybe by a migration; run again later",
    451: "the repository is blocked for legal reasons",
}


def hint(refusal: Refusal) -> str | None:
    """Return what to change; ``None`` where nothing is known."""
    if "required" in refusal.headers.get("x-github-sso", ""):
        return (
            "the organization wants single sign-on: authorize the token for it (Settings, Developer settings, the "
            "token, Configure SSO)"
        )
    found = advice(refusal.said)
    if found is not None:
        return found
    if refusal.status == 403 or _NO_ACCESS.search(refusal.said.casefold()):  # noqa: PLR2004 - forbidden
        return permission(refusal.method, refusal.path)
    return _BY_STATUS.get(refusal.status)


def advice(said: str) -> str | None:
    """Return what to change, by GitHub's words alone."""
    words = said.casefold()
    return next((text for pattern, text in _PHRASES if pattern.search(words)), None)


def permission(method: str, path: str) -> str:
    """Name the permission that a request needs."""
    level = "read" if method == "GET" else "write"
    for pattern, name, scope in _PERMISSIONS:
        if pattern.search(path):
            workflow = f"; in a workflow, permissions: {scope}: {level}" if scope else ""
            return f"give the token the permission {name}: {level}{workflow}"
    return f"give the token {level} permission"
