"""``fartrack-bench speed``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cli.common import ExitCode, reported, stderr_console
from ...errors import ConfigError
from . import options as o
from .finish import hand_over, stop, stop_if_interrupted

if TYPE_CHECKING:
    from ..speed.config import SpeedCase
    from ..speed.report import SpeedReport
    from ..trackers import TrackerSpec


@dataclass(frozen=True)
class LengthOptions:
    """How long is measured."""

    rounds: Annotated[int, o.option(o.MEASURED, min=1, text="Turns of a configuration.")] = 5
    frames: Annotated[int, o.option(o.MEASURED, min=1, text="Measured frames of a turn.")] = 40
    warmup: Annotated[int, o.option(o.MEASURED, min=1, text="Frames before measuring.")] = 10


@dataclass(frozen=True)
class GateOptions:
    """When the command fails."""

    parity: Annotated[
        Path | None,
        o.option(
            o.MEASURED,
            text="Exit with 4 when the boxes on the clip are not those of this reference.npz, "
            "which an export for Ascend holds.",
        ),
    ] = None
    fail_under_fps: Annotated[
        float | None,
        o.option(o.MEASURED, min=0.0, text="Exit with 5 when a configuration sustains less."),
    ] = None
    fail_over_p99: Annotated[
        float | None,
        o.option(
            o.MEASURED,
            min=0.0,
            text="Exit with 5 when a configuration's p99 is more milliseconds.",
        ),
    ] = None


@dataclass(frozen=True)
class SweepOptions:
    """What is combined; of several, what this machine cannot run is named (exit 3)."""

    runtime: Annotated[
        str | None, o.option(o.TRACKERS, text="One or several, for example pytorch,openvino.")
    ] = None
    precision: Annotated[
        str | None,
        o.option(o.TRACKERS, text="What must be active: fp32, bf16, fp16; one or several."),
    ] = None
    threads: Annotated[
        str | None,
        o.option(
            o.TRACKERS, text="One or several, for example 1,2,4. Default: min(usable CPUs, 4)."
        ),
    ] = None
    targets: Annotated[
        str, o.option(o.TRACKERS, text="Targets a frame, one or several, for example 1,4,8.")
    ] = "1"

    def cases(self, trackers: list[TrackerSpec]) -> list[SpeedCase]:
        """Every combination.

        Raises:
            ConfigError: a word that has no meaning.
        """
        from ..speed.config import sweep

        return sweep(
            trackers,
            threads=_numbers(self.threads, "--threads") or [None],
            targets=_numbers(self.targets, "--targets") or [1],
            runtimes=_words(self.runtime) or [None],
            precisions=_words(self.precision) or [None],
        )


def speed(
    *,
    frames_of: o.SourceOptions,
    length: LengthOptions,
    roofline: Annotated[bool, o.option(o.MEASURED, text="Measure the matrix product peak.")] = True,
    alternatives: Annotated[
        bool,
        o.option(
            o.MEASURED,
            text="Measure a family's other ways to the same boxes as well: MixFormerV2 without "
            "its template cache.",
        ),
    ] = True,
    gates: GateOptions,
    trackers: o.TrackerOptions,
    swept: SweepOptions,
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """What a user gets: real frames, all stages, every combination of the options in turn."""
    with reported(verbose):
        from ...reference import ReferenceBoxes
        from ..reporting.progress import bar
        from ..speed.config import SpeedOptions
        from ..speed.measure import measure_speed

        reference = ReferenceBoxes.load(gates.parity) if gates.parity else None
        outputs, cases = files.outputs(), swept.cases(trackers.specs())
        options = SpeedOptions(source=frames_of.source, box=frames_of.first_box(), **vars(length))
        with bar(stderr_console(), "speed") as progress:
            report = measure_speed(
                cases,
                options,
                roofline=roofline,
                alternatives=alternatives,
                parity=reference,
                progress=progress,
            )
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted)
        if other := [row.name for row in report.parity if not row.passed]:
            stop(ExitCode.GATE, f"Boxes differ from the reference, see above: {'; '.join(other)}.")
        if failed := _failures(report, gates.fail_under_fps, gates.fail_over_p99):
            stop(ExitCode.PERFORMANCE, "\n".join(failed))
        if report.impossible:
            names = "; ".join(report.impossible)
            stop(ExitCode.UNAVAILABLE, f"Not possible here, see above: {names}.")


def _failures(report: SpeedReport, fps: float | None, p99: float | None) -> list[str]:
    slow = [
        f"{r.name}: {r.sustained_fps:.1f} FPS sustained, expected at least {fps:g}"
        for r in report.rows
        if fps is not None and r.sustained_fps < fps
    ]
    late = [
        f"{r.name}: p99 {r.total.p99:.1f} ms, expected at most {p99:g}"
        for r in report.rows
        if p99 is not None and r.total.p99 > p99
    ]
    return slow + late


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _numbers(text: str | None, option: str) -> list[int]:
    words = _words(text)
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ConfigError(f"expected whole numbers above 0 with {option}; got {text!r}.")
    return [int(word) for word in words]
