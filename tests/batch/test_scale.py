"""One process, Spark and Ray give each row the same."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liqcalc.batch.question import evaluate
from liqcalc.batch.scale import evaluate_batches, evaluate_ray, evaluate_spark, spark_function
from liqcalc.errors import InputError
from tests.batch.clusters import ray_cluster, spark_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from pyarrow import Table
    from pyspark.sql import SparkSession

    Row = dict[str, Any]
    Rows = list[Row]

RECIPES = Path(__file__).parents[2] / "docs" / "scale.md"
DAY = "2026-11-22"
SYMBOLS = (
    ("binance", "BTCUSDT", 60_000.0),
    ("binance", "ETHUSDT", 3_000.0),
    ("bybit", "ETHUSDT", 3_000.0),
    ("okx", "ADA-USDT-SWAP", 0.5),
    ("hyperliquid", "AAVE", 150.0),
    ("deribit", "BTC-PERPETUAL", 60_000.0),
)
WRONG: tuple[Row, ...] = (
    {"side": "sideways"},
    {"symbol": "NOSUCHPAIR"},
    {"exchange": None},
    {"qty": -1.0},
    {"entry_price": None, "mark_price": None},
    {"margin_mode": "both"},
)


def isolated(rng: Random, symbols: Sequence[tuple[str, str, float]] = SYMBOLS) -> Row:
    exchange, symbol, price = rng.choice(symbols)
    price *= rng.uniform(0.8, 1.2)
    return {
        "exchange": exchange,
        "symbol": symbol,
        "side": rng.choice(["long", "short"]),
        "qty": round(rng.uniform(100, 50_000) / price, 3),
        "entry_price": round(price, 2),
        "mark_price": rng.choice([None, round(price * rng.uniform(0.97, 1.03), 2)]),
        "leverage": rng.randrange(2, 20),
        "margin_mode": rng.choice(["isolated", None]),
        "wallet_balance": None,
        "account_id": rng.choice([None, None, f"account {rng.randrange(40)}"]),
    }


def pool(rng: Random, account: str) -> Rows:
    exchange = rng.choice(["binance", "bybit"])
    wallet = round(rng.uniform(1_000, 100_000), 2)
    cross = {"margin_mode": "cross", "wallet_balance": wallet, "account_id": account}
    symbols = [known for known in SYMBOLS if known[0] == exchange]
    marks = {symbol: price for _, symbol, price in symbols}
    rows = [isolated(rng, symbols) for _ in range(rng.randrange(2, 9))]
    return [{**row, **cross, "mark_price": marks[row["symbol"]]} for row in rows]


def positions(seed: int, *, pools: int = 150, alone: int = 1_500) -> Table:
    """Return rows of pools and alone, some of them wrong, in no order."""
    rng = Random(seed)  # noqa: S311 - random enough
    rows = [row for at in range(pools) for row in pool(rng, f"account {at}")]
    rows += [isolated(rng) for _ in range(alone)]
    for at in rng.sample(range(len(rows)), 80):
        rows[at] |= rng.choice(WRONG)
    rng.shuffle(rows)
    return pa.Table.from_pylist([{"row": at, **row} for at, row in enumerate(rows)])


@pytest.fixture(scope="module")
def table() -> Table:
    return positions(seed=5)


@pytest.fixture(scope="module")
def folder(table: Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder with the rows in four files, so that accounts are all over them."""
    made = tmp_path_factory.mktemp("positions")
    for at in range(4):
        pq.write_table(table.take(list(range(at, table.num_rows, 4))), made / f"{at}.parquet")
    return str(made)


@pytest.fixture(scope="module")
def expected(table: Table) -> Rows:
    return texts(evaluate(table, today=DAY))


def texts(found: Table) -> Rows:
    """Return rows in their order, without numbers of rows in reasons: they are of a part."""
    rows = sorted(found.to_pylist(), key=lambda row: row["row"])
    return [row | {"reason": row["reason"] or ""} for row in rows]


