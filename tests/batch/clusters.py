"""Clusters of two workers on this machine, each worker with one core."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pyspark.sql import SparkSession

MEGABYTES = 2048


@contextmanager
def spark_cluster() -> Iterator[SparkSession]:
    """Start Spark: two executors, each a process of its own with a worker of Python."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable  # else workers may run another Python
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executor.memory": f"{MEGABYTES}m",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    master = f"local-cluster[2,1,{MEGABYTES}]"
    session = SparkSession.builder.master(master).config(map=settings).getOrCreate()
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def ray_cluster() -> Iterator[ModuleType]:
    """Start Ray: two nodes, each at a loopback address of its own."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        for address in ("127.0.0.2", "127.0.0.3"):  # for 127.0.0.1 Ray puts another
            store = MEGABYTES * 2**20 // 2
            node = {"num_cpus": 1, "node_ip_address": address, "object_store_memory": store}
            cluster.add_node(**node, include_dashboard=False)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
    finally:
        ray.shutdown()
        cluster.shutdown()
