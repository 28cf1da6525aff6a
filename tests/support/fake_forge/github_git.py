"""GitHub's Git Data API: real objects and references in the repository, made over HTTP."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Any

from fake_forge import github_documents as documents
from fake_forge.accounts import TokenKind
from fake_forge.bare import ZERO, GitFailed, Identity, RefMoved, RefUpdate
from fake_forge.github_access import GitHubApi, refuse
from fake_forge.repository import Repository
from fake_forge.routes import Call, page, route
from gitops_streams.demo.exchange import Response

_BLOB_LIMIT = 40 * 1024 * 1024
_TREE_MODES = {"100644", "100755", "040000", "160000", "120000"}


class GitHubGit(GitHubApi):
    """Blobs, trees, commits, references."""

    @route("POST /repos/{owner}/{repo}/git/blobs")
    def create_blob(self, call: Call) -> Response:
        """Store a file's content."""
        found = self.repository(call, "contents", "write")
        text = call.body["content"]
        try:
            encoded = call.body.get("encoding", "utf-8") == "base64"
            content = base64.b64decode(text, validate=False) if encoded else text.encode()
        except ValueError:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "content is not valid Base64")
        if len(content) > _BLOB_LIMIT:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Sorry, your input was too large to process.")
        sha = found.git.write_blob(content)
        return Response.json({"sha": sha, "url": _url(found, f"blobs/{sha}")}, HTTPStatus.CREATED)

    @route("GET /repos/{owner}/{repo}/git/blobs/{file_sha}")
    def get_blob(self, call: Call) -> Response:
        """Answer with a file's content."""
        found = self.repository(call, "contents")
        sha = call.path["file_sha"]
        if found.git.kind(sha) != "blob":
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        content = found.git.read_blob(sha)
        document = {"sha": sha, "size": len(content), "encoding": "base64"}
        return Response.json(document | {"content": base64.encodebytes(content).decode()})

    @route("POST /repos/{owner}/{repo}/git/trees")
    def create_tree(self, call: Call) -> Response:
        """Store a tree."""
        found = self.repository(call, "contents", "write")
        base = call.body.get("base_tree")
        if base is not None and found.git.kind(base) not in {"tree", "commit"}:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "base_tree is not a valid tree oid")
        entries = []
        for entry in call.body["tree"]:
            mode, path, sha = entry.get("mode", "100644"), entry.get("path", ""), entry.get("sha")
            if mode not in _TREE_MODES or not path or path.startswith("/") or ".." in path.split("/"):
                refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "tree.path contains a malformed path component")
            if "content" in entry:
                sha = found.git.write_blob(entry["content"].encode())
            elif "sha" not in entry:
                message = "Must supply either tree.sha or tree.content"
                refuse(HTTPStatus.UNPROCESSABLE_ENTITY, message)
            elif sha is not None and found.git.kind(sha) is None:
                refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "tree.sha " + sha + " is not a valid blob")
            entries.append((mode, path, sha))
        self._check_workflows(call, [path for _, path, _ in entries])
        try:
            sha = found.git.write_tree(base, entries)
        except GitFailed:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "GitRPC::BadObjectState")
        return Response.json(self._tree(found, sha), HTTPStatus.CREATED)

    @staticmethod
    def _check_workflows(call: Call, paths: list[str]) -> None:
        if any(path.startswith(".github/workflows") for path in paths) and not call.who.allows("workflows", "write"):
            holder = "personal access token" if call.who.kind is TokenKind.PAT else "integration"
            refuse(HTTPStatus.FORBIDDEN, f"Resource not accessible by {holder}")

    @route("GET /repos/{owner}/{repo}/git/trees/{tree_sha}")
    def get_tree(self, call: Call) -> Response:
        """Answer with a tree."""
        found = self.repository(call, "contents")
        if found.git.kind(call.path["tree_sha"]) not in {"tree", "commit"}:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(self._tree(found, call.path["tree_sha"], recursive="recursive" in call.query))

    @staticmethod
    def _tree(found: Repository, sha: str, *, recursive: bool = False) -> dict[str, Any]:
        options = ("-r", "-t") if recursive else ()
        listed = found.git.git("ls-tree", "-z", *options, sha).split("\0")
        entries = []
        for head, _, path in (entry.partition("\t") for entry in listed if entry):
            mode, kind, oid = head.split()
            entries.append({"path": path, "mode": mode, "type": kind, "sha": oid})
        tree = found.git.git("rev-parse", f"{sha}^{{tree}}")
        return {"sha": tree, "url": _url(found, f"trees/{tree}"), "tree": entries, "truncated": False}

    @route("POST /repos/{owner}/{repo}/git/commits")
    def create_commit(self, call: Call) -> Response:
        """Store a commit. A bot's that names neither author nor committer is signed by GitHub, thus verified."""
        found = self.repository(call, "contents", "write")
        body, token = call.body, call.who
        if found.git.kind(body["tree"]) != "tree":
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Tree SHA does not exist")
        parents = body.get("parents", [])
        if any(found.git.kind(parent) != "commit" for parent in parents):
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Parent SHA does not exist or is not a commit object")
        own = Identity(token.account.name, token.account.email, self.store.now())
        author = _identity(body.get("author"), own)
        committer = _identity(body.get("committer"), author)
        sha = found.git.commit_tree(body["tree"], parents, body["message"], author, committer)
        if token.kind is not TokenKind.PAT and not body.get("author") and not body.get("committer"):
            found.verified.add(sha)
        return Response.json(documents.commit(found, sha), HTTPStatus.CREATED)

    @route("GET /repos/{owner}/{repo}/git/commits/{commit_sha}")
    def get_commit(self, call: Call) -> Response:
        """Answer with a commit."""
        found = self.repository(call, "contents")
        if found.git.kind(call.path["commit_sha"]) != "commit":
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(documents.commit(found, call.path["commit_sha"]))

    @route("GET /repos/{owner}/{repo}/git/ref/{ref+}")
    def get_ref(self, call: Call) -> Response:
        """Answer with a reference."""
        found = self.repository(call, "contents")
        ref = f"refs/{call.path['ref']}"
        sha = found.git.ref(ref)
        if sha is None:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(documents.reference(found, ref, sha))

    @route("GET /repos/{owner}/{repo}/git/matching-refs/{ref+}")
    def matching_refs(self, call: Call) -> Response:
        """List the references whose names start so."""
        found = self.repository(call, "contents")
        prefix = f"refs/{call.path['ref']}"
        listed = [(ref, sha) for ref, sha in found.git.refs().items() if ref.startswith(prefix)]
        return page(call, [documents.reference(found, ref, sha) for ref, sha in listed])

    @route("POST /repos/{owner}/{repo}/git/refs")
    def create_ref(self, call: Call) -> Response:
        """Make a reference."""
        found = self.repository(call, "contents", "write")
        ref, sha = call.body["ref"], call.body["sha"]
        if not ref.startswith("refs/") or ref.count("/") < 2:
            message = "Reference name must start with 'refs/' and contain at least two slashes"
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, message)
        if found.git.kind(sha) is None:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Object does not exist")
        if found.git.ref(ref):
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Reference already exists")
        obey(call, found, RefUpdate(ref, sha, ZERO))
        self._move(found, RefUpdate(ref, sha, ZERO), "Reference already exists")
        return Response.json(documents.reference(found, ref, sha), HTTPStatus.CREATED)

    @route("PATCH /repos/{owner}/{repo}/git/refs/{ref+}")
    def update_ref(self, call: Call) -> Response:
        """Move a reference, wherever it is."""
        found = self.repository(call, "contents", "write")
        ref, sha, force = f"refs/{call.path['ref']}", call.body["sha"], call.body.get("force", False)
        old = found.git.ref(ref)
        if old is None:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Reference does not exist")
        if found.git.kind(sha) != "commit":
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Object does not exist")
        if not force and not found.git.is_ancestor(old, sha):
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Update is not a fast forward")
        obey(call, found, RefUpdate(ref, sha, old))
        self._move(found, RefUpdate(ref, sha, old), "Reference cannot be updated")
        return Response.json(documents.reference(found, ref, sha))

    @route("DELETE /repos/{owner}/{repo}/git/refs/{ref+}")
    def delete_ref(self, call: Call) -> Response:
        """Delete a reference."""
        found = self.repository(call, "contents", "write")
        ref = f"refs/{call.path['ref']}"
        old = found.git.ref(ref)
        if old is None:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Reference does not exist")
        obey(call, found, RefUpdate(ref, ZERO, old))
        self._move(found, RefUpdate(ref, ZERO, old), "Reference does not exist")
        return Response(HTTPStatus.NO_CONTENT)

    @staticmethod
    def _move(found: Repository, update: RefUpdate, message: str) -> None:
        try:
            found.git.update_refs([update])
        except RefMoved:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, message)
        found.sync()


