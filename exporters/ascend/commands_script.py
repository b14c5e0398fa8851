"""The ``atc`` commands as a script, for a machine with CANN and without this package."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from .command import AtcJob

COMMANDS_NAME = "atc_commands.sh"
HEAD = """#!/bin/sh
# Compiles the graphs of this folder. Source CANN's set_env.sh first.
# ATC takes no spaces in paths and leaves files behind, so it works on copies elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TE_PARALLEL_COMPILER="${TE_PARALLEL_COMPILER:-1}"
export MAX_COMPILE_CORE_NUMBER="${MAX_COMPILE_CORE_NUMBER:-1}"
cd "$work"
compiled() {
    # ATC writes NAME.om, or NAME_linux_<arch>.om when the file carries code for the host.
    [ -s "$1.om" ] || mv "$1"_linux_*.om "$1.om"
    mv "$1.om" "$here/$1.om"
}
"""


def write_commands(jobs: Iterable[AtcJob], folder: Path) -> Path:
    """Write the script; it takes its files from the folder that it lies in."""
    lines = [HEAD]
    for job in jobs:
        names = " ".join(f'"$here/{name}"' for name in (f"{job.graph}.onnx", job.aipp_file) if name)
        lines += [f"cp {names} .", shlex.join(job.argv()), f"compiled {job.graph}", ""]
    path = folder / COMMANDS_NAME
    path.write_text("\n".join(lines))
    path.chmod(0o755)
    return path
