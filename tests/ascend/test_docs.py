"""The commands and files that docs/ascend.md names are there."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.main import get_command

from fartrack_sdk.benchmarks.cli import app as bench
from fartrack_sdk.cli.track import app as track
from fartrack_sdk.exporters.cli import app as export

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "ascend.md").read_text()
TEN = re.search(r"## A board in ten commands.*?```sh\n(.*?)```", TEXT, re.DOTALL)[1]
COMMANDS = [line for line in TEN.splitlines() if line.startswith("fartrack-")]
COMMANDS += re.findall(r"`(fartrack-[a-z]+ [^`]*--[^`]*)`", TEXT)
APPS = {"fartrack-export": export, "fartrack-track": track, "fartrack-bench": bench}


def test_there_are_ten():
    assert len(TEN.splitlines()) == 10


@pytest.mark.parametrize("line", COMMANDS)
def test_every_option_of_a_command_exists(line):
    name, *words = shlex.split(line, comments=True)
    command = get_command(APPS[name])
    if name == "fartrack-bench":
        command = command.commands[words[0]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m ([\w.]+)", TEXT))))
def test_every_module_that_is_run_exists(module):
    assert find_spec(module) is not None


@pytest.mark.parametrize("path", sorted(set(re.findall(r"tests/[\w/.]*\w", TEXT))))
def test_every_path_exists(path):
    assert (ROOT / path).exists()


def test_files_that_the_folder_holds_are_those_of_a_dry_run(small):
    table = TEXT.partition("## What the folder holds")[2].partition("\n\n")[2].partition("\n\n")[0]
    named = set(re.findall(r"[\w*]+\.\w+", table))
    for path in small[0].iterdir():
        assert path.name in named or f"*{path.suffix}" in named or "aipp_*.cfg" in named
