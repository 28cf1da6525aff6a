"""The blocks of a table that a plain dry run has none of: why digests move, and what became of pull requests."""

from __future__ import annotations

from gitops_streams.render import pull_phrases
from gitops_streams.render.image_phrases import age, primary, resized
from gitops_streams.render.inert import line
from gitops_streams.render.phrase import joined, plain
from gitops_streams.render.published_words import pull_outcome
from gitops_streams.render.report import Published
from gitops_streams.render.review_phrases import alerts, reason
from gitops_streams.review.report import TagReview


def why(tag: TagReview) -> str:
    """Say why a digest moved, and what of it needs attention or else how old and large it is."""
    told = [reason(tag), *alerts(tag)]
    if not tag.delta.alarming:
        platform = primary(tag)
        told += [(text,) for text in (age(tag.delta.old_built, tag.delta.new_built),) if text]
        told += [] if platform is None else [(resized(platform),)]
    return f"{'! ' if tag.delta.alarming else ''}{tag.key}: {plain(joined(told, '; '))}"


def pulls(done: Published) -> str:
    """Write a line for each pull request, what it was not given below it, and in a dry run what would be done."""
    lines = ["Pull requests (dry run, nothing was done):" if done.dry_run else "Pull requests:"]
    for pull in done.pulls:
        number = "" if pull.number is None else f" #{pull.number}"
        outcome = pull_outcome(pull.outcome, dry_run=done.dry_run)
        lines.append(f"  {line(f'{pull.group}:{number} {outcome}: {pull.reason}')}")
        if pull.url is not None:
            lines.append(f"    {line(pull.url)}")
        lines += [f"    warning: {line(warning)}" for warning in pull.warnings]
        if done.dry_run:
            lines += [f"    {plain(phrase)}" for phrase in pull_phrases.operations(pull)]
    return "\n".join(lines)
