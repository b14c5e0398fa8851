"""``fartrack-bench compare``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cli.common import reported, stderr_console
from . import options as o
from .finish import hand_over, stop_if_interrupted, stop_if_unscored

if TYPE_CHECKING:
    from ..compare.peers import OpenCVPeer


@dataclass(frozen=True)
class PeerOptions:
    """Who is beside ours."""

    peer: Annotated[
        list[str] | None,
        o.option(
            o.TRACKERS,
            text="csrt, kcf, mil, nano:backbone=FILE,neckhead=FILE, vit:net=FILE, "
            "dasiamrpn:model=FILE,kernel_cls1=FILE,kernel_r1=FILE or none. Repeatable. "
            "Default: csrt, kcf and mil.",
        ),
    ] = None
    opencv_python: Annotated[
        str | None,
        o.option(
            o.TRACKERS,
            envvar="FARTRACK_CONTRIB_PYTHON",
            text="A Python with opencv-contrib-python, which cannot be installed beside "
            "opencv-python. Default: this one.",
        ),
    ] = None

    def peers(self, threads: int | None) -> list[OpenCVPeer]:
        """Those asked for.

        Raises:
            ConfigError: an unknown peer, or files that do not belong to it.
            InputError: a model file is not there.
        """
        from ..compare.peers import CLASSIC, parse_peer

        asked = [] if self.peer == ["none"] else self.peer or list(CLASSIC)
        return [parse_peer(text, self.opencv_python, threads) for text in asked]


def compare(
    *,
    dataset: o.Folder,
    peers: PeerOptions,
    trackers: o.TrackerOptions,
    runtime: o.Runtime = None,
    threads: o.Threads = None,
    data: o.DatasetOptions,
    fresh: o.Fresh = False,
    out: Annotated[
        Path,
        o.option(
            o.FILES,
            text="Folder for finished runs. A comparison that was interrupted goes on from here.",
        ),
    ] = Path("bench-compare"),
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """Accuracy and latency beside OpenCV's trackers: one process each, frames in turn."""
    with reported(verbose):
        from ..compare.run import compare_trackers
        from ..reporting.progress import bar

        outputs = files.outputs()
        ours, others = trackers.specs(runtime, threads), peers.peers(threads)
        with bar(stderr_console(), "compare") as progress:
            report = compare_trackers(
                dataset,
                [*ours, *others],
                layout=data.layout,
                convention=data.convention,
                only=data.sequence,
                threads=threads,
                out=out,
                fresh=fresh,
                progress=progress,
            )
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted, "The same command goes on from here.")
        stop_if_unscored(report)
