"""What is put side by side: trackers of this package and OpenCV's own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...errors import ArtifactError, ConfigError, InputError, RuntimeUnavailableError
from ..identity import digest
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

    def fingerprint(self) -> str:
        """Hash of the description and the bytes of the model files."""
        return digest(self.model_dump_json(), [Path(f) for f in self.files.values()])


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
    if isinstance(contender, OpenCVPeer):
        return _start_opencv(contender)
    command = module_command("workers.fartrack_peer")
    child = Child(command, contender.name, contender.threads)
    return child, _opened(child, {"spec": contender.model_dump()})


def _start_opencv(peer: OpenCVPeer) -> tuple[Child, dict[str, Any]]:
    python = peer.python or sys.executable
    if shutil.which(python) is None:
        raise ConfigError(f"expected a Python interpreter with --opencv-python; {python} is none.")
    child = Child([python, opencv_peer.__file__], peer.name, peer.threads)
    try:
        return child, _opened(child, peer.model_dump())
    except ChildError as error:
        if peer.files and "OpenCV(" in str(error):
            raise ArtifactError(_unreadable(peer, error)) from error
        if "has no Tracker" in str(error) or "No module named 'cv2'" in str(error):
            raise RuntimeUnavailableError(_no_contrib(python, error)) from error
        raise


def _opened(child: Child, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return child.ask("open", **request)
    except BaseException:
        child.close()
        raise


def _unreadable(peer: OpenCVPeer, error: ChildError) -> str:
    files = ", ".join(f"{key} {file}" for key, file in peer.files.items())
    return f"expected model files of {peer.name} that OpenCV can read ({files}). {error}"


def _no_contrib(python: str, error: ChildError) -> str:
    reason = str(error).splitlines()[-1]
    return (
        f"{python} lacks a peer: {reason}. opencv-contrib-python cannot be installed beside "
        "opencv-python: make an environment of its own (python -m venv peers && peers/bin/pip "
        "install opencv-contrib-python) and name it with --opencv-python peers/bin/python, or "
        "choose others with --peer."
    )
