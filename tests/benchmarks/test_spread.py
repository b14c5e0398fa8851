"""Dataclasses of options become options."""

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from fartrack_sdk.benchmarks.commands.spread import spread


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(help="Pixels.")]
    height: Annotated[int, typer.Option(help="Pixels.")] = 3


def test_options_reach_the_function_as_a_dataclass():
    seen = []

    def area(*, size: Size, name: str = "a") -> None:
        """Tell."""
        seen.append((size, name))

    app = typer.Typer()
    app.command()(spread(area))
    assert CliRunner().invoke(app, ["--width", "5", "--name", "b"]).exit_code == 0
    assert seen == [(Size(5, 3), "b")]
    assert CliRunner().invoke(app, []).exit_code == 2
    assert "Tell." in CliRunner().invoke(app, ["--help"]).output
