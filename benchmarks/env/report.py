"""The environment as tables."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from ..reporting.outputs import Plot
from ..reporting.table import Table


class EnvReport(BaseModel):
    """What `environment` returns.

    Attributes:
        machine: CPU, system, interpreter, memory.
        cores: how many may be used, and why.
        instruction_sets: those that matter for speed.
        packages: installed versions.
        runtimes: what each can run on.
        warnings: combinations that lead to trouble.
    """

    model_config = ConfigDict(extra="forbid")

    machine: dict[str, str]
    cores: dict[str, str]
    instruction_sets: list[str]
    packages: dict[str, str]
    runtimes: dict[str, str]
    warnings: list[str] = []

    def heading(self) -> str:
        """One line that names the report."""
        return f"Environment: {self.machine['CPU']}"

    def tables(self) -> list[Table]:
        """One table a topic."""
        machine = {**self.machine, "instruction sets": " ".join(self.instruction_sets) or "unknown"}
        found = [
            _pairs("Machine", machine),
            _pairs("Cores", self.cores),
            _pairs("Packages", self.packages),
            _pairs("Runtimes", self.runtimes),
        ]
        if self.warnings:
            found.append(Table("Warnings", ["what"], [[text] for text in self.warnings]))
        return found

    def plots(self) -> Mapping[str, Plot]:
        """None."""
        return {}

    def pictures(self) -> Mapping[str, bytes]:
        """None."""
        return {}


def _pairs(title: str, values: Mapping[str, str]) -> Table:
    return Table(title, ["what", "value"], [[key, value] for key, value in values.items()])
