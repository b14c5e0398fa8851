"""Counted work beside the paper's."""

import pytest

from fartrack_sdk.families.fartrack.config import VARIANT_DEPTHS, FARTrackConfig
from fartrack_sdk.model.complexity import count

PAPER = {"tiny": (2.65, 6.82), "nano": (1.78, 4.59), "pico": (1.08, 2.81)}
"""GMACs and million parameters of Table 1."""


@pytest.mark.parametrize("variant", PAPER)
def test_counts_agree_with_the_paper(variant):
    found = count(FARTrackConfig(variant=variant, depth=VARIANT_DEPTHS[variant]))
    gmacs, mparams = PAPER[variant]
    assert (found.published_gmacs, found.published_mparams) == PAPER[variant]
    assert found.gmacs == pytest.approx(gmacs, rel=0.01)
    assert found.mparams == pytest.approx(mparams, rel=0.01)
    assert found.agrees


@pytest.mark.parametrize("field", ["gmacs", "mparams"])
def test_a_count_two_percent_off_does_not_agree(field):
    found = count(FARTrackConfig(variant="nano", depth=10))
    wrong = found.model_copy(update={field: 1.02 * getattr(found, field)})
    assert (found.agrees, wrong.agrees) == (True, False)


def test_layers_and_templates_change_the_counts():
    """The figures come from the network, not from the name of the variant."""
    usual = count(FARTrackConfig(variant="pico", depth=6))
    deeper = count(FARTrackConfig(variant="pico", depth=7))
    fewer = count(FARTrackConfig(variant="pico", depth=6, num_templates=3))
    assert deeper.gmacs > 1.1 * usual.gmacs
    assert deeper.mparams > 1.1 * usual.mparams
    assert fewer.gmacs < 0.9 * usual.gmacs
    assert fewer.mparams == usual.mparams


def test_counts_equal_the_formula_of_the_architecture():
    """12 D^2 per token and layer, and the patch embedding of search and newest template."""
    found = count(FARTrackConfig(variant="pico", depth=6))
    tokens = 4 * 37 + 49 + 196 + 4
    assert found.gmacs * 1e9 == 6 * tokens * 12 * 192**2 + (196 + 49) * 768 * 192
    assert found.mparams * 1e6 == 6 * (12 * 192**2 + 1728 + 768) + 192 * 769


def test_unusual_configurations_have_no_figure_of_the_paper():
    found = count(FARTrackConfig(variant="pico", depth=6, retention=0.5))
    assert found.published_gmacs is None
    assert found.agrees is None
    assert found.gmacs < PAPER["pico"][0]
