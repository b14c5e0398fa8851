"""``fartrack-bench compare``."""

from __future__ import annotations

from typing import Annotated

from ...cli.common import reported, stderr_console
from . import options as o
from .accuracy import Folder
from .finish import hand_over, stop_if_interrupted


def compare(
    *,
    dataset: Folder,
    peer: Annotated[
        list[str] | None,
        o.option(
            o.TRACKERS,
            text="csrt, kcf, mil, nano:backbone=FILE,neckhead=FILE, vit:net=FILE, "
            "dasiamrpn:model=FILE,kernel_cls1=FILE,kernel_r1=FILE or none. Repeatable. "
            "Default: csrt, kcf and mil.",
        ),
    ] = None,
    opencv_python: Annotated[
        str | None,
        o.option(
            o.TRACKERS,
            text="A Python with opencv-contrib-python, which cannot be installed beside "
            "opencv-python. Default: this one.",
        ),
    ] = None,
    trackers: o.TrackerOptions,
    runtime: o.Runtime = None,
    threads: o.Threads = None,
    data: o.DatasetOptions,
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """Accuracy and latency beside OpenCV's trackers: one process each, frames in turn."""
    with reported(verbose):
        from ..compare.peers import CLASSIC, Contender, parse_peer
        from ..compare.run import compare_trackers
        from ..reporting.progress import bar

        outputs = files.outputs()
        contenders: list[Contender] = [*trackers.specs(runtime, threads)]
        asked = [] if peer == ["none"] else peer or list(CLASSIC)
        contenders += [parse_peer(text, opencv_python, threads) for text in asked]
        with bar(stderr_console(), "compare") as progress:
            report = compare_trackers(
                dataset,
                contenders,
                layout=data.layout,
                convention=data.convention,
                only=data.sequence,
                threads=threads,
                progress=progress,
            )
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted)
