"""How much work a model is, counted, beside what its paper states."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

TOLERANCE = 0.01
"""Papers round, and do not always say which tokens they count."""


class Complexity(BaseModel):
    """Work of one tracked frame and size of a model.

    Attributes:
        variant: of the family.
        gmacs: 1e9 multiply-accumulates a frame, counted as the family's authors compute it.
        mparams: million parameters, counted as the authors do.
        executed_gmacs: what the graph of a usual frame really computes; None where nothing
            counts it.
        published_gmacs: the paper's figure, None where it has none for this configuration.
        published_mparams: the same for parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    variant: str
    gmacs: float
    mparams: float
    executed_gmacs: float | None = None
    published_gmacs: float | None = None
    published_mparams: float | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether both counts are within 1 % of the paper's; None without a figure."""
        if self.published_gmacs is None or self.published_mparams is None:
            return None
        pairs = ((self.gmacs, self.published_gmacs), (self.mparams, self.published_mparams))
        return all(abs(found / stated - 1.0) <= TOLERANCE for found, stated in pairs)
