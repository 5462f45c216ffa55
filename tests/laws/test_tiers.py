"""Laws of tier tables: triples at every edge of real ones, and crossings of invented ones."""

from __future__ import annotations

import os
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.curve import DOWN, UP, Curve
from liqcalc.engine.numbers import exact
from liqcalc.engine.tiers import Schedule, Tier, TierLeg, TierRow
from liqcalc.engine.words import TierApplies, TierBy
from liqcalc.rules.schema import MarginMode
from tests.laws.compare import answer
from tests.laws.disturb import text
from tests.laws.folders import EXCHANGES, Row, Sheet, folder, has, setting

if TYPE_CHECKING:
    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.symbol_files import TierTable

D = Decimal
ONE = D(1)
THOROUGH = os.environ.get("LIQCALC_TESTS") == "thorough"
SYMBOLS = 10**6 if THOROUGH else 3  # of an exchange, those with the most edges first
PRICED = 10**6 if THOROUGH else 12  # edges of a table at which prices are looked at


class Table(NamedTuple):
    """A table of a folder, with the sheet's keys that pick it."""

    exchange: str
    symbol: str
    product: Product
    rules_name: str
    mode: MarginMode
    known: TierTable

    def __hash__(self) -> int:
        """Return a hash that does not look at every row."""
        return hash(self.name)

    @property
    def rules(self) -> Rules:
        """Return the choices of the rule set that the table is for."""
        loaded = folder(self.exchange)
        return loaded.rules_on(self.known.from_, self.rules_name, self.product).choices

    @property
    def edges(self) -> list[tuple[int, TierRow, TierRow]]:
        """Return each row that has one above: its number from 1, itself, the one above."""
        rows = self.known.rows
        return [(at, lower, upper) for at, (lower, upper) in enumerate(pairwise(rows), start=1)]

    @property
    def priced_edges(self) -> list[TierRow]:
        """Return rows that have one above: all, or some of them, evenly spread."""
        rows = self.known.rows[:-1]
        return list(rows[:: -(-len(rows) // PRICED)])

    @property
    def name(self) -> str:
        """Return what a failure is called by."""
        parts = (self.exchange, self.symbol, self.known.from_, self.rules_name, self.mode)
        return "-".join(str(part) for part in parts)


def tables_of(exchange: str, symbol: str) -> list[Table]:
    """Return every table of a symbol that a sheet can pick, in each mode that it is for."""
    loaded = folder(exchange)
    contract, found = loaded.contract(symbol), loaded.tiers(symbol)
    tables: list[Table] = []
    for known in found.history if found is not None and contract is not None else ():
        assert contract is not None
        entry = loaded.rules_on(known.from_, known.rules, contract.product)
        mode = known.mode or MarginMode.ISOLATED
        if not has(exchange, "margin_modes", mode):
            mode = MarginMode.CROSS
        table = Table(exchange, symbol, contract.product, entry.name, mode, known)
        picked = loaded.tier_table(
            symbol, known.from_, rules=entry.name, mode=mode, leverage=known.leverage
        )
        counted = contract.contract_size is not None or not table.rules.by_contracts
        if picked == known and table.edges and counted:
            tables.append(table)
    return tables


def most_edges_first(exchange: str) -> list[list[Table]]:
    """Return the tables of each symbol of an exchange."""
    symbols = [tables_of(exchange, symbol) for symbol in folder(exchange).symbols()]
    return sorted(symbols, key=lambda tables: -sum(len(table.edges) for table in tables))


TABLES = [
    table
    for exchange in EXCHANGES
    for tables in most_edges_first(exchange)[:SYMBOLS]
    for table in tables
]
STEPPED = {
    exchange
    for exchange in EXCHANGES
    for symbol in folder(exchange).symbols()
    if (known := folder(exchange).tiers(symbol)) is not None
    and any(len(table.rows) > 1 for table in known.history)
}
on_every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


class TestEveryEdgeOfRealTables:
    """A step below an edge the lower row holds, a step above the upper one, at it one of them."""

    def test_every_folder_with_tables_is_covered(self) -> None:
        assert {table.exchange for table in TABLES} == STEPPED

    @on_every_table
    def test_the_number_of_the_tier(self, table: Table) -> None:
        upper_owns = 0 if table.rules.edge_in_lower else 1
        expected = [[at, at + upper_owns, at + 1] for at, _, _ in table.edges]
        found = [
            [int(_position(table, size)["tier"]) for size in _triple(table, lower)]
            for _, lower, _ in table.edges
        ]

        assert expected == found

    @on_every_table
    def test_the_maintenance(self, table: Table) -> None:
        for _, lower, upper in table.edges:
            owner = lower if table.rules.edge_in_lower else upper
            sizes = _triple(table, lower)
            expected = [
                _required(table, row, size)
                for row, size in zip((lower, owner, upper), sizes, strict=True)
            ]
            found = [D(_position(table, s)["exact"]["maintenance_margin"]) for s in sizes]
            apart = (abs(one - other) for one, other in zip(expected, found, strict=True))

            assert max(apart) <= _unit(table) + D("1e-6")  # a third of a cent has no last digit

    @on_every_table
    def test_only_whole_rates_jump(self, table: Table) -> None:
        for _, lower, upper in table.edges:
            below, at, above = (
                D(_position(table, size)["exact"]["maintenance_margin"])
                for size in _triple(table, lower)
            )
            step = _value(table, _triple(table, lower)[2] - _triple(table, lower)[0])
            grown = step * upper.mmr + 2 * _unit(table) + D("1e-6")

            assert below <= at <= above
            assert (above - below > grown) is (
                table.rules.tier_applies is TierApplies.WHOLE and upper.mmr > lower.mmr
            )

    @on_every_table
    @pytest.mark.parametrize("side", ["long", "short"])
    def test_the_price_balances(self, table: Table, side: str) -> None:
        """Just before the price the position is safe, just behind it it is not."""
        for lower in table.priced_edges:
            for size in _triple(table, lower):
                required = D(_position(table, size)["exact"]["maintenance_margin"])
                margin = required + (_value(table, size) - required) / 8
                found = _position(table, size, side, margin)
                name = "lower_liquidation_price" if side == "long" else "upper_liquidation_price"
                if (
                    found["status"] == "indeterminate"
                ):  # the price lies beyond the rows that are known
                    assert not table.known.complete
                    continue
                root = D(found["exact"][name])
                if table.rules.tier_by is TierBy.VALUE_AT_MARK:  # another mark, another tier
                    lost = abs(_value(table, size, root) - _value(table, size))
                    assert abs(lost - (margin - required)) <= size * 2 * _unit(table)
                    continue
                outward = (1 if side == "short" else -1) * root * D("1e-9")
                marks = (root - outward, root + outward)
                beside = [_position(table, size, side, margin, mark) for mark in marks]
                gone = [each["status"] == "already_liquidatable" for each in beside]
                assert gone == [False, True]


def _triple(table: Table, lower: TierRow) -> tuple[Decimal, Decimal, Decimal]:
    """Return sizes a step below the cap of a row, at it, and a step above."""
    assert lower.cap is not None
    step = D(1) if table.rules.by_contracts else D(1).scaleb(lower.cap.adjusted() - 6)
    return lower.cap - step, lower.cap, lower.cap + step


def _value(table: Table, size: Decimal, price: Decimal = ONE) -> Decimal:
    """Return the value of a size that the tiers count at price 1, at another price."""
    if table.rules.by_contracts:
        contract = folder(table.exchange).contract(table.symbol)
        assert contract is not None
        size *= contract.contract_size or D(1)
    return size / price if table.product is Product.INVERSE else size * price


def _required(table: Table, row: TierRow, size: Decimal) -> Decimal:
    """Return the maintenance of a size at price 1 that a row holds: in all, or slice by slice."""
    if table.rules.tier_applies is TierApplies.WHOLE:
        return _value(table, size) * row.mmr
    below = [each for each in table.known.rows if each.floor < row.floor]
    slices = [(upper.floor - lower.floor) * lower.mmr for lower, upper in pairwise([*below, row])]
    return _value(table, sum(slices, (size - row.floor) * row.mmr))


def _unit(table: Table) -> Decimal:
    """Return the unit of money that the exchange counts in, or 0."""
    contract, money = folder(table.exchange).contract(table.symbol), table.rules.money
    if contract is None or money is None:
        return D(0)
    return money.unit(contract.settle) or D(0)


@cache
def _position(
    table: Table, size: Decimal, side: str = "long", margin: Decimal = ONE, mark: Decimal = ONE
) -> dict[str, Any]:
    """Return the answer about a position of `size`, entered at price 1."""
    row: Row = {"symbol": table.symbol, "side": side, "entry_price": "1", "mark_price": str(mark)}
    row["contracts" if table.rules.by_contracts else "qty"] = text(size)
    account: Row = {"margin_mode": str(table.mode)}
    if table.mode is MarginMode.ISOLATED:
        row["margin"] = str(margin)
    else:
        account["wallet_balance"] = str(margin)
    if table.known.leverage is not None:
        row["leverage"] = str(table.known.leverage)
    sheet: Sheet = {
        "exchange": table.exchange,
        "as_of": table.known.from_,
        "rules": table.rules_name,
        "account": account,
        "positions": [row],
        "fees": {"taker": "0", "liquidation": "0"},
        "parameters": dict.fromkeys(setting(table.exchange, "minimum_requirement"), "0"),
    }
    found: dict[str, Any] = answer(sheet)["positions"][0]
    return found


LINEAR = Contract("X", Product.LINEAR, "COIN", "USDT", "USDT")
INVERSE = Contract("X", Product.INVERSE, "COIN", "USD", "COIN")
LOW = Tier(floor=D(0), cap=D(100), mmr=D("0.1"))
HIGH = Tier(floor=D(100), cap=D(200), mmr=D("0.2"))
WHOLE = (LOW, HIGH)
MARGINAL = (LOW, HIGH._replace(deduction=D(10)))


def maintenance(
    contract: Contract, rows: tuple[Tier, ...], qty: int, *, edge_in_lower: bool = True
) -> TierLeg:
    return TierLeg(contract, D(qty), Schedule(rows, edge_in_lower=edge_in_lower), factor=D(1))


class TestNoJumpAtAContinuousEdge:
    """Marginal maintenance is the same from both rows at their edge."""

    @pytest.mark.parametrize("contract", [LINEAR, INVERSE])
    def test_health_is_continuous(self, contract: Contract) -> None:
        leg = maintenance(contract, MARGINAL, 2)
        edge = leg.edge(0, UP if contract.linear else DOWN)
        assert edge is not None
        curve = Curve((D(0), D(0), D(0)), [leg])
        around = [curve.at(edge * factor) for factor in (D("0.999999999"), D(1), D("1.000000001"))]

        assert D(-10) == around[1]
        assert all(abs(value + 10) < D("1e-7") for value in around)

    def test_a_root_at_the_edge_is_found_from_both_sides(self) -> None:
        # health = 2*p - 90 - maintenance; at p = 50: 100 - 90 - 10 = 0.
        for start, direction in ((D(60), DOWN), (D(40), UP)):
            curve = Curve((D(-90), D(2), D(0)), [maintenance(LINEAR, MARGINAL, 2)])
            crossing = curve.crossing(curve.stand(start), direction)
            assert crossing is not None
            assert D(50) == crossing.price


class TestTheRightSideOfAJump:
    """Where a whole rate jumps over the backing at an edge, the edge itself is the price."""

    def crossing(self, contract: Contract, cash: str, slope: int, start: int, way: int) -> object:
        with exact():
            curve = Curve((D(cash), D(slope), D(0)), [maintenance(contract, WHOLE, 2)])
            found = curve.crossing(curve.stand(D(start)), way)
        return None if found is None else (found.price, found.jump)

    def test_a_short_that_grows_into_the_higher_row(self) -> None:
        # cash 115 - 2*p - rate*2*p: at 50 from below 115 - 100 - 10 = 5, from above -5.
        assert (D(50), True) == self.crossing(LINEAR, "115", -2, 40, UP)

    def test_a_short_whose_root_lies_before_the_edge(self) -> None:
        # cash 99 - 2.2*p = 0 at p = 45.
        assert (D(45), False) == self.crossing(LINEAR, "99", -2, 40, UP)

    def test_a_short_whose_root_lies_behind_the_edge(self) -> None:
        # cash 132 - 2.4*p = 0 at p = 55; at the edge 132 - 120 = 12 is left.
        assert (D(55), False) == self.crossing(LINEAR, "132", -2, 40, UP)

    def test_an_inverse_position_meets_the_edge_as_the_price_falls(self) -> None:
        # value 2/p: above 100 below p = 0.02; cash 15, required 10 before and 20 behind it.
        assert (D("0.02"), True) == self.crossing(INVERSE, "15", 0, 1, DOWN)

    @pytest.mark.parametrize(("edge_in_lower", "row"), [(True, 0), (False, 1)])
    def test_the_edge_belongs_to_one_row(self, edge_in_lower: bool, row: int) -> None:  # noqa: FBT001
        leg = maintenance(LINEAR, WHOLE, 2, edge_in_lower=edge_in_lower)

        assert [0, row, 1] == [leg.index_at(D(price)) for price in ("49.99", "50", "50.01")]
