"""Frames of polars and pandas, neither of which is imported before one is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch.written import arrow_columns, ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liqcalc.batch.columns import Coded, Results


class Polars:
    """A DataFrame of polars."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - polars may be missing
        self.table = table
        self.names: Sequence[Any] = table.columns
        self.rows = table.height

    def column(self, name: str) -> Any:  # noqa: ANN401 - a Series
        """Return a column."""
        return self.table.get_column(name)

    def written(self, results: Results) -> Any:  # noqa: ANN401 - a DataFrame
        """Return the frame with the results."""
        import polars as pl
        import pyarrow as pa

        found = arrow_columns(results)
        added: Any = pl.from_arrow(pa.table(found))
        return self.table.drop(list(found), strict=False).hstack(added)


class Pandas:
    """A DataFrame of pandas."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - pandas may be missing
        self.table = table
        self.names: Sequence[Any] = list(table.columns)
        self.rows = len(table)

    def column(self, name: str) -> Any:  # noqa: ANN401 - a Series
        """Return a column."""
        return self.table[name]

    def written(self, results: Results) -> Any:  # noqa: ANN401 - a DataFrame
        """Return the frame with the results, and its index."""
        import pandas as pd

        found: dict[str, Any] = {**results.numbers}
        for name, whole in results.whole.items():
            found[name] = pd.arrays.IntegerArray(whole, whole == 0)
        for name, words in results.words.items():
            found[name] = _categorical(words)
        added = pd.DataFrame(
            {name: found[name] for name in ordered(found)}, index=self.table.index, copy=False
        )
        kept = self.table.drop(columns=[n for n in found if n in self.table.columns])
        table = pd.concat([kept, added], axis=1)
        table.attrs = {**self.table.attrs, "liqcalc": results.about}
        return table


def _categorical(words: Coded) -> Any:  # noqa: ANN401 - a Categorical
    import pandas as pd

    small = np.int8 if len(words.words) < np.iinfo(np.int8).max else np.int32
    codes = words.codes.astype(small, copy=False)
    return pd.Categorical.from_codes(codes, categories=list(words.words), validate=False)
