"""Git's smart HTTP: ``git http-backend`` behind the forge's tokens and its rules for branches.

What a push may do is decided by the repository's ``update`` hook, which reads the rules that this
module writes for each push; the refusals are then worded as the forge's own are.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from fake_forge.accounts import Token, TokenKind
from fake_forge.exchange import credential_of
from fake_forge.records import Kind
from fake_forge.repository import Repository
from fake_forge.store import Store
from gitops_streams.demo.exchange import Request, Response

_SERVICE = re.compile(r"^/(?P<repository>.+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)$")
_CHUNK = 65_515

_HOOK = r"""#!/bin/sh
# Refuses what the rules of this push refuse. A rule: pattern, what it refuses, the reason, the message.
ref=$1 old=$2 new=$3 zero=0000000000000000000000000000000000000000
refuse() {
  printf '%s\t%s\n' "$ref" "$1" >> "$FAKE_FORGE_REASONS"
  printf '%b\n' "$2" >&2
  exit 1
}
tab=$(printf '\t')
while IFS="$tab" read -r pattern refused reason message; do
  case $ref in $pattern) ;; *) continue ;; esac
  case $refused in
    any) refuse "$reason" "$message" ;;
    create) [ "$old" = $zero ] && refuse "$reason" "$message" ;;
    delete) [ "$new" = $zero ] && refuse "$reason" "$message" ;;
    force)
      if [ "$old" != $zero ] && [ "$new" != $zero ] && ! git merge-base --is-ancestor "$old" "$new"; then
        refuse "$reason" "$message"
      fi ;;
    workflows)
      [ "$new" = $zero ] && continue
      known=$(git for-each-ref --format='^%(objectname)' refs/heads)
      path=$(printf '%s\n%s\n' "$new" "$known" | git rev-list --stdin | while read -r commit; do
        git diff-tree --root --no-commit-id --name-only -r "$commit" -- .github/workflows; done | head -n 1)
      [ -n "$path" ] && refuse "$(printf "$reason" "$path")" "" ;;
  esac
done < "$FAKE_FORGE_RULES"
exit 0
"""


class GitHttp:
    """Answers Git's requests for the repositories of a store."""

    def __init__(self, store: Store, authenticate: Callable[[Request], Token | None]) -> None:
        self._store = store
        self._authenticate = authenticate

    def answer(self, request: Request) -> Response | None:
        """Answer a request of Git's; ``None`` if it is none."""
        found = _SERVICE.match(request.path)
        if found is None:
            return None
        name = found["repository"].removeprefix("scm/").replace("/_git/", "/")
        writing = found["rest"] == "git-receive-pack" or request.query.get("service") == "git-receive-pack"
        with self._store.lock:
            repository = self._store.repository(name)
            renamed = self._store.renamed.get(name.lower())
            if repository is None and renamed is not None:
                query = request.target.partition("?")[2]
                location = f"{renamed.clone_url}/{found['rest']}{'?' if query else ''}{query}"
                return Response(HTTPStatus.MOVED_PERMANENTLY, {"Location": location})
            refusal, token = self._admit(request, repository, writing=writing)
            if refusal is not None or repository is None:
                return refusal
            rules = _rules(repository, token) if writing else []
        response = self._backend(request, repository, found["rest"], rules)
        if found["rest"] == "git-receive-pack":
            with self._store.lock:
                repository.sync()
        return response

    def _admit(
        self, request: Request, repository: Repository | None, *, writing: bool
    ) -> tuple[Response | None, Token | None]:
        credential = credential_of(request)
        # Git sends credentials by Basic only: as its password, or in a header that CI prepares.
        token = self._authenticate(request) if credential.scheme in {"basic", "bearer"} else None
        challenge = _text(
            HTTPStatus.UNAUTHORIZED, "Invalid username or token.\n", {"WWW-Authenticate": 'Basic realm="GitHub"'}
        )
        if token is None and (credential.scheme != "none" or writing or repository is None or repository.private):
            return challenge, None
        missing = _text(HTTPStatus.NOT_FOUND, "Repository not found.\n")
        if repository is None:
            return missing, token
        if token is not None and not token.reads(repository.full_name, private=repository.private):
            return missing, token
        if writing and token is not None:
            if not token.covers(repository.full_name) or not token.allows("contents", "write"):
                text = f"Permission to {repository.full_name}.git denied to {token.account.login}.\n"
                return _text(HTTPStatus.FORBIDDEN, text), token
            if repository.archived:
                text = "This repository was archived so it is read-only.\n"
                return _text(HTTPStatus.FORBIDDEN, text), token
        return None, token

    def _backend(self, request: Request, repository: Repository, rest: str, rules: list[str]) -> Response:
        body = request.body
        if (request.header("Content-Encoding") or "").lower() in {"gzip", "x-gzip"}:
            body = gzip.decompress(body)
        with tempfile.TemporaryDirectory(dir=self._store.folder) as scratch:
            reasons, rules_file = Path(scratch, "reasons"), Path(scratch, "rules")
            reasons.touch()
            rules_file.write_text("".join(f"{rule}\n" for rule in rules))
            if rules:
                hook = repository.git.path / "hooks" / "update"
                if not hook.exists():
                    _write_hook(hook)
            environment = {
                "PATH": os.environ.get("PATH", os.defpath),
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_PROJECT_ROOT": str(repository.git.path),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": request.header("Git-Protocol") or "",
                "REQUEST_METHOD": request.method,
                "PATH_INFO": f"/{rest}",
                "QUERY_STRING": request.target.partition("?")[2],
                "CONTENT_TYPE": request.header("Content-Type") or "",
                "CONTENT_LENGTH": str(len(body)),
                "REMOTE_USER": "git",
                "REMOTE_ADDR": "127.0.0.1",
                "FAKE_FORGE_REASONS": str(reasons),
                "FAKE_FORGE_RULES": str(rules_file),
            }
            done = subprocess.run(
                ["git", "http-backend"], input=body, capture_output=True, env=environment, cwd=scratch, check=False
            )
            told = dict(line.split("\t", 1) for line in reasons.read_text().splitlines())
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        if not head:
            return _text(HTTPStatus.INTERNAL_SERVER_ERROR, done.stderr.decode(errors="replace"))
        return Response(status, headers, _reworded(content, told) if told else content)


