"""The tools that the benchmark runs, one module each; ``PEERS`` lists them, and a new one is added there."""

from .bare_heads import BareHeads
from .itself import Diff, Reconcile, SecondRun
from .kustomize import Kustomize
from .peer import Peer, Stage
from .renovate import Renovate
from .ripgrep import Ripgrep
from .skopeo import SkopeoAndSed

PEERS: tuple[Peer, ...] = (
    BareHeads(),
    Diff("gitops-streams diff, no cache", cold=True),
    Diff("gitops-streams diff, with its cache", cold=False),
    Reconcile(),
    SecondRun(),
    Renovate("Renovate, no cache", cold=True),
    Renovate("Renovate, with its package cache", cold=False, stages=frozenset({Stage.UNPINNED})),
    SkopeoAndSed(),
    Kustomize(),
    Ripgrep(),
)
"""In the order of the tables."""
