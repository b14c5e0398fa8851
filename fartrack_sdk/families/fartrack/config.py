"""What describes a FARTrack model: sizes, protocol and the choices of the paper's ablations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...config import Settings

VARIANT_DEPTHS = {"tiny": 15, "nano": 10, "pico": 6}
"""Encoder layers of each variant (paper, section 4.1)."""

Sampling = Literal["exponential", "linear", "logarithmic", "equal-interval"]
Saliency = Literal["released", "paper"]
Protocol = Literal["sparse", "dense"]


class FARTrackConfig(Settings):
    """A FARTrack model and the protocol it is run with.

    Variants, protocols and ablations are values here, never branches over names.

    Attributes:
        variant: name for people; ``depth`` is what counts.
        depth: encoder layers that run.
        protocol: ``sparse`` (FARTrackSparse: pruned templates, expectation plus argmax)
            or ``dense`` (FARTrackDistill, FARTrack: all tokens, argmax).
        num_templates: template slots K. Released checkpoints were trained with 5.
        retention: share of a template's 49 tokens kept once it is no longer the newest
            (paper, Table 6). Ignored by the dense protocol.
        sampling: how the slots between the first and the newest template are spread over
            the history (paper, Table 9).
        sampling_interval: frames between two templates with ``equal-interval`` sampling.
        saliency: rows of attention that rank tokens: ``released`` is the centre search
            token, ``paper`` the central 3x3 search tokens plus the commands (Table 7).
        layer_norm_eps: epsilon of the blocks' layer norms.
    """

    family: Literal["fartrack"] = "fartrack"
    variant: str = "tiny"
    depth: int = Field(default=15, ge=1, le=15)
    protocol: Protocol = "sparse"
    num_templates: int = Field(default=5, ge=1, le=9)
    retention: float = Field(default=0.75, gt=0.0, le=1.0)
    sampling: Sampling = "exponential"
    sampling_interval: int = Field(default=10, ge=1)
    saliency: Saliency = "released"
    layer_norm_eps: float = Field(default=1e-5, gt=0.0)
    search_size: int = Field(default=224, multiple_of=16, gt=0)
    template_size: int = Field(default=112, multiple_of=16, gt=0)
    search_factor: float = Field(default=4.0, gt=0.0)
    template_factor: float = Field(default=2.0, gt=0.0)
    patch: Literal[16] = 16
    dim: Literal[192] = 192
    heads: Literal[3] = 3
    bins: Literal[300] = 300
    bin_range: Literal[2] = 2
    vocabulary: Literal[605] = 605

    @property
    def search_grid(self) -> int:
        """Patches along one side of the search region."""
        return self.search_size // self.patch

    @property
    def template_tokens(self) -> int:
        """Tokens of an unpruned template."""
        return (self.template_size // self.patch) ** 2

    @property
    def kept_tokens(self) -> int:
        """Tokens kept of a template that is not the newest."""
        if self.protocol == "dense":
            return self.template_tokens
        return self.template_tokens - int(self.template_tokens * (1.0 - self.retention))

    @property
    def prunes(self) -> bool:
        """Whether any token is ever dropped, so that saliency has to be computed."""
        return self.kept_tokens < self.template_tokens

    @property
    def slot_identities(self) -> tuple[int, ...]:
        """Row of the identity table (5 template rows) that each slot uses.

        With 5 slots every row is used once. Fewer slots keep the rows of the first
        and the newest template and spread the rest; more than 5 share rows between
        neighbours, because a checkpoint has learnt only 5.
        """
        k = self.num_templates
        if k == 1:
            return (0,)
        return tuple(int(4 * i / (k - 1) + 0.5) for i in range(k))