def _write_hook(hook: Path) -> None:
    # Moved into place whole: two pushes may find it absent at once.
    with tempfile.NamedTemporaryFile("w", dir=hook.parent, delete=False) as file:
        file.write(_HOOK)
    Path(file.name).chmod(0o755)
    Path(file.name).replace(hook)


def _rules(repository: Repository, token: Token | None) -> list[str]:
    """Write the rules that a push has to obey, one a line for the hook."""
    login = token.account.login if token else None
    rules = []
    for protection in repository.protections:
        if login in protection.bypass:
            continue
        pattern = f"refs/heads/{protection.pattern}"
        old_style = repository.kind is Kind.GITHUB and not protection.ruleset
        refusals = {
            "any": (protection.pull_request_required or bool(protection.required_statuses))
            and "Changes must be made through a pull request.",
            "create": not protection.creations and "Cannot create ref due to creations being restricted.",
            "delete": not protection.deletions and "Cannot delete this branch",
            "force": not protection.force_pushes and "Cannot force-push to this branch",
        }
        match repository.kind:
            case Kind.GITHUB if old_style:
                reason, title = "protected branch hook declined", "error: GH006: Protected branch update failed for "
            case Kind.GITHUB:
                reason, title = (
                    "push declined due to repository rule violations",
                    ("error: GH013: Repository rule violations found for "),
                )
            case _:
                reason, title = "pre-receive hook declined", "GitLab: You are not allowed to push code to "
        rules += [
            f"{pattern}\t{refused}\t{reason}\t{title}{pattern}.\\n{'error' if old_style else '-'}: {text}"
            for refused, text in refusals.items()
            if text
        ]
    if repository.kind is Kind.GITHUB and token is not None and not token.allows("workflows", "write"):
        if token.kind is TokenKind.PAT:
            who, need = "a Personal Access Token", "`workflow` scope"
        else:
            who, need = "a GitHub App", "`workflows` permission"
        reason = f"refusing to allow {who} to create or update workflow `%s` without {need}"
        rules.append(f"refs/heads/*\tworkflows\t{reason}\t")
    return rules


def _reworded(content: bytes, reasons: dict[str, str]) -> bytes:
    """Give the report of a push the forge's reasons in place of "hook declined"."""
    report = b"".join(packet[1:] for packet in _packets(content) if packet and packet[0] == 1)
    others = [packet for packet in _packets(content) if packet and packet[0] != 1]
    if not report:
        return content
    lines = []
    for line in _packets(report):
        word, _, rest = line.partition(b" ")
        ref = rest.partition(b" ")[0].decode()
        lines.append(f"ng {ref} {reasons[ref]}\n".encode() if word == b"ng" and ref in reasons else line)
    new = b"".join(_packet(line) for line in lines) + b"0000"
    told = [b"\x01" + new[start : start + _CHUNK] for start in range(0, len(new), _CHUNK)]
    return b"".join(_packet(packet) for packet in others + told) + b"0000"


def _packets(data: bytes) -> Iterator[bytes]:
    """Split pkt-lines (gitprotocol-common); flush packets are left out."""
    at = 0
    while at + 4 <= len(data):
        size = int(data[at : at + 4], 16)
        if size >= 4:
            yield data[at + 4 : at + size]
        at += max(size, 4)


def _packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(status, {"Content-Type": "text/plain", **(headers or {})}, text.encode())
