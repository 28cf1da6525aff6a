"""``importMode: Legacy`` through the whole command line."""

from __future__ import annotations

from typing import Any

from gitops_streams.demo.images import AMD64, ARM64, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.manifest import read_index

LEGACY = """\
      importPolicy: {{importMode: Legacy}}
      annotations: {{importer.image.openshift.io/prefer-arch: {arch}}}
"""


def test_one_platforms_manifest_is_pinned_and_a_second_run_changes_nothing(registry: Registry, workspace: Any):
    path, _ = workspace.follow(registry, "web")
    image = Image.build("web", "1", platforms=(AMD64, ARM64))
    registry.push("acme/web", "1.0", image)
    index = read_index(image.content)
    assert isinstance(index, tuple)
    by_arch = {entry.platform.architecture: entry.digest for entry in index if entry.platform is not None}
    declared = workspace.read("streams/web.yaml").decode()
    for arch, wanted in (("arm64", "arm64"), ("s390x", "amd64")):
        workspace.write("streams/web.yaml", declared + LEGACY.format(arch=arch))
        assert workspace.run("reconcile").code == 0
        assert f"@{by_arch[wanted]}" in workspace.read(path).decode()
        before = workspace.files()
        assert workspace.run("reconcile").code == 0
        assert workspace.files() == before
