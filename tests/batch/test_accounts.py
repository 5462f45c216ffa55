from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from liqcalc.batch.accounts import sorted_accounts, whole_accounts
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable


def accounts(*parts: Iterable[str | int | None], kind: pa.DataType = None) -> list[pa.Table]:
    return [pa.table({"account_id": pa.array(part, type=kind or pa.string())}) for part in parts]


def cut(parts: list[pa.Table], *, rows: int = 1) -> list[list[str | None]]:
    return [table["account_id"].to_pylist() for table in whole_accounts(parts, rows=rows)]


class TestWholeAccounts:
    """No table ends inside an account, and no row is lost or moved."""

    def test_an_account_over_three_batches_is_one(self) -> None:
        assert cut(accounts("ab", "bb", "bc")) == [["a"], ["b"] * 4, ["c"]]

    def test_a_batch_that_begins_with_another_account_ends_the_one_before(self) -> None:
        assert cut(accounts("aa", "bb")) == [["a", "a"], ["b", "b"]]

    def test_rows_without_account_do_not_belong_together(self) -> None:
        assert cut(accounts([None, None], [None, "a"], "a")) == [[None, None], [None], ["a", "a"]]

    def test_small_batches_become_tables_of_enough_rows(self) -> None:
        assert cut(accounts("a", "b", "c", "c", "d"), rows=2) == [["a", "b"], ["c", "c"], ["d"]]

    def test_a_table_without_the_column_is_cut_anywhere(self) -> None:
        tables = [pa.table({"qty": [1]}), pa.table({"qty": [2]})]

        assert [t["qty"].to_pylist() for t in whole_accounts(tables)] == [[1], [2]]

    def test_dictionaries_are_read_like_texts(self) -> None:
        coded = pa.dictionary(pa.int8(), pa.string())

        assert cut(accounts("ab", "bc", kind=coded)) == [["a"], ["b", "b"], ["c"]]

    @pytest.mark.parametrize("seed", range(20))
    def test_any_cuts_give_whole_accounts_in_order(self, seed: int) -> None:
        rng = Random(seed)  # noqa: S311 - random enough
        rows = sorted(rng.choices("abcdefgh", k=60))
        borders = sorted(rng.choices(range(61), k=rng.randrange(12)))
        parts = [rows[a:b] for a, b in zip([0, *borders], [*borders, 60], strict=True)]

        tables = cut(accounts(*parts), rows=rng.randrange(1, 30))

        assert [row for table in tables for row in table] == rows
        assert sum(len(set(table)) for table in tables) == len(set(rows))


class TestSortedAccounts:
    """An account that comes back later is refused, not evaluated as two pools."""

    @pytest.mark.parametrize("parts", [("aba",), ("ab", "a"), ("ac", "cb")])
    def test_it_is_refused_within_and_over_batches(self, parts: tuple[str, ...]) -> None:
        with pytest.raises(InputError, match="not sorted by account_id"):
            list(sorted_accounts(accounts(*parts)))

    def test_rows_without_account_may_be_anywhere(self) -> None:
        parts = accounts([None, "a", None], ["a", "b"], [None])

        assert list(sorted_accounts(parts)) == parts

    def test_whole_numbers_are_sorted_as_numbers(self) -> None:
        parts = accounts([9, 10], [10, 11], kind=pa.int64())

        assert list(sorted_accounts(parts)) == parts
