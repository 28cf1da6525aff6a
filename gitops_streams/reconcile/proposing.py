"""What each group of stream tags proposes: its edits, its commit message, and the text of its pull request."""

from __future__ import annotations

from dataclasses import dataclass, field

from gitops_streams.git.identity import Identity
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.git.write import FileEdit
from gitops_streams.plan.model import Change, Plan
from gitops_streams.plan.proven import proven
from gitops_streams.publish.proposal import Text
from gitops_streams.reconcile.one_pass import Pass
from gitops_streams.reconcile.recording import edits_for, moves_of, resolved_items
from gitops_streams.reconcile.reviewing import Place, Reviewer
from gitops_streams.reconcile.two_processes import mapped
from gitops_streams.reconcile.workspace import Workspace
from gitops_streams.render.commit_message import DEFAULT_SUBJECT, CommitMessage, render_commit_message
from gitops_streams.render.pull_request import body, title
from gitops_streams.render.words import count
from gitops_streams.review.groups import ALL, divide
from gitops_streams.review.lifecycle import Group
from gitops_streams.review.marker import Marker, fingerprint, write
from gitops_streams.review.pull_request import Capabilities
from gitops_streams.review.report import Review


@dataclass(frozen=True, slots=True)
class Planned:
    """One pass over the base branch, divided."""

    found: Pass
    plan: Plan
    proposals: tuple[GroupProposal, ...]


@dataclass(slots=True)
class GroupProposal:
    """What one group wants; see ``publish.proposal.Proposal``."""

    group: Group
    plan: Plan
    edits: tuple[FileEdit, ...]
    fingerprint: str
    found: Pass
    place: Place
    workspace: Workspace
    writer: Reviewer
    capabilities: Capabilities
    _review: Review | None = field(default=None, init=False)

    @property
    def moves(self) -> int:
        """How many stream tags get another digest."""
        return len(moves_of(self.plan))

    def message(self, tree: str, committer: Identity | None) -> str:
        """Write the commit message for a tree and its committer."""
        settings = self.workspace.settings.publishing.commit
        content = CommitMessage(
            tuple(moves_of(self.plan)),
            len(self.plan.files),
            scope=None if self.group.name == ALL else self.group.name,
            signed_off_by=str(committer) if settings.sign_off and committer is not None else None,
            co_authored_by=settings.co_authors,
            group=self.group.name,
            tree=tree,
            subject=settings.subject or DEFAULT_SUBJECT,
        )
        return render_commit_message(content)

    def review(self) -> Review:
        """Review the moves; inspects images the first time."""
        if self._review is None:
            paths = [edit.path for edit in self.edits]
            self._review = self.writer.review(self.group.name, self.plan, self.found, self.place, paths)
        return self._review

    @property
    def reviewed(self) -> Review | None:
        """The review, if one was needed."""
        return self._review

    def text(self, head: str) -> Text:
        """Write the pull request for a commit."""
        review = self.review()
        marker = write(
            Marker(self.group.name, self.place.base, head, self.fingerprint), hidden=self.capabilities.hidden_comments
        )
        alarms = len(review.alarming)
        summary = f"{count(self.moves, 'digest')} resolved, every edit proven"
        return Text(
            title(review, self.workspace.settings.publishing.pull_request.title),
            body(review, self.capabilities, marker),
            alarming=alarms > 0,
            summary=f"{summary}; {count(alarms, 'image')} to look at" if alarms else summary,
        )


def divided(
    workspace: Workspace, found: Pass, place: Place, snapshot: Snapshot, writer: Reviewer, capabilities: Capabilities
) -> Planned:
    """Divide what was planned on the base into proposals, every edit of them proven."""
    whole = proven(found.plan, mapped)
    files = {file.path: file.after for file in whole.files}
    proposals = []
    for part in divide(whole, found.catalog, workspace.settings.publishing.pull_request, place.base):
        # A file that several groups change has other edits in each of them.
        plan = part.plan if all(files[file.path] == file.after for file in part.plan.files) else proven(part.plan)
        edits = edits_for(plan, found.history, snapshot)
        proposals.append(
            GroupProposal(
                part.group, plan, edits, _fingerprint(plan, found), found, place, workspace, writer, capabilities
            )
        )
    return Planned(found, whole, tuple(proposals))


def _fingerprint(plan: Plan, found: Pass) -> str:
    """Sum up what a group moves: the digests that sites get, and those that only the status has not recorded yet."""
    changing = {tag.key for tag in plan.tags if any(isinstance(site, Change) for site in tag.sites)}
    return fingerprint(
        (key, item.image)
        for key, item in resolved_items(plan)
        if key in changing or found.history.items(key)[:1] != (item,)
    )
