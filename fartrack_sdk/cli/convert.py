"""``fartrack-convert``: a training checkpoint to a compact, safe file."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .common import EXIT_CODES_HELP, VERBOSE_HELP, emit_json, make_app, reported, say

SUMMARY = """
Convert a checkpoint (`.pth.tar` or `.safetensors`) into a compact `.safetensors`: only the
tensors that inference reads, cut to a variant's depth, with the model's configuration,
the source's sha256 and its licence in the metadata. Nothing in the source is executed.

    fartrack-convert FARTrackSparse_ep0015.pth.tar pico.safetensors --variant pico

    fartrack-convert in.pth.tar tiny16.safetensors --precision float16
"""

app = make_app(SUMMARY)


class Precision(str, Enum):
    """How tensors are stored; computation is float32 either way."""

    float32 = "float32"
    float16 = "float16"


@app.command(help=SUMMARY, epilog=EXIT_CODES_HELP)
def convert(
    source: Annotated[Path, typer.Argument(help="Checkpoint to read.", show_default=False)],
    target: Annotated[
        Path, typer.Argument(help="File to write, ending in .safetensors.", show_default=False)
    ],
    *,
    variant: Annotated[
        str | None,
        typer.Option(help="tiny, nano or pico; by default all layers of the source."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Of the stored tensors; float16 halves the file.")
    ] = Precision.float32,
    license_name: Annotated[
        str | None, typer.Option("--license", help="Licence of the weights, to be recorded.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an existing file.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=VERBOSE_HELP)] = False,
) -> None:
    """Read the arguments, convert, report."""
    with reported(verbose):
        from ..checkpoint.conversion import convert_checkpoint

        report = convert_checkpoint(
            source, target, variant, precision.value, license_name, overwrite=overwrite
        )
        if json_output:
            emit_json(report)
            return
        for name, value in report.items():
            typer.echo(f"{name}: {value}")
        say(f"Try it: fartrack-track demo --model {target}")


def main() -> None:
    """Entry point."""
    app()
