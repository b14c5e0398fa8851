"""``python -m fartrack_sdk.exporters.ascend.cli``: a checkpoint to a folder for the board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...cli.common import EXIT_CODES_HELP, VERBOSE_HELP, make_app, reported, say

SUMMARY = """
Export a FARTrack checkpoint for an Ascend 310B board: ATC-ready ONNX, AIPP, the exact `atc`
commands, a parity check, and the compiled `.om` files where `atc` is on the PATH. Without it
everything else is written and the exit code is 3; with `--dry-run` that is what was asked for.
Not run on hardware.
"""

app = make_app(SUMMARY)


@app.command(help=SUMMARY, epilog=EXIT_CODES_HELP)
def export(
    source: Annotated[Path, typer.Argument(help="Checkpoint to read.", show_default=False)],
    *,
    output: Annotated[Path, typer.Option(help="Folder to write.", show_default=False)],
    soc_version: Annotated[
        str | None, typer.Option(help="The chip, for example Ascend310B4; see npu-smi info.")
    ] = None,
    precision: Annotated[str, typer.Option(help="origin, mixed or fp16.")] = "origin",
    aipp: Annotated[bool, typer.Option(help="Let the NPU normalise images.")] = True,
    opset: Annotated[int, typer.Option(help="Of the ONNX graphs, 13 to 16.")] = 14,
    dry_run: Annotated[bool, typer.Option(help="Stop before atc.")] = False,
    atc: Annotated[str, typer.Option(help="The compiler.")] = "atc",
    atc_python_bin: Annotated[
        Path | None, typer.Option(help="Folder of the Python that atc compiles operators with.")
    ] = None,
    variant: Annotated[str | None, typer.Option(help="tiny, nano or pico.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an exported folder.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=VERBOSE_HELP)] = False,
) -> None:
    """Read the arguments, export, say what comes next."""
    with reported(verbose):
        from .export import export_for_board
        from .folder import AscendRequest

        request = AscendRequest(soc_version, precision, aipp, opset, dry_run, atc, atc_python_bin)
        for path in export_for_board(
            source, output, request, variant=variant, overwrite=overwrite, say=say
        ):
            typer.echo(str(path))
        what = f"sh {output / 'atc_commands.sh'}" if dry_run else f"python {output}/board_check.py"
        say(f"On the board: {what}")


if __name__ == "__main__":
    app()
