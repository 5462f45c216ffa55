"""Rows one by one with the exact engine: the judge of the fast way, and its last resort."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from liqcalc.answers.account import pools_of, size_warnings
from liqcalc.answers.guard import computable
from liqcalc.answers.request import read_mode, read_side
from liqcalc.answers.resolve import resolve
from liqcalc.engine.evaluate import evaluate_position
from liqcalc.engine.numbers import ZERO, exact
from liqcalc.engine.tiers import TierRow
from liqcalc.errors import Fault, InputError, LiqcalcError
from liqcalc.rules.schema import MarginMode, PositionMode
from liqcalc.rules.sheet import (
    AccountRow,
    FeesRow,
    PositionRow,
    Sheet,
    check_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from decimal import Decimal

    from liqcalc.answers.resolved import Resolved
    from liqcalc.batch.columns import Columns
    from liqcalc.engine.result import PositionResult
    from liqcalc.rules.catalog import Catalog

INVALID = "invalid"
FIGURES = (
    *("liquidation_price", "bankruptcy_price", "notional", "initial_margin"),
    *("maintenance_margin", "margin_ratio", "max_leverage"),
)


class Found(NamedTuple):
    """What was found about one row.

    Attributes:
        status: one of the four, or ``invalid``.
        reason: why there is no liquidation price; "" if there is one.
        figures: as the exchange prints them; None where there is none.
        tier: row of the table, 1 = lowest; 0 if not known.
        rule_set: its code; "" if not known.
        warnings: codes.
    """

    status: str
    reason: str = ""
    figures: dict[str, Decimal | None] = {}  # noqa: RUF012 - never changed
    tier: int = 0
    rule_set: str = ""
    warnings: tuple[str, ...] = ()


class _Row(NamedTuple):
    """A row as the exact engine takes it."""

    at: int
    exchange: str
    position: PositionRow
    cross: bool
    hedge: bool
    taker: Decimal | None
    liquidation_fee: Decimal | None
    wallet: Decimal | None
    tier: TierRow | None
    as_of: str | None
    rules: str | None


class ExactRows:
    """Evaluates rows of columns, one after the other.

    Args:
        columns: of positions.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        self.columns = columns
        self.catalog = catalog
        self.today = today

    def find(self, rows: Iterable[int]) -> dict[int, Found]:
        """Return what is found about `rows`; they must hold the whole of each cross pool."""
        found: dict[int, Found] = {}
        pools: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at in rows:
            key = self.pool_of(at)
            if key is None:
                found |= self._of_pool([at])
            else:
                pools[key].append(at)
        for members in pools.values():
            found |= self._of_pool(members)
        return found

    def pool_of(self, at: int) -> tuple[str, str] | None:
        """Return the account and exchange whose cross pool a row belongs to; None for its own."""
        account = self.columns.word("account_id", at)
        if account is None or self.columns.word("margin_mode", at) != MarginMode.CROSS:
            return None
        return account, str(self.columns.word("exchange", at))

    def _of_pool(self, members: Sequence[int]) -> dict[int, Found]:
        found: dict[int, Found] = {}
        rows: list[_Row] = []
        for at in members:
            try:
                with exact():
                    rows.append(self.read(at))
            except LiqcalcError as error:
                found[at] = Found(INVALID, said(error))
        if found:
            bad = min(found)
            account = self.columns.word("account_id", bad)
            symbol = self.columns.word("symbol", bad)
            reason = f"account {account} holds a position that cannot be read: {symbol}"
            return found | {row.at: Found("indeterminate", reason) for row in rows}
        try:
            return self._evaluated(rows)
        except LiqcalcError as error:
            return {at: Found(INVALID, said(error)) for at in members}

    @computable
    def _evaluated(self, rows: list[_Row]) -> dict[int, Found]:
        with exact():
            found = resolve(sheet_of(rows), self.catalog, today=self.today)
            for i, row in enumerate(rows):
                if row.taker is not None:
                    position = found.positions[i]
                    found.positions[i] = position._replace(taker=row.taker, exchange_taker=None)
            marked, plans = pools_of(found)
            return {
                row.at: _found(found, i, evaluate_position(m, plan.pool, plan.backing))
                for i, (row, m, plan) in enumerate(
                    zip(rows, marked, plans.by_position, strict=True)
                )
            }

    def read(self, at: int) -> _Row:
        """Return a row, or raise with everything that is wrong with it."""
        columns = self.columns
        if columns.faults is not None and (fault := columns.faults.at(at)) is not None:
            raise InputError(Fault("LQ104", "", fault))
        missing = [name for name in ("exchange", "symbol", "side") if not columns.word(name, at)]
        if missing:
            raise InputError(Fault("LQ105", ", ".join(missing), "missing"))

        def number(name: str) -> Decimal | None:
            return columns.number(name, at)

        mode = read_mode(columns.word("margin_mode", at) or MarginMode.ISOLATED)
        level = number("risk_level")
        exchange, symbol = str(columns.word("exchange", at)), str(columns.word("symbol", at))
        if level is not None and level != level.to_integral_value():
            raise InputError(Fault("LQ105", "risk_level", f"is {level}, not a whole number"))
        row = _Row(
            at=at,
            exchange=exchange,
            position=PositionRow(
                symbol=self.catalog.exchange(exchange).find_symbol(symbol),
                side=read_side(str(columns.word("side", at))),
                margin_mode=mode,
                extra_margin=number("extra_margin") or ZERO,
                funding_paid=number("funding_paid") or ZERO,
                accrued_fees=number("accrued_fees") or ZERO,
                risk_level=None if level is None else int(level),
                opened=columns.word("opened", at),
                **cast("dict[str, Any]", {name: number(name) for name in _OPTIONAL}),
            ),
            cross=mode is MarginMode.CROSS,
            hedge=columns.word("position_mode", at) == PositionMode.HEDGE,
            taker=number("taker"),
            liquidation_fee=number("liquidation_fee"),
            wallet=number("wallet_balance"),
            tier=_own_tier(number),
            as_of=columns.word("as_of", at),
            rules=columns.word("rules", at),
        )
        check_sheet(sheet_of([row]), where="")
        return row


