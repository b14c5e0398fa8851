"""A generated bank and the smallest runs."""

import pytest
import torch

from fartrack_sdk.training.bank import Bank
from fartrack_sdk.training.config import DataConfig, RunConfig, StageConfig
from fartrack_sdk.training.generated import write_generated_bank


@pytest.fixture(scope="session")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    write_generated_bank(folder, photos=6, objects=10)
    return folder


@pytest.fixture(scope="session")
def bank(pack):
    return Bank.open(pack)


@pytest.fixture
def run_config(tmp_path, pack):
    """A run of six steps on one thread."""
    data = DataConfig(search_size=64, template_size=32, real_share=0.0)
    stage = StageConfig(samples=24, batch=4, rate=1e-3, warmup=2, data=data)
    return RunConfig(
        out=tmp_path / "run",
        bank=pack,
        stages=(stage,),
        workers=0,
        amp=False,
        threads=1,
        log_every=1,
        save_seconds=1e9,
    )


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
