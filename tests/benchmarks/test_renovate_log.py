"""Renovate's log is read as it is written: a sample of our own, in its shape."""

from __future__ import annotations

import json

from comparison.judging import Proposal, Verdict, judge_proposals
from comparison.peers.renovate import configuration, proposals
from dataset import Expected

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
API, WEB = "example.com/shop/api", "example.com/shop/web"


def _dependency(name: str, value: str, *updates: dict[str, str], **more: str) -> dict[str, object]:
    return {"depName": name, "packageName": name, "currentValue": value, "updates": list(updates), **more}


def _log() -> list[str]:
    pin = {"updateType": "pinDigest", "newValue": "1.0", "newDigest": ONE}
    refresh = {"updateType": "digest", "newValue": "2.0", "newDigest": TWO}
    newer = {"updateType": "major", "newValue": "3.0", "newDigest": TWO}
    packages = {
        "kubernetes": [
            {"packageFile": "deploy.yaml", "deps": [_dependency(API, "1.0", newer, pin), _dependency(WEB, "2.0")]},
            {"packageFile": "config.yaml", "deps": [_dependency(API, "1.0", pin)]},
        ],
        "kustomize": [
            {"packageFile": "kustomization.yaml", "deps": [_dependency(WEB, "2.0", refresh)]},
            {"packageFile": "other.yaml", "deps": [{"depName": "base", "skipReason": "not-a-version"}]},
        ],
    }
    entries = [
        {"msg": "Repository started", "level": 30},
        {"msg": "packageFiles with updates", "level": 20, "config": packages},
        {"msg": "HTTP statistics", "level": 20, "hosts": {}},
    ]
    return [json.dumps(entry) for entry in entries]


def test_digests_are_proposals_and_other_versions_are_none():
    assert list(proposals(_log())) == [
        Proposal("deploy.yaml", f"{API}:1.0", ONE),
        Proposal("config.yaml", f"{API}:1.0", ONE),
        Proposal("kustomization.yaml", f"{WEB}:2.0", TWO),
    ]


def test_they_are_judged_by_file_image_and_digest():
    expected = [
        Expected("deploy.yaml", 1, ONE, f"{API}:1.0"),
        Expected("deploy.yaml", 2, TWO, f"{WEB}:2.0"),
        Expected("kustomization.yaml", 3, TWO, f"{WEB}:2.0"),
    ]
    assert judge_proposals(proposals(_log()), expected) == Verdict(2, 1, 1)


def test_a_log_without_updates_proposes_nothing():
    assert list(proposals(_log()[:1])) == []


def test_pins_are_switched_on_for_every_manager_and_other_versions_off():
    rules = configuration("127.0.0.1:5000")["packageRules"]
    assert {"matchDatasources": ["docker"], "pinDigests": True} in rules
    assert {"matchUpdateTypes": ["major", "minor", "patch"], "enabled": False} in rules