_OPTIONAL = (
    *("qty", "contracts", "entry_price", "mark_price", "index_price", "leverage", "margin"),
    *("funding_rate", "max_leverage"),
)


def _own_tier(number: Callable[[str], Decimal | None]) -> TierRow | None:
    rate, deduction = number("mmr"), number("deduction")
    if rate is None:
        if deduction is not None:
            hint = "give mmr with it"
            raise InputError(Fault("LQ105", "deduction", "is given without mmr", hint))
        return None
    return TierRow(floor=ZERO, mmr=rate, deduction=deduction)


def sheet_of(rows: list[_Row]) -> Sheet:
    """Return the sheet of a row, or of the rows of one cross pool."""
    first = rows[0]
    one = _same(rows, "wallet", "wallet_balance")
    mode = MarginMode.CROSS if first.cross else MarginMode.ISOLATED
    hedge = any(row.hedge for row in rows)
    tiers: dict[str, tuple[TierRow, ...]] = {}
    for row in rows:
        own = () if row.tier is None else (row.tier,)
        if own and tiers.setdefault(row.position.symbol, own) != own:
            message = f"differs among the positions in {row.position.symbol} of one account"
            raise InputError(Fault("LQ105", "mmr", message))
    return Sheet(
        exchange=first.exchange,
        positions=tuple(row.position for row in rows),
        as_of=_same(rows, "as_of", "as_of"),
        account=AccountRow(
            margin_mode=mode,
            position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
            wallet_balance=one if first.cross else None,
        ),
        tiers=tiers,
        fees=FeesRow(
            taker=first.taker if len(rows) == 1 else None,
            liquidation=_same(rows, "liquidation_fee", "liquidation_fee"),
        ),
        rules=_same(rows, "rules", "rules"),
    )


def _same(rows: list[_Row], name: str, column: str) -> Any:  # noqa: ANN401 - a field's value
    """Return what the rows of a pool say of their account; they must not contradict."""
    values = list(dict.fromkeys(v for row in rows if (v := getattr(row, name)) is not None))
    if len(values) > 1:
        message = f"differs among the positions of one account: {values[0]} and {values[1]}"
        raise InputError(Fault("LQ105", column, message, "give the account one value"))
    return values[0] if values else None


def _found(found: Resolved, i: int, result: PositionResult) -> Found:
    m, shown = result.marked, result.figures.shown
    entry = found.entries[i]
    warnings = [*found.warnings[i], *size_warnings(result)]
    return Found(
        status=str(result.status),
        reason=result.figures.reasons.get("liquidation_price", ""),
        figures={name: shown.get(name) for name in FIGURES},
        tier=0 if m.tier_index is None else m.tier_index + 1,
        rule_set=f"{found.exchange.id}:{entry.name}@{entry.from_}",
        warnings=tuple(sorted({note.code for note in warnings})),
    )


def whole_pools(columns: Columns, rows: list[int]) -> list[int]:
    """Return `rows` with every other row of their cross pools."""
    account, mode = columns.words.get("account_id"), columns.words.get("margin_mode")
    if account is None or mode is None or MarginMode.CROSS not in mode.words:
        return rows
    wanted = np.array(rows, dtype=np.int64)
    cross = (mode.codes == list(mode.words).index(MarginMode.CROSS)) & (account.codes >= 0)
    touched = np.zeros(len(account.words) + 1, dtype=bool)
    touched[account.codes[wanted[cross[wanted]]]] = True
    touched[-1] = False
    found: list[int] = np.union1d(wanted, np.flatnonzero(cross & touched[account.codes])).tolist()
    return found


def said(error: LiqcalcError) -> str:
    """Return what is wrong in one line."""
    return "; ".join(
        f"{fault.where.strip(': ')} {fault.message} ({fault.code})".strip()
        for fault in error.faults
    )