def run_recipe(word: str, folder: str, made: Path) -> Table:
    """Run the recipe of docs/scale.md that has `word`, on `folder`; return what it writes."""
    blocks = re.findall(r"```python\n(.*?)```", RECIPES.read_text(), re.DOTALL)
    recipe = next(block for block in blocks if word in block)
    for name, path in {"positions": folder, "found": str(made / "found")}.items():
        recipe = recipe.replace(f'"{name}"', repr(path))
    exec(recipe, {})  # noqa: S102 - it is ours
    return pq.read_table(made / "found")


def without(reason: str) -> NoReturn:
    """Skip a test that cannot run here; where it must run, fail."""
    if os.environ.get("LIQCALC_CLUSTERS") == "must run":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        without("Spark needs Java")
    if find_spec("pyspark") is None:
        without('needs pip install "liqcalc[spark]"')
    with spark_cluster() as session:
        yield session


@pytest.fixture(scope="module")
def ray() -> Iterator[ModuleType]:
    if find_spec("ray") is None:
        without('needs pip install "liqcalc[ray]"')
    with ray_cluster() as ray:
        yield ray


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of Spark and Ray are not ours to mend
class TestClusters:
    """Two workers find what one process does, row by row."""

    def test_the_recipe_for_spark(
        self, spark: SparkSession, folder: str, expected: Rows, tmp_path: Path
    ) -> None:
        found = run_recipe("pyspark", folder, tmp_path)

        assert spark.version
        assert texts(found) == expected

    def test_spark_without_accounts_moves_nothing(self, spark: SparkSession, table: Table) -> None:
        rows = table.drop_columns(["account_id", "wallet_balance"])
        frame = spark.createDataFrame(rows)

        found = evaluate_spark(frame, today=DAY)

        assert "Exchange" not in found._jdf.queryExecution().toString()  # noqa: SLF001
        assert texts(found.toArrow()) == texts(evaluate(rows, today=DAY))

    def test_the_recipe_for_ray(
        self, ray: ModuleType, folder: str, expected: Rows, tmp_path: Path
    ) -> None:
        found = run_recipe("import ray", folder, tmp_path)

        assert ray.is_initialized()
        assert texts(found) == expected

    def test_ray_with_few_groups(self, ray: ModuleType, folder: str, expected: Rows) -> None:
        found = evaluate_ray(ray.data.read_parquet(folder), groups=3, today=DAY)

        assert texts(pa.concat_tables(ray.get(found.to_arrow_refs()))) == expected

    def test_ray_without_accounts(self, ray: ModuleType, table: Table) -> None:
        rows = table.drop_columns(["account_id", "wallet_balance"])

        found = evaluate_ray(ray.data.from_arrow(rows), today=DAY)

        tables = ray.get(found.to_arrow_refs())
        assert texts(pa.concat_tables(tables)) == texts(evaluate(rows, today=DAY))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
class TestMistakes:
    """What is wrong with a job is said before it starts."""

    def test_a_misspelt_column_is_refused_at_once(self, spark: SparkSession, table: Table) -> None:
        frame = spark.createDataFrame(table.rename_columns({"side": "Side"}))

        with pytest.raises(InputError, match="Side"):
            evaluate_spark(frame)

    def test_one_account_for_all_rows_is_refused(self, spark: SparkSession, table: Table) -> None:
        frame = spark.createDataFrame(table.drop_columns(["account_id"]))

        with pytest.raises(InputError, match="all would have to be on one machine"):
            spark_function(frame.schema, given={"account_id": "a"})


class TestBatches:
    """What a worker of Spark does with its partition."""

    def test_it_finds_what_one_process_does(
        self, table: Table, expected: Rows, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("liqcalc.batch.scale.ROWS", 100)
        rows = table.sort_by("account_id")

        found = evaluate_batches(rows.to_batches(max_chunksize=7), today=DAY)

        assert texts(pa.Table.from_batches(found)) == expected

    def test_rows_that_are_not_sorted_are_refused(self, table: Table) -> None:
        with pytest.raises(InputError, match="not sorted by account_id"):
            list(evaluate_batches(table.to_batches(), today=DAY))

    def test_there_are_pools_and_every_status_but_one(self, expected: Rows) -> None:
        found = {row["status"] for row in expected if row["margin_mode"] == "cross"}

        assert found >= {"liquidatable_at_price", "cannot_be_liquidated", "invalid"}
