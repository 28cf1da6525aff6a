"""The OCI distribution API over a store: a request in, a response out, no sockets.

Source: OCI distribution-spec 1.1, pull, push, content discovery and content management. Where the
specification leaves a choice, this does as distribution 2.8 does: a manifest whose media type the
``Accept`` header leaves out is not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, urlencode

from gitops_streams.demo.access import Access, Need
from gitops_streams.demo.exchange import Request, Response
from gitops_streams.demo.store import Manifest, Store, tag_order
from gitops_streams.errors import InvalidDigest
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.media_types import OCI_INDEX, SUPPORTED_TYPES
from gitops_streams.oci.reference import NAME, TAG

_ROUTE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|referrers|tags)/(?P<rest>uploads/[^/]*|[^/]*)")
_RANGE = re.compile(r"(\d+)-(\d+)")


class _Refused(Exception):
    """Carries a response out of a handler: an answer on its way, no error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response

    @classmethod
    def because(cls, status: int, code: str, message: str) -> Self:
        return cls(Response.error(status, code, message))


class Distribution:
    """The API. ``answer`` may be called from any thread."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def answer(self, request: Request) -> Response:
        """Answer one request; what is not part of the API gets 404 or 405."""
        own = self._access.endpoint(request)
        if own is not None:
            return own
        if request.path in {"/v2", "/v2/"}:
            refusal = self._access.refuse(request, Need(None, "pull"))
            return refusal or Response.json({})
        route = _ROUTE.fullmatch(request.path)
        if route is None:
            return Response.error(HTTPStatus.NOT_FOUND, "UNSUPPORTED", "not part of the API")
        repository, kind, rest = route["name"], route["kind"], route["rest"]
        match_name = NAME.fullmatch(f"localhost/{repository}")
        if match_name is None or match_name["domain"] is None:
            return Response.error(HTTPStatus.BAD_REQUEST, "NAME_INVALID", f"invalid repository name {repository!r}")
        action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "push")
        if rest.startswith("uploads/"):
            kind, rest, action = "uploads", rest.removeprefix("uploads/"), "push"
        refusal = self._access.refuse(request, Need(repository, action))
        if refusal is not None:
            return refusal
        handler = self._handlers().get((kind, "GET" if request.method == "HEAD" else request.method))
        if handler is None:
            return Response.error(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", "the method is not supported here")
        try:
            return handler(request, repository, rest)
        except _Refused as refused:
            return refused.response

    def _handlers(self) -> dict[tuple[str, str], Callable[[Request, str, str], Response]]:
        return {
            ("manifests", "GET"): self._get_manifest,
            ("manifests", "PUT"): self._put_manifest,
            ("manifests", "DELETE"): self._delete_manifest,
            ("blobs", "GET"): self._get_blob,
            ("blobs", "DELETE"): self._delete_blob,
            ("uploads", "POST"): self._begin_upload,
            ("uploads", "GET"): self._get_upload,
            ("uploads", "PATCH"): self._extend_upload,
            ("uploads", "PUT"): self._end_upload,
            ("uploads", "DELETE"): self._cancel_upload,
            ("tags", "GET"): self._list_tags,
            ("referrers", "GET"): self._list_referrers,
        }

    # Manifests

    def _get_manifest(self, request: Request, repository: str, text: str) -> Response:
        manifest = self._store.manifest(repository, _reference(text))
        if manifest is None:
            raise _Refused.because(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", f"manifest unknown: {text}")
        if not _accepts(request, manifest.media_type):
            message = f"the manifest is of type {manifest.media_type}, which the Accept header leaves out"
            raise _Refused.because(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", message)
        headers = {
            "Content-Type": manifest.media_type,
            "Docker-Content-Digest": str(manifest.digest),
            "ETag": f'"{manifest.digest}"',
        }
        return Response(HTTPStatus.OK, headers, manifest.content)

    def _put_manifest(self, request: Request, repository: str, text: str) -> Response:
        reference = _reference(text)
        media_type = (request.header("Content-Type") or "").partition(";")[0].strip()
        algorithm = reference.algorithm if isinstance(reference, Digest) else "sha256"
        manifest = Manifest(Digest.of(request.body, algorithm), media_type, request.body)
        if isinstance(reference, Digest) and reference != manifest.digest:
            raise _Refused.because(
                HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"the content's digest is {manifest.digest}"
            )
        document = manifest.document
        if media_type not in SUPPORTED_TYPES or document.get("mediaType", media_type) != media_type:
            raise _Refused.because(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", f"not a manifest of type {media_type!r}")
        for digest in _described(document, "config", "layers"):
            if self._store.blob(repository, digest) is None:
                raise _Refused.because(HTTPStatus.NOT_FOUND, "MANIFEST_BLOB_UNKNOWN", f"blob unknown: {digest}")
        for digest in _described(document, "manifests"):
            if self._store.manifest(repository, digest) is None:
                raise _Refused.because(HTTPStatus.NOT_FOUND, "MANIFEST_BLOB_UNKNOWN", f"manifest unknown: {digest}")
        self._store.put_manifest(repository, manifest, reference if isinstance(reference, str) else None)
        headers = {
            "Location": f"/v2/{repository}/manifests/{manifest.digest}",
            "Docker-Content-Digest": str(manifest.digest),
        }
        for subject in _described(document, "subject"):
            headers["OCI-Subject"] = str(subject)
        return Response(HTTPStatus.CREATED, headers)

    def _delete_manifest(self, _request: Request, repository: str, text: str) -> Response:
        if not self._store.remove_manifest(repository, _reference(text)):
            raise _Refused.because(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", f"manifest unknown: {text}")
        return Response(HTTPStatus.ACCEPTED)

    # Blobs

    def _get_blob(self, _request: Request, repository: str, text: str) -> Response:
        digest = _digest(text)
        content = self._store.blob(repository, digest)
        if content is None:
            raise _Refused.because(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", f"blob unknown: {digest}")
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": str(digest)}
        return Response(HTTPStatus.OK, headers, content)

    def _delete_blob(self, _request: Request, repository: str, text: str) -> Response:
        if not self._store.remove_blob(repository, _digest(text)):
            raise _Refused.because(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", f"blob unknown: {text}")
        return Response(HTTPStatus.ACCEPTED)

    # Uploads

    def _begin_upload(self, request: Request, repository: str, _rest: str) -> Response:
        query = request.query
        if "digest" in query:
            return self._store_blob(repository, _digest(query["digest"]), request.body)
        if "mount" in query:
            content = self._store.blob(query.get("from", repository), _digest(query["mount"]))
            # A mount reads from the other repository: who may not read it is told to upload instead.
            readable = self._access.refuse(request, Need(query.get("from", repository), "pull")) is None
            if content is not None and readable:
                return self._store_blob(repository, _digest(query["mount"]), content)
        return self._progress(repository, self._store.begin_upload(repository), 0, HTTPStatus.ACCEPTED)

    def _get_upload(self, _request: Request, repository: str, upload: str) -> Response:
        return self._progress(repository, upload, self._uploaded(repository, upload), HTTPStatus.NO_CONTENT)

    def _extend_upload(self, request: Request, repository: str, upload: str) -> Response:
        self._check_range(request, self._uploaded(repository, upload))
        size = self._store.extend_upload(repository, upload, request.body)
        return self._progress(repository, upload, size, HTTPStatus.ACCEPTED)

    def _end_upload(self, request: Request, repository: str, upload: str) -> Response:
        digest = _digest(request.query.get("digest", ""))
        self._check_range(request, self._uploaded(repository, upload))
        content = self._store.end_upload(repository, upload) or b""
        return self._store_blob(repository, digest, content + request.body)

    def _cancel_upload(self, _request: Request, repository: str, upload: str) -> Response:
        self._uploaded(repository, upload)
        self._store.end_upload(repository, upload)
        return Response(HTTPStatus.NO_CONTENT)

    def _uploaded(self, repository: str, upload: str) -> int:
        size = self._store.uploaded(repository, upload)
        if size is None:
            raise _Refused.because(HTTPStatus.NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "the upload is not known")
        return size

    def _check_range(self, request: Request, received: int) -> None:
        text = request.header("Content-Range")
        if text is None:
            return
        match = _RANGE.fullmatch(text)
        if match is None or int(match[1]) != received or int(match[2]) != received + len(request.body) - 1:
            message = f"the upload continues at byte {received}"
            raise _Refused.because(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message)

    def _progress(self, repository: str, upload: str, size: int, status: HTTPStatus) -> Response:
        headers = {"Location": f"/v2/{repository}/blobs/uploads/{upload}", "Range": f"0-{max(size - 1, 0)}"}
        return Response(status, headers)

    def _store_blob(self, repository: str, digest: Digest, content: bytes) -> Response:
        if Digest.of(content, digest.algorithm) != digest:
            raise _Refused.because(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", "the content has another digest")
        self._store.put_blob(repository, content, digest.algorithm)
        location = f"/v2/{repository}/blobs/{digest}"
        return Response(HTTPStatus.CREATED, {"Location": location, "Docker-Content-Digest": str(digest)})

    # Discovery

    def _list_tags(self, request: Request, repository: str, rest: str) -> Response:
        tags = self._store.tags(repository)
        if rest != "list" or tags is None:
            raise _Refused.because(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", f"repository unknown: {repository}")
        query = request.query
        if "last" in query:
            tags = [tag for tag in tags if tag_order(tag) > tag_order(query["last"])]
        headers = {}
        if "n" in query:
            if not query["n"].isdecimal():
                raise _Refused.because(HTTPStatus.BAD_REQUEST, "PAGINATION_NUMBER_INVALID", "n is a number")
            count = int(query["n"])
            page = tags[:count]
            if page and len(page) < len(tags):
                following = urlencode({"n": count, "last": page[-1]})
                headers["Link"] = f'</v2/{quote(repository)}/tags/list?{following}>; rel="next"'
            tags = page
        return Response.json({"name": repository, "tags": tags}, headers=headers)

    def _list_referrers(self, request: Request, repository: str, text: str) -> Response:
        wanted = request.query.get("artifactType")
        entries = [_referrer(manifest) for manifest in self._store.referrers(repository, _digest(text))]
        headers = {"Content-Type": OCI_INDEX}
        if wanted is not None:
            entries = [entry for entry in entries if entry.get("artifactType") == wanted]
            headers["OCI-Filters-Applied"] = "artifactType"
        return Response.json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, headers=headers)


def _reference(text: str) -> str | Digest:
    if ":" in text:
        return _digest(text)
    if TAG.fullmatch(text) is None:
        raise _Refused.because(HTTPStatus.BAD_REQUEST, "TAG_INVALID", f"invalid tag {text!r}")
    return text


def _digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except InvalidDigest as error:
        raise _Refused.because(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", error.message) from None


def _accepts(request: Request, media_type: str) -> bool:
    accept = request.header("Accept")
    if accept is None:
        return True
    ranges = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return not ranges.isdisjoint({media_type, "application/*", "*/*"})


def _described(document: Mapping[str, object], *fields: str) -> list[Digest]:
    """Return the digests of the descriptors in some fields of a manifest, foreign layers left out."""
    digests = []
    for name in fields:
        value = document.get(name, [])
        for descriptor in value if isinstance(value, list) else [value]:
            text = descriptor.get("digest") if isinstance(descriptor, dict) else None
            if not isinstance(descriptor, dict) or not isinstance(text, str):
                raise _Refused.because(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", f"{name}: not a descriptor")
            if not descriptor.get("urls"):
                digests.append(_digest(text))
    return digests


def _referrer(manifest: Manifest) -> dict[str, object]:
    document = manifest.document
    config = document.get("config")
    config_type = config.get("mediaType") if isinstance(config, dict) else None
    entry = {
        "mediaType": manifest.media_type,
        "digest": str(manifest.digest),
        "size": len(manifest.content),
        "artifactType": document.get("artifactType") or config_type,
    }
    annotations = document.get("annotations")
    return {**entry, "annotations": annotations} if isinstance(annotations, dict) else entry
