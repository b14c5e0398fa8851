import pytest

from fartrack_sdk.families.mixformerv2.config import MixFormerV2Config
from fartrack_sdk.families.mixformerv2.macs import full_macs, search_macs, templates_macs
from fartrack_sdk.families.registry import family_named

FAMILY = family_named("mixformerv2")
BASE = MixFormerV2Config(
    variant="b", depth=8, mlp_dim=3072, search_size=288, template_size=128, search_factor=5.0
)
SMALL = MixFormerV2Config()


@pytest.mark.parametrize(
    ("config", "full", "search", "search_reduced", "templates", "templates_reduced"),
    [
        (BASE, 28.131, 20.606, 18.468, 7.525, 6.744),
        (SMALL, 4.822, 3.318, 2.766, 1.504, 1.258),
    ],
)
def test_operations_are_those_of_the_paper_arithmetic(
    config, full, search, search_reduced, templates, templates_reduced
):
    counted = [
        full_macs(config),
        search_macs(config, reduced=False),
        search_macs(config),
        templates_macs(config, reduced=False),
        templates_macs(config),
    ]
    expected = [full, search, search_reduced, templates, templates_reduced]
    assert [round(macs / 1e9, 3) for macs in counted] == expected


@pytest.mark.parametrize(
    ("config", "options", "executed"),
    [
        (BASE, {}, 18.468),
        (SMALL, {}, 2.766),
        (SMALL, {"template_cache": "pair"}, 2.766),
        (SMALL, {"template_cache": "off"}, 4.822),
    ],
)
def test_complexity_is_that_of_the_passes_a_frame_takes(config, options, executed):
    found = FAMILY.complexity(FAMILY.reconfigured(config, options))
    assert round(found.executed_gmacs, 3) == executed
    assert found.gmacs == full_macs(config) / 1e9
    assert found.agrees is None


def test_parameters_are_all_that_the_file_holds():
    assert FAMILY.complexity(BASE).mparams * 1e6 == 58_855_201
    assert FAMILY.complexity(SMALL).mparams * 1e6 == 16_228_897


def test_models_that_never_update_count_one_template():
    config = MixFormerV2Config(score_head=False)
    assert FAMILY.complexity(config).executed_gmacs == search_macs(config, 1) / 1e9


@pytest.mark.parametrize("kind", ["folded", "pair"])
def test_cached_models_have_the_uncached_way_as_alternative(kind):
    config = MixFormerV2Config(template_cache=kind)
    (options,) = FAMILY.alternatives(config).values()
    assert FAMILY.reconfigured(config, options).template_cache == "off"


def test_uncached_models_have_no_alternative():
    assert FAMILY.alternatives(MixFormerV2Config(template_cache="off")) == {}
