"""What became of pull requests, as phrases."""

from __future__ import annotations

from typing import assert_never

from gitops_streams.render.phrase import Code, Link, Part, Phrase, joined
from gitops_streams.render.report import PullResult
from gitops_streams.review.lifecycle import (
    ClosePull,
    Comment,
    DeleteBranch,
    OpenPull,
    Operation,
    PushBranch,
    RefreshPull,
    SetLabels,
    StopAutoMerge,
)

_DRAFT = {True: ", make it a draft", False: ", make it ready", None: ""}


def number(pull: PullResult) -> Phrase:
    """Name a pull request by its number."""
    if pull.number is None:
        return ()
    label = Code(f"#{pull.number}")
    return (label,) if pull.url is None else (Link(label, pull.url),)


def operations(pull: PullResult) -> tuple[Phrase, ...]:
    """Say what was done, or what would be, one phrase each."""
    return tuple(_told(operation) for operation in pull.operations)


def _told(operation: Operation) -> Phrase:
    match operation:
        case PushBranch(branch=branch, expected=expected):
            held: tuple[Part, ...] = () if expected is None else (", if it is still at ", Code(expected[:10]))
            return ("create the branch " if expected is None else "push the branch ", Code(branch), *held)
        case OpenPull(draft=draft):
            return ("open a draft" if draft else "open the pull request",)
        case RefreshPull(draft=draft):
            return (f"write title and description{_DRAFT[draft]}",)
        case Comment(key=key, text=text):
            return ("take away the comment " if text is None else "write the comment ", Code(key))
        case SetLabels(add=add, remove=remove):
            return joined([*_labels("add", add), *_labels("remove", remove)])
        case StopAutoMerge():
            return ("take auto-merge back",)
        case ClosePull():
            return ("close the pull request",)
        case DeleteBranch(branch=branch):
            return ("delete the branch ", Code(branch))
        case _:
            assert_never(operation)


def _labels(verb: str, labels: tuple[str, ...]) -> list[Phrase]:
    names = joined([(Code(label),) for label in labels])
    return [(f"{verb} the {'label' if len(labels) == 1 else 'labels'} ", *names)] if labels else []
