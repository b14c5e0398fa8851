"""Where jobs run: in this process, in several, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from ...errors import ConfigError, MissingDependencyError, RuntimeUnavailableError

Job = TypeVar("Job")
Result = TypeVar("Result")
CONNECT_TIMEOUT_S = 20.0
"""A scheduler that does not answer within this time is taken for absent."""


@dataclass(frozen=True)
class Workplace:
    """Where jobs run.

    Attributes:
        workers: processes on this machine; 1 runs in the calling one.
        cluster: address of a Dask scheduler, for example ``tcp://host:8786``. Its workers
            need this package and the same paths.

    Raises:
        ConfigError: less than one worker, or workers together with a cluster.
    """

    workers: int = 1
    cluster: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ConfigError(f"expected at least 1 worker; got {self.workers}.")
        if self.cluster is not None and self.workers != 1:
            raise ConfigError("expected --workers or --cluster, not both: a cluster has its own.")

    @property
    def summary(self) -> str:
        """What a reader of milliseconds has to know; nothing for one process."""
        if self.cluster is not None:
            return f"Run on the Dask cluster {self.cluster}."
        return f"Run in {self.workers} processes at once." if self.workers > 1 else ""


def run_all(
    function: Callable[[Job], Result], jobs: Sequence[Job], place: Workplace
) -> Iterator[tuple[int, Result]]:
    """Run a function over jobs; results come as they are ready.

    Args:
        function: importable, and its argument and result can be pickled.
        jobs: what to call it with.
        place: where.

    Yields:
        Position of the job and its result.

    Raises:
        MissingDependencyError: a cluster was asked for without ``distributed``.
        RuntimeUnavailableError: no scheduler answers.
    """
    if place.cluster is not None:
        return _on_cluster(function, jobs, place.cluster)
    if place.workers == 1 or len(jobs) <= 1:
        return ((i, function(job)) for i, job in enumerate(jobs))
    return _in_processes(function, jobs, place.workers)


def _in_processes(
    function: Callable[[Job], Result], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[int, Result]]:
    # Forking after a runtime has started its threads can hang: always start afresh.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context)
    try:
        futures = {pool.submit(function, job): i for i, job in enumerate(jobs)}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _on_cluster(
    function: Callable[[Job], Result], jobs: Sequence[Job], address: str
) -> Iterator[tuple[int, Result]]:
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise RuntimeUnavailableError(
            f"no Dask scheduler answers at {address}: {error}. Start one with 'dask scheduler' "
            "and give its address, for example tcp://host:8786."
        ) from error
    with closing(client):
        # Impure: the same job may be asked for again after files have changed.
        futures = {client.submit(function, job, pure=False): i for i, job in enumerate(jobs)}
        try:
            for future in distributed.as_completed(list(futures)):
                yield futures[future], future.result()
        except BaseException:
            client.cancel(list(futures), force=True)
            raise


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingDependencyError("distributed", "cluster", "for --cluster") from error
    return distributed
