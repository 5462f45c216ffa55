"""Every kind of table is read to the same columns, and comes back as it was given."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import liqcalc
from liqcalc import batch
from liqcalc.batch import tables
from liqcalc.batch.columns import NUMBERS, RESULTS, WORDS, Coded, Results
from liqcalc.errors import InputError

POSITIONS = {
    "desk": ["a", "b", "c"],
    "exchange": ["binance", "bybit", "binance"],
    "symbol": ["BTCUSDT", "ETHUSDT", "BTCUSDT"],
    "side": ["long", "Short", "long"],
    "qty": [0.5, 2.0, None],
    "entry_price": [60000.1, 3000.0, 61000.0],
    "leverage": [20, 10, 5],
    "account_id": ["x", None, "x"],
}
ONE = {"exchange": "binance", "symbol": "BTCUSDT", "side": "long", "qty": 1, "entry_price": 60000}


def categories(frame):
    return frame.astype(dict.fromkeys(("exchange", "symbol", "side", "account_id"), "category"))


def of_words(cast):
    names = ("exchange", "symbol", "side", "account_id")
    return {name: cast(column) if name in names else column for name, column in POSITIONS.items()}


KINDS = {
    "lists": POSITIONS,
    "numpy objects": {n: np.array(c, dtype=object) for n, c in POSITIONS.items()},
    "arrow arrays in a dict": {n: pa.array(c) for n, c in POSITIONS.items()},
    "codes in a dict": of_words(Coded.of),
    "arrow": pa.table(POSITIONS),
    "arrow batch": pa.RecordBatch.from_pydict(POSITIONS),
    "arrow in chunks": pa.concat_tables([pa.table(POSITIONS)[:1], pa.table(POSITIONS)[1:]]),
    "arrow dictionaries": pa.table(of_words(lambda c: pa.array(c).dictionary_encode())),
    "arrow dictionaries in chunks": pa.concat_tables(
        pa.table(of_words(lambda c: pa.array(c).dictionary_encode())).slice(i, 1) for i in range(3)
    ),
    "arrow views": pa.table(of_words(lambda c: pa.array(c, type=pa.string_view()))),
    "polars": pl.DataFrame(POSITIONS),
    "polars categories": pl.DataFrame(POSITIONS).cast({"side": pl.Categorical}),
    "polars enums": pl.DataFrame(POSITIONS).cast({"side": pl.Enum(["Short", "long", "none"])}),
    "pandas": pd.DataFrame(POSITIONS, index=[7, 8, 9]),
    "pandas categories": categories(pd.DataFrame(POSITIONS)),
    "pandas arrow": pd.DataFrame(POSITIONS).convert_dtypes(dtype_backend="pyarrow"),
    "pandas nullable": pd.DataFrame(POSITIONS).convert_dtypes(),
}


@pytest.fixture(params=KINDS, name="table")
def _table(request):
    return KINDS[request.param]


def read(table, **given):
    return tables.read(table, given)[0]


_DECIMALS = st.decimals(-(10**17), 10**17, allow_nan=False, places=9) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20
).filter(lambda number: not number or abs(number.adjusted()) < 30)


def texts(numbers):
    return [str(number) for number in numbers]


def arrow(numbers):
    return pa.array(numbers)


def doubled(numbers):
    return pa.array(texts(numbers)).dictionary_encode()


def word(name, value, row=0):
    return read({**ONE, name: value}).word(name, row)


def as_lists(table):
    """Return a table of any kind as lists by name, None where there is nothing."""
    if isinstance(table, dict):
        return {n: [v or None for v in np.asarray(c).tolist()] for n, c in table.items()}
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    return table.to_dict(as_series=False) if isinstance(table, pl.DataFrame) else table.to_pydict()


RESULTS_OF_THREE = Results(
    numbers={"margin_ratio": np.array([0.5, np.nan, 2.0])},
    whole={"tier": np.array([1, 0, 3], dtype=np.int16)},
    words={
        "status": Coded.of(["invalid", "indeterminate", "invalid"]),
        "reason": Coded.of([None, "no price", None]),
    },
    about={"warnings": {"LQ401": "assumed"}},
)


class TestReading:
    """The same positions are the same columns, whatever the table."""

    def test_words_are_those_given(self, table):
        columns = read(table)

        assert columns.rows == 3
        assert columns.words["exchange"].texts() == ["binance", "bybit", "binance"]
        assert columns.words["symbol"].texts() == ["BTCUSDT", "ETHUSDT", "BTCUSDT"]
        assert columns.words["side"].texts() == ["long", "short", "long"]
        assert columns.words["account_id"].texts() == ["x", None, "x"]
        assert all(words.codes.dtype == np.int32 for words in columns.words.values())

    def test_numbers_are_contiguous_floats_with_nan_for_none(self, table):
        columns = read(table)

        np.testing.assert_array_equal(columns.numbers["qty"], [0.5, 2, np.nan])
        np.testing.assert_array_equal(columns.numbers["leverage"], [20.0, 10, 5])
        for values in columns.numbers.values():
            assert values.dtype == np.float64
            assert values.flags.c_contiguous
        assert (columns.inexact, columns.faults) == (None, None)

    def test_what_is_no_input_is_not_read(self, table):
        columns = read(table)

        assert {*columns.words, *columns.numbers} == {*POSITIONS} - {"desk"}

    def test_floats_are_not_copied(self):
        prices = np.array([60000.0, 61000.0])
        for table in (
            {**ONE, "entry_price": prices},
            pd.DataFrame({**ONE, "entry_price": pd.Series(prices, copy=False)}, copy=False),
            pa.table({n: [v] * 2 for n, v in ONE.items()} | {"entry_price": prices}),
        ):
            assert np.shares_memory(prices, read(table).numbers["entry_price"])

    def test_one_value_stands_for_every_row(self):
        columns = read({**ONE, "qty": [1, 2, 3]}, leverage="12.5", as_of=dt.date(2026, 1, 5))

        assert columns.words["symbol"].texts() == ["BTCUSDT"] * 3
        assert columns.words["as_of"].texts() == ["2026-01-05"] * 3
        np.testing.assert_array_equal(columns.numbers["entry_price"], [60000.0] * 3)
        np.testing.assert_array_equal(columns.numbers["leverage"], [12.5] * 3)

    def test_values_alone_are_one_row(self):
        assert read(ONE).rows == 1

    @pytest.mark.parametrize("kind", [pa.table, pl.DataFrame, pd.DataFrame, dict])
    def test_a_table_without_rows_gives_one_with_results(self, kind):
        found = batch.evaluate(kind({name: [] for name in POSITIONS}))

        assert list(found.keys() if kind is dict else as_lists(found)) == [*POSITIONS, *RESULTS]
        assert all(len(column) == 0 for column in as_lists(found).values())


class TestNumbers:
    """A number is the decimal that was written, in whatever form it came."""

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ([0.1], "0.1"),
            (np.array([0.1], dtype=np.float32), "0.1"),
            (np.array([0.1, 60000.123], dtype=">f8"), "0.1"),
            (np.array([3], dtype=">i4"), "3"),
            (np.array([1, 2], dtype=np.uint8), "1"),
            ([Decimal("0.10")], "0.1"),
            ([Decimal("0.1"), 2.5, "3"], "0.1"),
            (["0.5"], "0.5"),
            ([" 1e3 "], "1000"),
            (["+.5"], "0.5"),
            (np.array(["0.25"]), "0.25"),
            (np.array([b"0.25"]), "0.25"),
            (pa.array(["0.25"]).dictionary_encode(), "0.25"),
            (np.array([0.1], dtype=np.float16), "0.1"),
            (pa.array([Decimal("0.00000001")], pa.decimal128(38, 18)), "0.00000001"),
            (pa.array([Decimal("0.000000000012")], pa.decimal128(38, 18)), "0.000000000012"),
            (pa.array([None, Decimal("-7.3"), None], pa.decimal128(9, 2))[1:], "-7.3"),
            (pa.array([Decimal("999999999999.999")], pa.decimal128(15, 3)), "999999999999.999"),
            (pa.array([Decimal(12000)], pa.decimal128(5, -3)), "12000"),
            (pa.array([Decimal("0.1")], pa.decimal256(40, 20)), "0.1"),
            (pa.array(np.array([0.1], dtype=np.float16)), "0.1"),
            (np.array([np.longdouble("0.1")]), "0.1"),
            (pd.Series([5], dtype="Int64"), "5"),
            (pd.Categorical([0.5]), "0.5"),
            (pl.Series([Decimal("0.5")]), "0.5"),
        ],
    )
    def test_a_float_holds_it(self, given, meant):
        columns = read({**ONE, "qty": given})

        assert Decimal(meant) == columns.number("qty", 0)
        assert Decimal(meant) == Decimal(repr(float(columns.numbers["qty"][0])))
        assert columns.inexact is None

    @pytest.mark.parametrize(
        "given",
        [
            [Decimal("0.12345678901234567890")],
            [Decimal("12345678901234567.8")],
            [Decimal(-(2**63))],
            ["0.12345678901234567890"],
            [9007199254740993],
            np.array([9007199254740993]),
            [2**70 + 1],
            [-9007199254740993],
            ["1234567890.12345678"],
        ],
    )
    def test_digits_that_a_float_loses_are_kept_beside_it(self, given):
        columns = read({**ONE, "qty": [*given, *given]}, leverage="0.1")

        assert Decimal(given[0] if isinstance(given, list) else int(given[0])) == columns.number(
            "qty", 1
        )
        assert columns.inexact.tolist() == [True, True]

    @pytest.mark.parametrize(
        "text", ["60000.00000000000000", "0.0000000000000000", "100" + "0" * 20]
    )
    def test_zeros_at_the_end_cost_nothing(self, text):
        columns = read({**ONE, "qty": [text]})

        assert Decimal(text) == columns.number("qty", 0)
        assert columns.inexact is None

    @pytest.mark.parametrize(
        "nothing", [[None], [""], ["  "], [float("nan")], ["NaN"], [Decimal("NaN")], [pd.NA]]
    )
    def test_nothing_is_not_given(self, nothing):
        columns = read({**ONE, "leverage": nothing})

        assert columns.number("leverage", 0) is None
        assert columns.faults is None

    def test_a_masked_cell_is_not_given(self):
        columns = read({**ONE, "qty": np.ma.masked_array([1.0, 2.0], [False, True])})

        np.testing.assert_array_equal(columns.numbers["qty"], [1, np.nan])

    @pytest.mark.parametrize(
        ("cell", "shown"),
        [
            ("abc", "'abc'"),
            ("60,000", "'60,000'"),
            ("5%", "'5%'"),
            ("1_000", "'1_000'"),
            ("0x10", "'0x10'"),
            ("1e999", "'1e999'"),
            ("inf", "'inf'"),
            (float("-inf"), "'-inf'"),
            (np.float32("inf"), "'inf'"),
            (True, "'true'"),
        ],
    )
    def test_what_is_no_number_is_said_in_its_row(self, cell, shown):
        columns = read({**ONE, "qty": [cell]})

        assert columns.faults.texts() == [f"qty is {shown}, not a number"]
        assert np.isnan(columns.numbers["qty"]).all()

    def test_other_rows_are_not_touched_and_a_row_says_all(self):
        columns = read({**ONE, "qty": ["1", "x", "y", ""], "leverage": ["2", "z", "3", "4"]})

        assert columns.faults.texts() == [
            None,
            "qty is 'x', not a number; leverage is 'z', not a number",
            "qty is 'y', not a number",
            None,
        ]
        np.testing.assert_array_equal(columns.numbers["leverage"], [2, np.nan, 3, 4])

    @pytest.mark.parametrize("cells", [[[1]], [dt.date(2026, 1, 5)], [{"a": 1}]])
    def test_cells_that_never_are_numbers_are_refused(self, cells):
        with pytest.raises(InputError, match=r"qty: holds .*, not numbers"):
            read({**ONE, "qty": cells})


class TestEveryNumber:
    """Whatever is written comes out with all of its digits, beside a float that is nearest."""

    @given(st.lists(_DECIMALS, min_size=1), st.sampled_from([list, texts, arrow, doubled]))
    def test_decimals(self, numbers, form):
        columns = read({**ONE, "qty": form(numbers)})

        rows = range(len(numbers))
        assert [columns.number("qty", row) for row in rows] == numbers
        assert columns.numbers["qty"].tolist() == [float(number) for number in numbers]
        lost = [Decimal(repr(float(number))) != number for number in numbers]
        assert (lost if any(lost) else None) == (
            None if columns.inexact is None else columns.inexact.tolist()
        )

    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1))
    def test_floats_of_half_the_length(self, numbers):
        column = np.array(numbers, dtype=np.float32)
        columns = read({**ONE, "qty": column})

        assert [columns.number("qty", row) for row in range(len(numbers))] == [
            Decimal(str(number)) for number in column
        ]


class TestWords:
    """A word is read without the spaces around it, each once."""

    def test_words_that_become_the_same_are_one(self):
        column = read({**ONE, "side": [" LONG", "long", "Short ", "1", "buy", "", None]}).words[
            "side"
        ]

        assert column.texts() == ["long", "long", "short", "long", "buy", None, None]
        assert sorted(column.words) == ["buy", "long", "short"]

    @pytest.mark.parametrize(
        "signs", [[1, -1], [1.0, -1.0], np.array([1, -1], dtype=np.int8), [Decimal(1), Decimal(-1)]]
    )
    def test_signs_are_sides(self, signs):
        assert (word("side", signs, 0), word("side", signs, 1)) == ("long", "short")

    @pytest.mark.parametrize(
        "ids",
        [
            [12, -7, 12],
            np.array([12, -7, 12], dtype=np.int8),
            np.array([100, -100, 100], dtype=np.int8),
            [2**62, -(2**62), 2**62],
            np.array([2**64 - 1, 5, 2**64 - 1], dtype=np.uint64),
            pa.array([3, None, 3]),
            pd.Series([3, None, 3], dtype="Int64"),
            pl.Series(["a", None, "a"], dtype=pl.Categorical),
        ],
    )
    def test_accounts_may_be_numbers(self, ids):
        given = ids.to_list() if isinstance(ids, pl.Series) else list(pa.array(ids).to_pylist())

        assert read({**ONE, "account_id": ids}).words["account_id"].texts() == [
            None if one is None else str(one) for one in given
        ]

    def test_many_accounts_are_not_made_into_texts(self):
        texts = [f"account {i}" for i in range(10_000)]
        column = read({**ONE, "account_id": texts}).words["account_id"]

        assert not isinstance(column.words, tuple)
        assert list(column.words) == texts
        assert column.words[-1] == column.at(9_999) == "account 9999"
        assert list(column.words[2:4]) == texts[2:4]
        assert column.texts() == texts

    @pytest.mark.parametrize(
        "days",
        [
            ["2026-01-05"],
            [dt.date(2026, 1, 5)],
            [dt.datetime(2026, 1, 5, 23, 59, tzinfo=dt.UTC)],
            [dt.datetime(2026, 1, 6, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))],
            [dt.date(2026, 1, 5), dt.datetime(2026, 1, 5, 12)],  # noqa: DTZ001 - as some give it
            np.array(["2026-01-05"], dtype="M8[D]"),
            np.array(["2026-01-05T23:59:59.999999999"], dtype="M8[ns]"),
            pa.array([dt.date(2026, 1, 5)], pa.date64()),
            pa.array([dt.date(2026, 1, 5)]).dictionary_encode(),
            pd.Series(pd.to_datetime(["2026-01-05T20:00-04:00"])).dt.tz_convert("Asia/Tokyo"),
            pl.Series([dt.datetime(2026, 1, 5, 3)]),  # noqa: DTZ001 - as some give it
        ],
    )
    def test_days_are_iso_dates_of_utc(self, days):
        expected = "2026-01-06" if isinstance(days, pd.Series) else "2026-01-05"

        assert word("as_of", days) == expected

    def test_a_day_that_is_missing_is_not_given(self):
        days = np.array(["2026-01-05", "NaT"], dtype="M8[s]")

        assert read({**ONE, "as_of": days}).words["as_of"].texts() == ["2026-01-05", None]

    def test_codes_without_a_word_are_refused(self):
        with pytest.raises(InputError, match="symbol: has codes without a word"):
            read({**ONE, "symbol": Coded(np.array([0, 2]), ("BTCUSDT", "ETHUSDT"))})


class TestRefusing:
    """A table that cannot be meant is refused, with everything that is wrong."""

    @pytest.mark.parametrize("name", ["Entry Price", "EntryPrice", "entry-price", "ENTRY_PRICE"])
    def test_a_misspelt_name_would_be_ignored(self, name):
        table = {**ONE, name: ONE["entry_price"]}
        del table["entry_price"]

        with pytest.raises(InputError) as caught:
            read(table)

        assert [fault.where for fault in caught.value.faults] == [repr(name)]
        assert caught.value.hint == "call it entry_price"

    def test_another_name_beside_the_right_one_is_carried(self):
        assert read({**ONE, "Symbol": "Bitcoin"}).word("symbol", 0) == "BTCUSDT"

    def test_all_that_is_missing_is_said_at_once(self):
        with pytest.raises(InputError) as caught:
            read({"side": ["long"]})

        assert [fault.where for fault in caught.value.faults] == [
            "exchange",
            "symbol",
            "qty or contracts",
            "entry_price or mark_price",
        ]

    def test_lengths_must_agree(self):
        with pytest.raises(InputError, match="qty: has 3 rows, but side has 2"):
            read({**ONE, "side": ["long"] * 2, "qty": np.ones(3)})

    def test_a_name_given_twice(self):
        column = pa.array(["binance"])
        with pytest.raises(InputError, match="symbol: is the name of two columns"):
            read(pa.Table.from_arrays([column] * 2, names=["symbol", "symbol"]))
        with pytest.raises(InputError, match="qty: is both a column and given for every row"):
            read(ONE, qty=2)

    def test_what_is_given_must_be_one_value_of_an_input(self):
        with pytest.raises(InputError) as caught:
            read(ONE, levrage=2, leverage=[1, 2])

        assert [fault.where for fault in caught.value.faults] == ["levrage", "leverage"]

    def test_two_dimensions(self):
        with pytest.raises(InputError, match="qty: has 2 dimensions, not one"):
            read({**ONE, "qty": np.ones((2, 2))})

    def test_what_pyarrow_cannot_read(self):
        with pytest.raises(InputError, match="as_of: cannot be read"):
            read({**ONE, "as_of": pd.Series(pd.period_range("2026-01-05", periods=2, freq="D"))})

    @pytest.mark.parametrize(
        ("table", "hint"),
        [
            (pl.LazyFrame(ONE), r"table\.collect\(\)"),
            ([ONE], r"Table\.from_pylist\(rows\)"),
            ("positions.parquet", "read the file first"),
            (pd.Series([1]), "is a Series, not a dict of columns"),
        ],
    )
    def test_what_is_no_table(self, table, hint):
        with pytest.raises(InputError, match=hint):
            read(table)


class TestWriting:
    """Results are added to the table that was given, of the same kind."""

    def test_kind_rows_and_columns_stay(self, table):
        found = tables.read(table, {})[1](RESULTS_OF_THREE)

        assert isinstance(found, type(table))
        found = as_lists(found)
        assert list(found) == [*POSITIONS, "status", "margin_ratio", "tier", "reason"]
        assert found["desk"] == ["a", "b", "c"]
        assert found["status"] == ["invalid", "indeterminate", "invalid"]
        assert found["reason"] == [None, "no price", None]
        assert found["tier"] == [1, None, 3]
        np.testing.assert_array_equal(
            np.array(found["margin_ratio"], dtype=float), [0.5, np.nan, 2]
        )

    def test_the_same_positions_end_at_the_same_prices(self, table):
        found = batch.evaluate(table, given={"as_of": "2026-06-01"}, today="2026-11-22")

        prices = np.array(as_lists(found)["liquidation_price"], dtype=np.float64)
        first = liqcalc.price(
            "binance", "BTCUSDT", "long", "0.5", entry_price="60000.1", leverage="20"
        )
        second = liqcalc.price("bybit", "ETHUSDT", "short", "2", entry_price="3000", leverage="10")
        expected = [first.liquidation_price, second.liquidation_price, "nan"]
        np.testing.assert_array_equal(prices, [float(str(price)) for price in expected])

    def test_an_input_of_the_name_of_a_result_is_replaced(self):
        table = {**POSITIONS, "tier": ["x"] * 3}
        for kind in (dict, pa.table, pl.DataFrame, pd.DataFrame):
            found = as_lists(tables.read(kind(table), {})[1](RESULTS_OF_THREE))

            assert found["tier"] == [1, None, 3]
            assert len(found) == len(POSITIONS) + 4

    def test_types_of_arrow(self):
        table = pa.table(POSITIONS).replace_schema_metadata({b"mine": b"kept"})
        found = tables.read(table, {})[1](RESULTS_OF_THREE)

        found.validate(full=True)
        words = pa.dictionary(pa.int32(), pa.string())
        assert [found.schema.field(name).type for name in ("status", "margin_ratio", "tier")] == [
            words,
            pa.float64(),
            pa.int16(),
        ]
        assert found.schema.metadata == {
            b"mine": b"kept",
            b"liqcalc": b'{"warnings": {"LQ401": "assumed"}}',
        }

    def test_types_of_frames(self):
        polars = tables.read(KINDS["polars"], {})[1](RESULTS_OF_THREE)
        pandas = tables.read(KINDS["pandas"], {})[1](RESULTS_OF_THREE)

        assert polars.schema["status"] == pl.Categorical
        assert polars.schema["tier"] == pl.Int16
        assert str(pandas["status"].dtype) == "category"
        assert str(pandas["tier"].dtype) == "Int16"
        assert pandas.index.tolist() == [7, 8, 9]
        assert pandas.attrs["liqcalc"] == RESULTS_OF_THREE.about
        assert "status" not in KINDS["pandas"].columns

    def test_words_of_a_dict_are_codes_until_they_are_looked_at(self):
        found = tables.read(POSITIONS, {})[1](RESULTS_OF_THREE)

        assert found.codes("status").codes.tolist() == [0, 1, 0]
        assert found.codes("status").words == ("invalid", "indeterminate")
        assert (found["status"] == "invalid").tolist() == [True, False, True]
        assert found["reason"].tolist() == ["", "no price", ""]
        assert found["desk"] is POSITIONS["desk"]

    @pytest.mark.parametrize(
        "other",
        [
            dict,
            dict.copy,
            lambda f: {**f},
            lambda f: f | {},
            lambda f: dict(f.items()),
            lambda f: dict(zip(f, f.values(), strict=True)),
            lambda f: {"status": f.get("status")},
            lambda f: {"status": f.pop("status")},
            lambda f: pickle.loads(pickle.dumps(f)),  # noqa: S301 - our own
            pd.DataFrame,
            pl.DataFrame,
            pa.table,
        ],
    )
    def test_a_dict_shows_texts_whichever_way_it_is_used(self, other):
        found = tables.read(POSITIONS, {})[1](RESULTS_OF_THREE)

        column = other(found)["status"]
        assert (column.to_pylist() if isinstance(column, pa.ChunkedArray) else list(column)) == [
            "invalid",
            "indeterminate",
            "invalid",
        ]

    def test_what_was_found_can_be_evaluated_again(self):
        first = batch.evaluate(POSITIONS, today="2026-11-22")
        again = batch.evaluate(first, today="2026-11-22")

        np.testing.assert_array_equal(first["liquidation_price"], again["liquidation_price"])


def test_inputs_and_results_share_only_max_leverage():
    assert {*WORDS, *NUMBERS} & {*RESULTS} == {"max_leverage"}
