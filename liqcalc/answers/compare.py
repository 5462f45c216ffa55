"""The same position on every exchange that lists it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from liqcalc.answers.adapt import Asked, on_contract
from liqcalc.answers.comparison import ComparedPosition, Comparison, Outcome
from liqcalc.answers.request import (
    Number,
    read_mode,
    read_numbers,
    read_side,
    together,
)
from liqcalc.engine.numbers import ZERO, exact
from liqcalc.errors import Fault, InputError, LiqcalcError, RuleError
from liqcalc.rules import symbols
from liqcalc.rules.catalog import Catalog, nearest
from liqcalc.rules.names import exchange_names
from liqcalc.rules.sheet import AccountRow, FeesRow, PositionRow, Sheet, check_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from liqcalc.rules.symbols import Match, Wanted

_MOST_ADVICE = 2


def compare(
    symbol: str,
    side: str,
    qty: Number | None = None,
    *,
    entry_price: Number,
    leverage: Number,
    notional: Number | None = None,
    margin_mode: str = "isolated",
    wallet_balance: Number | None = None,
    mark_price: Number | None = None,
    as_of: str | None = None,
    taker: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Comparison:
    """Return the same position on every exchange that lists it.

    Each contract is evaluated as `price` would, with these adaptions, which
    `notes` tell: the quantity is rounded down to the lot; an inverse contract
    has the face value qty*entry_price; an exchange without the margin mode
    has the other one.  Coin amounts are also given in quote, at the mark.

    Args:
        symbol: a coin (``BTC``: all its contracts) or a pair (``BTCUSDT``,
            ``BTC/USDT:USDT``: only those).  Dated contracts count where no
            perpetual fits, or by their day (``BTC/USD:BTC-261225``).
        side: ``long`` or ``short``.
        qty: size in base coins.
        entry_price: average entry, in quote.
        leverage: the setting of the position.
        notional: value at entry in quote, instead of `qty`.
        margin_mode: ``isolated`` or ``cross``.
        wallet_balance: cash behind a cross position, in quote; contracts that
            settle in a coin have as many coins as it buys at the mark.
        mark_price: default `entry_price`.
        as_of: ISO date whose rules and tiers hold; default: the newest known.
        taker: fee rate as a fraction; default: each exchange's list rate.
        exchanges: names of those to ask, default all; an item that is a
            folder is a folder of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        A frozen answer, the row farthest from liquidation first. A row without
        a price has a `reason`; one exchange's failure never stops the rest.

    Raises:
        InputError: an input that no exchange could use; a symbol or exchange
            that does not exist.

    >>> found = compare("ETH/USDC", "long", 2, entry_price=3000, leverage=10,
    ...                 exchanges=["binance", "hyperliquid"], as_of="2026-07-19")
    >>> [(row.exchange, row.symbol, str(row.distance_rate)[:6]) for row in found.rows]
    [('binance', 'ETHUSDC', '0.0958'), ('hyperliquid', 'ETH', '0.0811')]
    """
    catalog, names = _places(exchanges)
    asked = _asked(
        {
            "qty": qty,
            "notional": notional,
            "entry_price": entry_price,
            "leverage": leverage,
            "wallet_balance": wallet_balance,
            "mark_price": mark_price,
            "taker": taker,
        },
        (symbol, side, margin_mode),
        as_of,
        today,
    )
    rows, not_listed = _rows(catalog, names, symbol, asked)
    return Comparison(
        symbol=symbol,
        side=str(asked.side),
        qty=asked.qty if notional is None else None,
        notional=asked.value if notional is not None else None,
        entry_price=asked.entry_price,
        mark_price=asked.mark,
        leverage=asked.leverage,
        margin_mode=str(asked.mode),
        wallet_balance=asked.wallet,
        as_of=as_of,
        rows=tuple(sorted(rows, key=_order)),
        not_listed=tuple(not_listed),
    )


def _places(items: Iterable[str | Path]) -> tuple[Catalog, list[str]]:
    """Return the folders and the names of exchanges that were given, apart.

    What names a known exchange is a name, even where a folder is called so.
    """
    built_in = exchange_names()
    folders, names = [], []
    for item in [items] if isinstance(items, str) else items:
        text = str(item)
        told = isinstance(item, Path) or os.sep in text or "/" in text
        if told or (text not in built_in and Path(text).is_dir()):
            folders.append(item)
        else:
            names.append(text)
    catalog = Catalog(folders)
    known = catalog.names()
    if not names:
        return catalog, known
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise InputError(
            *(
                Fault("LQ111", "exchanges", f"there is no exchange {name!r}", nearest(name, known))
                for name in unknown
            )
        )
    return catalog, sorted({name.lower() for name in names})


def _asked(
    numbers: dict[str, Number | None],
    words: tuple[str, str, str],
    as_of: str | None,
    today: str | None,
) -> Asked:
    """Return the inputs, checked as far as no exchange is needed for it."""
    import time

    symbol, side, mode = words
    with exact():
        given, meant, margin_mode = together(
            lambda: read_numbers(numbers), lambda: read_side(side), lambda: read_mode(mode)
        )
        size = _size(given)
        row = PositionRow(
            symbol=symbol,
            side=meant,
            entry_price=given["entry_price"],
            qty=size,
            mark_price=given["mark_price"],
            leverage=given["leverage"],
        )
        account = AccountRow(margin_mode, wallet_balance=given["wallet_balance"])
        fees = FeesRow(taker=given["taker"])
        check_sheet(Sheet("", (row,), as_of, account, fees=fees), where="price")
        entry, value = given["entry_price"], given["notional"]
        return Asked(
            side=meant,
            qty=size if value is None else value / entry,
            value=size * entry if value is None else value,
            entry_price=entry,
            mark_price=given["mark_price"],
            leverage=given["leverage"],
            mode=margin_mode,
            wallet=given["wallet_balance"],
            taker=given["taker"],
            as_of=as_of,
            today=today or time.strftime("%Y-%m-%d"),
        )


def _size(given: dict[str, Decimal | None]) -> Decimal:
    """Return the one size that was given, whichever it is."""
    missing = [name for name in ("entry_price", "leverage") if given[name] is None]
    if missing:
        raise InputError(*(Fault("LQ105", name, "is needed") for name in missing))
    sizes = [size for size in (given["qty"], given["notional"]) if size is not None]
    if len(sizes) != 1:
        state = "qty and notional are given together" if sizes else "no size is given"
        raise InputError(Fault("LQ105", "qty", state, "give exactly one of qty and notional"))
    if given["notional"] is not None and given["notional"] <= 0:
        raise InputError(Fault("LQ105", "notional", "must be above 0"))
    return sizes[0]


def _rows(
    catalog: Catalog, names: list[str], symbol: str, asked: Asked
) -> tuple[list[ComparedPosition], list[str]]:
    """Return a row for each contract that fits, and the exchanges without one."""
    failed: dict[str, ComparedPosition] = {}
    found = _listed(catalog, names, symbols.read(symbol), failed)
    if not found:
        wanted = _traded_as(catalog, names, symbol)
        if wanted is not None:
            found = _listed(catalog, names, wanted, failed)
    if not found and not failed:
        message = f"no exchange has a symbol {symbol!r} in the catalogue"
        raise InputError(Fault("LQ112", "symbol", message, _advice(catalog, names, symbol)))
    rows = list(failed.values())
    rows += [_row(catalog, name, match, asked) for name in found for match in found[name]]
    return rows, [name for name in names if name not in found and name not in failed]


def _advice(catalog: Catalog, names: list[str], symbol: str) -> str:
    """Return what the exchanges have instead: the same coin, or names that come near."""
    wanted = symbols.read(symbol)
    same = [text for name in names if (text := symbols.advice(catalog.exchange(name), wanted))]
    known = [own for name in names for own in catalog.exchange(name).symbols()]
    return "; ".join(same[:_MOST_ADVICE]) or nearest(symbol, known)


def _listed(
    catalog: Catalog, names: list[str], wanted: Wanted, failed: dict[str, ComparedPosition]
) -> dict[str, list[Match]]:
    """Return the contracts that fit by exchange; what cannot be read goes to `failed`."""
    found: dict[str, list[Match]] = {}
    for name in names:
        try:
            matches = symbols.matches(catalog.exchange(name), wanted)
        except LiqcalcError as error:
            failed[name] = _failure(name, None, error)
            continue
        if matches:
            found[name] = matches
    return found


def _traded_as(catalog: Catalog, names: list[str], symbol: str) -> Wanted | None:
    """Return what an exchange's own name stands for, such as KuCoin's XBTUSDTM."""
    for name in names:
        loaded = catalog.exchange(name)
        if symbol.lower() in (known.lower() for known in loaded.symbols()):
            contract = loaded.contract(loaded.find_symbol(symbol))
            if contract is not None:
                own = symbols.identities(contract)[0]
                return symbols.Wanted(own.base + own.quote, *own)
    return None


def _row(catalog: Catalog, name: str, match: Match, asked: Asked) -> ComparedPosition:
    try:
        with exact():
            return on_contract(catalog, catalog.exchange(name), match, asked)
    except LiqcalcError as error:
        return _failure(name, match.symbol, error)


def _failure(name: str, symbol: str | None, error: LiqcalcError) -> ComparedPosition:
    fault = error.faults[0]
    reason = f"{fault.where}: {fault.message}" if isinstance(error, RuleError) else fault.message
    return ComparedPosition(name, symbol, Outcome.FAILED, reason, fault.code)


_RANK = {
    Outcome.CANNOT_BE_LIQUIDATED: 0,
    Outcome.LIQUIDATABLE_AT_PRICE: 1,
    Outcome.ALREADY_LIQUIDATABLE: 2,
}


def _order(row: ComparedPosition) -> tuple[int, Decimal, str, str]:
    """Return the sort key: safe at every price, then the farthest first, then no price."""
    rank = _RANK.get(row.outcome, len(_RANK))
    distance = ZERO if row.distance_rate is None else -row.distance_rate
    return rank, distance, row.exchange, row.symbol or ""
