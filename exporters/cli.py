"""``fartrack-export``: a checkpoint to an artifact that other runtimes open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..cli.common import PRESET_HELP, VERBOSE_HELP, make_app, reported
from ..cli.interrupts import Interrupts

EPILOG = """
**Examples**

    fartrack-export pico.safetensors --target onnx -o pico-onnx

    fartrack-export FARTrackSparse_ep0015.pth.tar --variant pico --target openvino -o pico-ov

    fartrack-export pico.safetensors --target onnx --batch 4 -o pico-onnx-4

    fartrack-export pico.safetensors --target ascend --soc-version Ascend310B4 -o pico-310b4

    fartrack-export --info pico-onnx

Exit codes: 0 ok, 1 unexpected, 2 usage or bad input, 3 missing package, device or atc,
4 the exported model does not agree with its checkpoint, 130 interrupted.
"""


def ascend(text: str, **extra: Any) -> Any:
    """An option that only ``--target ascend`` takes."""
    return typer.Option(help=text, rich_help_panel="Ascend (not run on hardware)", **extra)


SocVersion = Annotated[str | None, ascend("The chip, for example Ascend310B1; see npu-smi info.")]
Normalise = Annotated[
    str | None, ascend("Who normalises images: graph, aipp or host.", show_default="graph")
]
DryRun = Annotated[bool, ascend("Stop before atc.")]
Atc = Annotated[str | None, ascend("CANN's compiler: name or path.", show_default="atc")]
AtcPython = Annotated[Path | None, ascend("Folder of the Python that atc compiles operators with.")]

app = make_app("Export a checkpoint to ONNX, OpenVINO or Ascend, and compare it with PyTorch.")


@app.command(epilog=EPILOG)
def export(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="A .pth.tar or .safetensors file.", show_default=False)
    ] = None,
    *,
    target: Annotated[
        str, typer.Option("--target", "-t", help="onnx, openvino or ascend.")
    ] = "onnx",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Directory to make.", show_default=False)
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="tiny, nano or pico; by default what the file says.")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Of the stored weights: fp32 or fp16. Default: onnx fp32, openvino fp16. "
            "Ascend: origin, mixed or fp16."
        ),
    ] = None,
    opset: Annotated[
        int | None, typer.Option(help="Of ONNX graphs.", show_default="20; Ascend 14")
    ] = None,
    templates: Annotated[int | None, typer.Option(help="Template slots, 1 to 9.")] = None,
    retention: Annotated[float | None, typer.Option(help="Share of template tokens kept.")] = None,
    preset: Annotated[
        str | None, typer.Option(help=PRESET_HELP + " The export may be opened with another.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Targets in one pass.", min=1)] = 1,
    verify: Annotated[bool, typer.Option(help="Compare with PyTorch.")] = True,
    verify_video: Annotated[
        Path | None, typer.Option(help="Clip to compare on; default: the bundled one.")
    ] = None,
    box: Annotated[
        str | None, typer.Option(help="Target in its first frame: x,y,w,h in pixels.")
    ] = None,
    soc_version: SocVersion = None,
    normalise: Normalise = None,
    dry_run: DryRun = False,
    atc: Atc = None,
    atc_python_bin: AtcPython = None,
    info: Annotated[
        Path | None, typer.Option("--info", help="Describe an artifact and stop.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an artifact that is there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=VERBOSE_HELP)] = False,
) -> None:
    """Export a checkpoint, compare the result with PyTorch, and describe it."""
    with reported(verbose), Interrupts():
        from . import command

        if info is not None:
            command.describe(info, json_output)
            return
        request = command.Request(
            checkpoint, output, target, variant, precision, opset, templates, retention, preset,
            batch, verify, verify_video, box, overwrite, json_output,
            soc_version, normalise, dry_run, atc, atc_python_bin,
        )  # fmt: skip
        command.run(request)


def main() -> None:
    """Entry point."""
    app()
