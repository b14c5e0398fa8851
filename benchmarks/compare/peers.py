"""What is put side by side: trackers of this package and OpenCV's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError, InputError, MissingDependencyError
from ..trackers import TrackerSpec
from ..workers import opencv_peer
from ..workers.child import Child, ChildError, module_command

CLASSIC = ("csrt", "kcf", "mil")
NETWORKS = {
    "nano": ("backbone", "neckhead"),
    "vit": ("net",),
    "dasiamrpn": ("model", "kernel_cls1", "kernel_r1"),
}
NAMES = {
    "csrt": "OpenCV CSRT",
    "kcf": "OpenCV KCF",
    "mil": "OpenCV MIL",
    "nano": "OpenCV Nano",
    "vit": "OpenCV Vit",
    "dasiamrpn": "OpenCV DaSiamRPN",
}


class OpenCVPeer(BaseModel):
    """One of OpenCV's trackers.

    Attributes:
        kind: ``csrt``, ``kcf``, ``mil``, ``nano``, ``vit`` or ``dasiamrpn``.
        files: model files of the networks, by parameter.
        python: interpreter whose OpenCV has it; None for this one.
        threads: OpenCV's threads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    files: dict[str, str] = {}
    python: str | None = None
    threads: int | None = None

    @property
    def name(self) -> str:
        """For tables."""
        return NAMES[self.kind]


Contender = TrackerSpec | OpenCVPeer


def parse_peer(text: str, python: str | None, threads: int | None) -> OpenCVPeer:
    """A peer from ``csrt`` or ``nano:backbone=FILE,neckhead=FILE``.

    Raises:
        ConfigError: an unknown tracker, or files that do not belong to it.
        InputError: a model file is not there.
    """
    kind, _, rest = text.partition(":")
    if kind not in NAMES:
        raise ConfigError(f"expected a peer out of {', '.join(NAMES)}; got {kind!r}.")
    pairs = [item.partition("=") for item in rest.split(",") if item]
    files = {key: value for key, _, value in pairs}
    needed = NETWORKS.get(kind, ())
    if set(files) != set(needed):
        form = f"{kind}:" + ",".join(f"{n}=FILE" for n in needed) if needed else kind
        raise ConfigError(f"expected --peer {form}; got {text!r}.")
    for file in files.values():
        if not Path(file).is_file():
            raise InputError(f"expected a model file of {kind}; {file} is none.")
    return OpenCVPeer(kind=kind, files=files, python=python, threads=threads)


def start(contender: Contender) -> tuple[Child, dict[str, Any]]:
    """Start a contender's process and load it.

    Returns:
        The process, and what it says about itself.

    Raises:
        FartrackError: it cannot be loaded.
    """
    if isinstance(contender, TrackerSpec):
        child = Child(module_command("workers.fartrack_peer"), contender.name, contender.threads)
        request: dict[str, Any] = {"spec": contender.model_dump()}
    else:
        command = [contender.python or sys.executable, opencv_peer.__file__]
        child = Child(command, contender.name, contender.threads)
        request = contender.model_dump()
    try:
        return child, child.ask("open", **request)
    except ChildError as error:
        child.close()
        if isinstance(contender, OpenCVPeer) and "has no Tracker" in str(error):
            raise _no_contrib(error) from error
        raise
    except BaseException:
        child.close()
        raise


def _no_contrib(error: ChildError) -> MissingDependencyError:
    missing = MissingDependencyError("opencv-contrib-python", "bench")
    missing.args = (
        f"{error}. It cannot be installed beside opencv-python: make an environment of its own "
        "(python -m venv peers && peers/bin/pip install opencv-contrib-python) and name it with "
        "--opencv-python peers/bin/python.",
    )
    return missing