def obey(call: Call, found: Repository, update: RefUpdate) -> None:
    """Refuse what the rules of a branch refuse, as the hook does for pushes."""
    text = forbidden(found, update, call.who.account.login)
    if text:
        refuse(HTTPStatus.UNPROCESSABLE_ENTITY, text)


def forbidden(found: Repository, update: RefUpdate, login: str) -> str | None:
    """Say which rule an update of a branch breaks."""
    branch = update.ref.removeprefix("refs/heads/")
    for rule in found.protections_of(branch, login):
        creates = update.old == ZERO
        deletes = update.new == ZERO
        text = None
        if rule.pull_request_required or rule.required_statuses:
            text = "Changes must be made through a pull request."
        elif creates and not rule.creations:
            text = "Cannot create ref due to creations being restricted."
        elif deletes and not rule.deletions:
            text = "Cannot delete this branch"
        elif not creates and not deletes and not rule.force_pushes:
            moved = found.git.is_ancestor(update.old or found.git.ref(update.ref) or "", update.new)
            text = None if moved else "Cannot force-push to this branch"
        if text:
            return f"Repository rule violations found\n\n{text}\n\n" if rule.ruleset else text
    return None


def _identity(given: dict[str, str] | None, default: Identity) -> Identity:
    if not given:
        return default
    return Identity(given["name"], given["email"], default.when)


def _url(found: Repository, rest: str) -> str:
    return f"{found.store.url}/api/v3/repos/{found.full_name}/git/{rest}"
