"""Counted work beside the paper's."""

import pytest

from fartrack_sdk.families.fartrack.config import VARIANT_DEPTHS, FARTrackConfig
from fartrack_sdk.model.complexity import PUBLISHED, count


@pytest.mark.parametrize("variant", PUBLISHED)
def test_counts_agree_with_the_paper(variant):
    found = count(FARTrackConfig(variant=variant, depth=VARIANT_DEPTHS[variant]))
    gmacs, mparams = PUBLISHED[variant]
    assert found.gmacs == pytest.approx(gmacs, rel=0.01)
    assert found.mparams == pytest.approx(mparams, rel=0.01)
    assert found.agrees


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
    assert found.gmacs < PUBLISHED["pico"][0]
