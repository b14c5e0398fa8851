"""How each benchmark's own toolkit counts: first frame, absent frames, thresholds, averages.

========== ======== ======== ========== ============ ============================
name       frame 0  absent   average    AUC          source
========== ======== ======== ========== ============ ============================
plain      left out left out sequences  mean of 21   this package
got10k     left out left out all frames mean of 101  got10k toolkit, ExperimentGOT10k
otb        truth    miss     sequences  mean of 21   tracker_benchmark_v1.0, OPE
lasot      truth    miss     sequences  mean of 21   LaSOT_Evaluation_Toolkit, VastTrack's
trackingnet truth   miss     sequences  trapezoid    TrackingNet-devkit, metrics.py
========== ======== ======== ========== ============ ============================

"Truth" means that the true box stands in for the first prediction, as the MATLAB
toolkits do. "Miss" means that the frame stays in the denominator with no success.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Convention(BaseModel):
    """One benchmark's way of counting.

    Attributes:
        name: how reports call it.
        first_frame: ``excluded``, or ``truth``: counted with the true box as prediction.
        absent: frames whose target is flagged absent: ``excluded``, or ``miss``: counted as
            frames without success.
        valid: which true boxes can be compared. ``sized``: both sides are positive.
            ``positive``: all four numbers are (the files of these sets are 1-based).
        invalid_center_hits: the MATLAB toolkits give a frame without a valid true box the
            centre error -1, which passes every threshold; its overlap passes none.
        clip: limit both boxes to the image first (GOT-10k).
        rounded: round both boxes to whole pixels first (TrackingNet).
        average: over ``sequences`` (each counts the same) or over all ``frames``.
        area: a curve's score is the ``mean`` of its values or the ``trapezoid`` under it.
        success_bins: overlap thresholds, evenly from 0 to 1; a frame passes above (>).
        precision_bins: thresholds evenly from 0 to 50 px, passed at or below (<=).
        norm_precision_bins: thresholds evenly from 0 to 0.5, passed at or below (<=).
        precision: score of a precision curve: its value ``at`` 20 px (at 0.2 normalised)
            or its ``area``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    first_frame: Literal["excluded", "truth"] = "truth"
    absent: Literal["excluded", "miss"] = "miss"
    valid: Literal["sized", "positive"] = "sized"
    invalid_center_hits: bool = False
    clip: bool = False
    rounded: bool = False
    average: Literal["sequences", "frames"] = "sequences"
    area: Literal["mean", "trapezoid"] = "mean"
    success_bins: int = 21
    precision_bins: int = 51
    norm_precision_bins: int = 51
    precision: Literal["at", "area"] = "at"

    @property
    def summary(self) -> str:
        """One line for a report's foot."""
        first = "frame 0 left out" if self.first_frame == "excluded" else "frame 0 counted as right"
        absent = "left out" if self.absent == "excluded" else "counted as missed"
        weight = "all sequences alike" if self.average == "sequences" else "all frames alike"
        return f"Convention {self.name}: {first}, absent frames {absent}, mean over {weight}."


PLAIN = Convention(name="plain", first_frame="excluded", absent="excluded")
GOT10K = Convention(
    name="got10k",
    first_frame="excluded",
    absent="excluded",
    clip=True,
    average="frames",
    success_bins=101,
)
OTB = Convention(name="otb", valid="positive", invalid_center_hits=True)
LASOT = Convention(name="lasot", valid="positive", invalid_center_hits=True)
TRACKINGNET = Convention(
    name="trackingnet",
    rounded=True,
    area="trapezoid",
    precision_bins=21,
    norm_precision_bins=21,
    precision="area",
)

CONVENTIONS = {c.name: c for c in (PLAIN, GOT10K, OTB, LASOT, TRACKINGNET)}
"""Every convention by name."""
