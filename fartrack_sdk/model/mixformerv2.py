"""MixFormerV2's network: a ViT over template, search and prediction tokens, and two heads.

Parameters carry canonical names (`families.mixformerv2.layout` maps the released ones to
them). `MixFormerV2Net` holds the weights; `mixformerv2_graphs` arranges them into the
fixed-shape passes that runtimes run.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..families.base import Weights
from ..families.mixformerv2.config import PREDICTION_TOKENS, MixFormerV2Config
from .vit import PATCH, Block

BLOCK_EPS, HEAD_EPS = 1e-6, 1e-5


class BoxHead(nn.Module):
    """Coordinate logits of a prediction token; the second layer norm is over the bins.

    Args:
        dim: channels of a token.
        bins: values that a coordinate can take.
    """

    def __init__(self, dim: int, bins: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, dim)
        self.hidden_norm = nn.LayerNorm(dim, eps=HEAD_EPS)
        self.out = nn.Linear(dim, bins)
        self.out_norm = nn.LayerNorm(bins, eps=HEAD_EPS)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, 4, dim] -> [B, 4, bins]."""
        logits: Tensor = self.out_norm(self.out(F.relu(self.hidden_norm(self.hidden(tokens)))))
        return logits


class ScoreHead(nn.Module):
    """Logit of the target's presence, the mean over the tokens' own logits.

    Args:
        dim: channels of a token.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, 4, dim] -> [B, 1]."""
        logits: Tensor = self.out(F.relu(self.hidden(tokens)))
        return logits.mean(dim=1)


class MixFormerV2Net(nn.Module):
    """All weights of a MixFormerV2 model (paper, section 3).

    Args:
        config: the model.
    """

    def __init__(self, config: MixFormerV2Config) -> None:
        super().__init__()
        dim = config.dim
        self.pos_search = nn.Parameter(torch.zeros(1, config.search_tokens, dim))
        self.pos_template = nn.Parameter(torch.zeros(1, config.template_tokens, dim))
        self.tokens = nn.Parameter(torch.zeros(1, PREDICTION_TOKENS, dim))
        self.pos_tokens = nn.Parameter(torch.zeros(1, PREDICTION_TOKENS, dim))
        self.patch_embed = nn.Conv2d(3, dim, PATCH, PATCH)
        self.blocks = nn.ModuleList(
            Block(dim, config.mlp_dim, BLOCK_EPS) for _ in range(config.depth)
        )
        self.box_head = BoxHead(dim, config.bins)
        self.score_head = ScoreHead(dim) if config.score_head else None

    def read(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """The heads on the four prediction tokens: logits and, if there is one, presence."""
        logits: Tensor = self.box_head(tokens)
        if self.score_head is None:
            return (logits.float(),)
        presence: Tensor = self.score_head(tokens)
        return logits.float(), presence.float()


def build_network(weights: Weights, config: MixFormerV2Config) -> MixFormerV2Net:
    """The network with canonical weights, float32, on the CPU.

    Args:
        weights: canonical name to array.
        config: the model.
    """
    net = MixFormerV2Net(config)
    tensors = {name: torch.from_numpy(array).float() for name, array in weights.items()}
    net.load_state_dict(tensors, strict=True, assign=True)
    return net
