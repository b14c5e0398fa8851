"""``fartrack-train``: pack a bank, train, save, evaluate."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from ..atomic import PendingFile
from ..cli.common import (
    EXIT_CODES_HELP,
    VERBOSE_HELP,
    ExitCode,
    emit_json,
    make_app,
    reported,
    say,
    stderr_console,
)

SUMMARY = """
Train FARTrack models: `pack` images into a bank, `run` the stages of a run file (go on
where it was stopped), `save` a checkpoint for the tracker, `evaluate` it on sequences.
"""

EXIT_CODES = f"{EXIT_CODES_HELP} `smoke`: 4 when nothing was learnt."

app = make_app(SUMMARY)
RunFile = Annotated[
    Path, typer.Argument(help="Run file (.toml, .json, .yaml).", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override, e.g. stages.0.rate=1e-4. May be repeated."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help=VERBOSE_HELP)]
Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@app.callback(help=SUMMARY, epilog=EXIT_CODES)
def _main() -> None: ...


@app.command()
def pack(run_file: RunFile, overrides: Overrides = None, verbose: Verbose = False) -> None:
    """Decode the sources of a run file and write its bank."""
    with reported(verbose):
        from ..benchmarks.reporting.progress import bar
        from .bank import Bank, pack_bank
        from .run_file import read_run

        config = read_run(run_file, overrides or ())
        with bar(stderr_console(), "pack") as progress:
            pack_bank(config.sources, config.bank, progress=progress)
        bank = Bank.open(config.bank)
        say(
            f"Bank at {config.bank}: {len(bank.photos)} photos, {len(bank.targets)} real targets, "
            f"{bank.cut} drawn and {len(bank.objects) - bank.cut} cut-out objects. "
            f"Train with: fartrack-train run {run_file}"
        )


@app.command()
def run(
    run_file: RunFile,
    overrides: Overrides = None,
    max_steps: Annotated[int | None, typer.Option(help="Stop after this many steps.")] = None,
    verbose: Verbose = False,
) -> None:
    """Train, from the start or from where the run was stopped (Ctrl-C saves and stops: 130)."""
    with reported(verbose):
        from .reporting import ScreenReport, TensorBoardReport
        from .run_file import read_run
        from .trainer import Trainer
        from .validation import BEST_FILE

        config = read_run(run_file, overrides or ())
        trainer = Trainer(config)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: trainer.stop())
        begun = trainer.progress.samples
        board = TensorBoardReport(config.out / "tensorboard")
        with ScreenReport(config) as screen:
            trainer.listen(screen, board)
            if trainer.validation is not None:
                trainer.validation.listen(screen.validated, board.validated)
            progress = trainer.run(max_steps)
        board.close()
        say(f"{progress.samples} samples in {progress.seconds:.0f} s.")
        if progress.samples == begun and not trainer.stopped:
            say("All stages were done before: add one, or begin another run with `init`.")
        if trainer.validation is not None and (best := trainer.validation.best):
            say(f"Best AO {best.ao:.3f}, after {best.samples} samples: {config.out / BEST_FILE}")
        if trainer.stopped:
            say("Stopped. The same command goes on from here.")
            raise typer.Exit(ExitCode.INTERRUPTED)
        say(f"Save with: fartrack-train save {config.out} {config.variant}.safetensors")


@app.command()
def save(
    out: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="Checkpoint to write.", show_default=False)],
    variant: Annotated[
        str | None,
        typer.Option(help="tiny, nano or pico: the first 15, 10 or 6 layers. By default all."),
    ] = None,
    license_name: Annotated[
        str, typer.Option("--license", help="Licence of the weights, to be recorded.")
    ] = "not stated",
    verbose: Verbose = False,
) -> None:
    """Write the averaged weights as a checkpoint that the tracker loads."""
    with reported(verbose):
        from .checkpoint import STATE_FILE, averaged_tensors
        from .export import deepest_variant, save_released

        tensors, samples = averaged_tensors(out / STATE_FILE)
        source = f"fartrack_sdk.training, {samples} samples"
        chosen = variant or deepest_variant(tensors)
        save_released(tensors, target, chosen, license_name=license_name, source=source)
        say(f"{target}: {samples} samples. Try it: fartrack-track demo --model {target}")


@app.command()
def average(
    checkpoints: Annotated[
        list[Path], typer.Argument(help="Checkpoints of one run.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Checkpoint to write.", show_default=False)
    ],
    verbose: Verbose = False,
) -> None:
    """The mean of several states of one run: often better than each of them."""
    with reported(verbose):
        from ..checkpoint.source import write_checkpoint
        from .averaging import averaged_checkpoint

        write_checkpoint(output, averaged_checkpoint(checkpoints), "float16")
        say(f"{output}: mean of {len(checkpoints)} checkpoints, without thresholds.")


@app.command()
def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint.", show_default=False)],
    dataset: Annotated[Path, typer.Argument(help="Folder of sequences.", show_default=False)],
    json_output: Json = False,
    verbose: Verbose = False,
) -> None:
    """Average overlap and success AUC on sequences (one pass, frame 0 left out)."""
    with reported(verbose):
        from .evaluate import evaluate_checkpoint

        total, each, problems = evaluate_checkpoint(checkpoint, dataset)
        for problem in problems:
            say(str(problem))
        if json_output:
            emit_json({"total": total.model_dump(), "sequences": [s.model_dump() for s in each]})
            return
        for scores in each:
            typer.echo(f"{scores.name}: AO {scores.ao:.3f} AUC {scores.auc:.3f}")
        typer.echo(f"mean: AO {total.ao:.3f} SR50 {total.sr50:.3f} AUC {total.auc:.3f}")


@app.command()
def calibrate(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint.", show_default=False)],
    dataset: Annotated[Path, typer.Argument(help="Folder of sequences.", show_default=False)],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Checkpoint to write, with the thresholds in it."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Picture of the ROC curve (.png, .svg).")
    ] = None,
    json_output: Json = False,
    verbose: Verbose = False,
) -> None:
    """State thresholds: scores of good frames against failed ones and frames without target."""
    with reported(verbose):
        from ..benchmarks.reporting.outputs import Outputs
        from .calibrate import calibrate as calibrated
        from .calibrate import save_roc, write_calibrated

        Outputs(plot=plot).check()
        if output is not None:
            PendingFile(output, overwrite=True)
        result = calibrated(checkpoint, dataset)
        if plot is not None:
            save_roc(result, plot)
        if output is not None:
            write_calibrated(checkpoint, output, result.report)
        if json_output:
            emit_json(result.report.as_dict())
        else:
            typer.echo(result.report.sentence())


@app.command()
def curve(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of runs, or CSV files.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Picture to write (.png, .svg).")
    ] = Path("curve.png"),
    verbose: Verbose = False,
) -> None:
    """Draw AO against training samples, of runs that validate."""
    with reported(verbose):
        from ..benchmarks.reporting.outputs import Outputs
        from .curve import read_curve, save_curves

        Outputs(plot=output).check()
        save_curves({str(run): read_curve(run) for run in runs}, output)
        say(f"{output}: {len(runs)} runs.")


@app.command()
def smoke(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("train-smoke"),
    samples: Annotated[int, typer.Option(help="Samples to train on.")] = 12_000,
    json_output: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train for minutes on generated images; fails unless the boxes become better."""
    with reported(verbose):
        from ..errors import ParityError
        from .reporting import ScreenReport
        from .smoke import run_smoke, smoke_config

        config = smoke_config(out, samples)
        with ScreenReport(config) as screen:
            result = run_smoke(config, (screen,))
        if json_output:
            emit_json({"before": result.before, "after": result.after, "samples": result.samples})
        else:
            typer.echo(f"IoU on held-out pairs: {result.before:.3f} -> {result.after:.3f}")
        if result.after <= result.before:
            raise ParityError(
                f"expected the IoU to rise above {result.before:.3f}; it is {result.after:.3f}."
            )


def main() -> None:
    """Entry point."""
    app()
