"""``fartrack-bench env``."""

from __future__ import annotations

from ...cli.common import reported
from . import options as o
from .finish import hand_over


def env(*, files: o.TableFiles, verbose: o.Verbose = False) -> None:
    """Machine, usable cores, libraries and providers: what a bug report needs."""
    with reported(verbose):
        from ..env.collect import environment

        hand_over(environment(), files.outputs())
