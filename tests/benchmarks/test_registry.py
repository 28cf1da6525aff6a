"""Requests are counted by whoever answers them."""

from __future__ import annotations

import http.client
import os
import shutil

import dataset
import pytest
from comparison.registry import registry


@pytest.mark.parametrize("embedded", [True, False])
def test_every_request_is_counted_once(tmp_path, embedded):
    if not embedded and shutil.which("docker-registry") is None:
        assert os.environ.get("GITOPS_STREAMS_REQUIRE_REAL_SERVERS") != "1", "docker-registry is not installed"
        pytest.skip("docker-registry is not installed")
    with registry(tmp_path, embedded=embedded) as running:
        dataset.push(running.host, [("shop-team/api-001", "1.0")])
        before = running.requests()
        assert before > 0
        connection = http.client.HTTPConnection(running.host, timeout=10)
        for tag in ("1.0", "1.0", "9.9"):
            connection.request("HEAD", f"/v2/shop-team/api-001/manifests/{tag}")
            connection.getresponse().read()
        connection.close()
        assert running.requests() - before == 3
        assert running.requests() - before == 3
