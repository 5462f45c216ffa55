"""Rows in batches that never end inside an account, so that no cross pool is split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import flat, plain
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCOUNT = "account_id"


def whole_accounts(batches: Iterable[pa.Table], *, rows: int = 1) -> Iterator[pa.Table]:
    """Yield the rows of `batches`, in their order, in tables that end where an account ends.

    Holds no more than `rows` rows, a batch and one account. Rows without an
    account, or a table without that column, are cut anywhere.

    Args:
        batches: with the rows of one account side by side; see `sorted_accounts`.
        rows: how many a table has at least, unless it is the last.

    >>> parts = [pa.table({"account_id": part}) for part in (["a", "b"], ["b", "c"])]
    >>> [table["account_id"].to_pylist() for table in whole_accounts(parts)]
    [['a'], ['b', 'b'], ['c']]
    """
    whole: list[pa.Table] = []
    unfinished: list[pa.Table] = []
    account = None
    for batch in batches:
        if not batch.num_rows:
            continue
        ids = _accounts(batch)
        if ids is None or not ids[0].is_valid or ids[0].as_py() != account:
            whole, unfinished = whole + unfinished, []
        start = batch.num_rows if ids is None else _start_of_last(ids)
        if start:
            whole, unfinished = [*whole, *unfinished, batch.slice(0, start)], []
        if start < batch.num_rows:
            unfinished.append(batch.slice(start))
        account = None if ids is None else ids[-1].as_py()
        if whole and sum(table.num_rows for table in whole) >= rows:
            yield pa.concat_tables(whole, promote_options="default")
            whole = []
    if whole or unfinished:
        yield pa.concat_tables(whole + unfinished, promote_options="default")


def sorted_accounts(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield `batches` as they are, as long as their rows are sorted by account.

    Raises:
        InputError: they are not; a pool could be in two places, and its
            figures would be those of two smaller pools.
    """
    last = None
    for batch in batches:
        ids = _accounts(batch)
        if ids is not None and len(known := ids.drop_null()):
            if last is not None:
                known = pa.concat_arrays([pa.array([last], type=known.type), known])
            falls = pc.less(known[1:], known[:-1])
            if pc.any(falls).as_py():
                at = int(np.flatnonzero(falls.to_numpy(zero_copy_only=False))[0])
                raise InputError(_out_of_order(known[at + 1].as_py(), known[at].as_py()))
            last = known[-1].as_py()
        yield batch


def _accounts(batch: pa.Table) -> pa.Array | None:
    """Return the account of each row as one plain array; None without such a column."""
    if ACCOUNT not in batch.column_names:
        return None
    return flat(plain(batch[ACCOUNT]))


def _start_of_last(ids: pa.Array) -> int:
    """Return the first row of the account that the last row belongs to; all rows if to none."""
    if not ids[-1].is_valid:
        return len(ids)
    same = pc.fill_null(pc.equal(ids, ids[-1]), fill_value=False)
    others = np.flatnonzero(~same.to_numpy(zero_copy_only=False))
    return int(others[-1]) + 1 if len(others) else 0


def _out_of_order(account: object, before: object) -> Fault:
    message = f"account {account} comes after account {before}: not sorted by account_id"
    hint = "sort by account_id first: the positions of one account share their margin"
    return Fault("LQ130", ACCOUNT, message, hint)
