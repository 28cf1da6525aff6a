"""What became of a plan, in words: one line for its publication, a word for each pull request."""

from __future__ import annotations

from collections import Counter

from gitops_streams.render.report import Published
from gitops_streams.render.words import count
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.streams import status


def published(done: Published) -> str:
    """Write what became of the plan in one line."""
    if done.mode == "pull-request":
        return pulls(done)
    if not done.files:
        return {"worktree": "nothing to write", "commit": "nothing to commit"}.get(done.mode, "nothing to push")
    own = sum(path.startswith(f"{status.DIRECTORY}/") for path in done.files)
    parts = [count(len(done.files) - own, "manifest")] if len(done.files) > own else []
    parts += [count(own, "status file")] if own else []
    files = " and ".join(parts)
    match done.mode:
        case "worktree":
            return f"wrote {files} in the work tree"
        case "commit":
            return f"committed {files} as {(done.commit or '')[:12]} on {done.branch}"
        case _:
            return f"pushed {files} as {(done.commit or '')[:12]} to {done.remote}/{done.branch}"


_PULLS = {
    PullOutcome.CREATED: ("opened", "to be opened"),
    PullOutcome.UPDATED: ("updated", "to be updated"),
    PullOutcome.UNCHANGED: ("unchanged", "unchanged"),
    PullOutcome.CLOSED: ("closed", "to be closed"),
    PullOutcome.BLOCKED: ("blocked", "blocked"),
    PullOutcome.NONE: ("not needed", "not needed"),
    PullOutcome.FAILED: ("failed", "failed"),
}


def pull_outcome(outcome: PullOutcome, *, dry_run: bool) -> str:
    """Write what became of a pull request, or what would."""
    return _PULLS[outcome][dry_run]


def pulls(done: Published) -> str:
    """Write what became of all pull requests in one line."""
    counted = Counter(pull.outcome for pull in done.pulls)
    told = [f"{counted[each]} {pull_outcome(each, dry_run=done.dry_run)}" for each in PullOutcome if counted[each]]
    return f"pull requests{' (dry run)' if done.dry_run else ''}: {', '.join(told) or 'none'}"
