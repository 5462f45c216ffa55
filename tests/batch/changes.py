"""Positions in a market, and what may be odd or wrong with them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from liqcalc.engine.contract import Product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from tests.batch.markets import Market

Row = dict[str, "str | Decimal"]

LEVERAGES = (1, 1, 2, 3, 5, 10, 10, 20, 20, 25, 50, 75, 100, 125)
ROUND_MANTISSAS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 80)
"""Divide any short decimal without a rest."""

_FLOAT = Context(prec=28, rounding=ROUND_HALF_EVEN)
_SHORT = Context(prec=12, rounding=ROUND_HALF_EVEN)


def position(market: Market, rng: Random) -> Row:
    """Return an open position of any size, with what every exchange asks for."""
    row: Row = {
        "exchange": market.exchange,
        "symbol": market.contract.symbol,
        "side": rng.choice(("long", "short")),
        "entry_price": _price(market, market.price(rng), rng),
    }
    if rng.random() < 0.95:
        row["leverage"] = Decimal(rng.choice(LEVERAGES))
    _set_mark(row, market, rng)
    _set_size(row, market, rng)
    return row


def wallet(rows: Sequence[Row], rng: Random) -> Decimal:
    """Return a balance that holds the positions well, badly or not at all."""
    worth = sum((_worth(row) for row in rows), Decimal(0))
    if rng.random() < 0.04:
        return rng.choice((Decimal(0), -_some(worth, rng), Decimal(100), Decimal(10) ** 12))
    return _rounded(worth * _factor(rng, -4, 1), rng, 2)


def day(market: Market, rng: Random) -> str:
    """Return a day: any, next to a change of the table, or before all rules."""
    kind = rng.random()
    if kind < 0.05:
        return rng.choice(("2009-01-03", "2030-12-31", "2019-01-28", "2026-02-28"))
    if kind < 0.35 and market.tables:
        first = date.fromisoformat(rng.choice(market.tables).from_)
        return str(first + timedelta(days=rng.choice((-1, 0, 1))))
    known = date.fromisoformat(market.tables[0].from_) if market.tables else date(2022, 1, 1)
    return str(known + timedelta(days=rng.randrange((date(2027, 1, 1) - known).days)))


def as_floats(row: Row) -> None:
    """Leave each number the digits that a float holds."""
    for name, value in row.items():
        if isinstance(value, Decimal):
            row[name] = Decimal(repr(float(value)))


def _price(market: Market, near: Decimal, rng: Random) -> Decimal:
    """Return a price near `near`: on a tick mostly; a round one; or any 17 digits."""
    kind = rng.random()
    if kind < 0.7:
        tick = market.tick()
        return max(tick, round(near / tick) * tick)
    if kind < 0.85:
        return _round_price(near, rng)
    return near


def _round_price(near: Decimal, rng: Random) -> Decimal:
    return Decimal(rng.choice(ROUND_MANTISSAS)).scaleb(near.adjusted() - 1)


def _set_mark(row: Row, market: Market, rng: Random) -> None:
    entry, kind = Decimal(row["entry_price"]), rng.random()
    if kind < 0.08:
        return
    if kind < 0.16:
        row["mark_price"] = entry
        return
    spread = 0.015 if kind < 0.7 else 0.1 if kind < 0.95 else 1.0
    row["mark_price"] = _price(market, entry * Decimal(repr(rng.lognormvariate(0, spread))), rng)
    if rng.random() < 0.02:
        del row["entry_price"]


def _set_size(row: Row, market: Market, rng: Random) -> None:
    value = _factor(rng, 0, 8) if rng.random() < 0.95 else _factor(rng, -6, 14)
    tier = market.tier(rng) if rng.random() < 0.5 else None
    if tier is not None and tier.cap is not None:
        value = tier.floor + (tier.cap - tier.floor) * Decimal(repr(rng.random()))
    price = Decimal(row.get("mark_price") or row["entry_price"])
    linear = market.contract.product is Product.LINEAR
    qty = _rounded(value / price if linear else value, rng, rng.choice((0, 1, 3, 5)))
    size = market.contract.contract_size
    if tier is not None and market.unit != "notional":
        row["contracts"] = _rounded(value, rng, 0)
    elif size is not None and rng.random() < 0.3:
        row["contracts"] = max(Decimal(1), round(qty / size) + Decimal(0))
    else:
        row["qty"] = qty


def _qty(row: Row) -> Decimal:
    return Decimal(row.get("qty") or row["contracts"])


def _worth(row: Row) -> Decimal:
    """Return about what a position is worth, in whatever currency."""
    return _SHORT.plus(_qty(row) * Decimal(row.get("mark_price") or row["entry_price"]))


def _margin(row: Row) -> Decimal:
    """Return about what was set aside for a position."""
    return _worth(row) / Decimal(row.get("leverage", 10))


def _factor(rng: Random, low: float, high: float) -> Decimal:
    """Return any factor between powers of ten."""
    return Decimal(repr(10 ** rng.uniform(low, high)))


def _some(of: Decimal, rng: Random) -> Decimal:
    return _rounded(of * Decimal(repr(rng.uniform(0.05, 1.5))), rng, 4)


def _rounded(number: Decimal, rng: Random, decimals: int) -> Decimal:
    """Return a number with few decimals, sometimes with all 17 digits; never 0."""
    if rng.random() < 0.12:
        return number
    short = round(number, decimals)
    return short if short and len(short.as_tuple().digits) < 17 else _SHORT.plus(number)


# On an edge


def _at_tier_edge(row: Row, market: Market, rng: Random) -> None:
    """Put the size on the edge of a tier, or the least step beside it."""
    tier = market.tier(rng)
    if tier is None or tier.cap is None:
        return
    step = rng.choice((0, 0, 0, 1, -1)) * rng.choice(
        (Decimal(1), Decimal("1e-8"), tier.cap / 10**16)
    )
    edge = rng.choice((tier.cap, tier.floor or tier.cap)) + step
    if market.unit != "notional":
        row.pop("qty", None)
        row["contracts"] = edge
        return
    name = rng.choice(("mark_price", "entry_price"))
    row[name] = price = _round_price(Decimal(row.get(name) or row.get("entry_price") or 1), rng)
    if rng.random() < 0.3:
        row |= {"mark_price": price, "entry_price": price}
    row.pop("contracts", None)
    linear = market.contract.product is Product.LINEAR
    row["qty"] = _FLOAT.divide(edge, price) if linear else _FLOAT.multiply(edge, price)


def _price_on_tick(row: Row, market: Market, rng: Random) -> None:
    """Give the money with which liquidation comes on a tick, half a tick, or at the mark."""
    tier, size = market.tier(rng), market.contract.contract_size
    if market.contract.product is not Product.LINEAR or tier is None or "entry_price" not in row:
        return
    if "contracts" in row:
        row["qty"] = Decimal(row.pop("contracts")) * Decimal(size or 1)
    side = 1 if row["side"] == "long" else -1
    entry, qty = Decimal(row["entry_price"]), round(_qty(row), 3) or Decimal(1)
    mark, tick = Decimal(row.get("mark_price") or entry), market.tick()
    away = mark * (1 - side * Decimal(repr(rng.uniform(0, 0.2))))
    price = round(away / tick) * tick + rng.choice((Decimal(0), tick / 2, tick / 4))
    if rng.random() < 0.3:
        price = mark
    rate = tier.mmr + rng.choice((Decimal(0), market.taker))
    deduction = rng.choice((Decimal(0), tier.deduction or Decimal(0)))
    money = side * qty * entry - deduction - price * qty * (side - rate)
    money += rng.choice((0, 0, 0, 1, -1)) * Decimal("1e-8")
    row["qty"] = qty
    if row.get("margin_mode") == "cross":
        row["wallet_balance"] = money
    elif rng.random() < 0.7:
        row["margin"] = money
    elif "leverage" in row:
        row["extra_margin"] = money - _FLOAT.divide(qty * entry, Decimal(row["leverage"]))


# Further inputs


def _as_of(row: Row, market: Market, rng: Random) -> None:
    row["as_of"] = day(market, rng)


def _opened(row: Row, market: Market, rng: Random) -> None:
    row["opened"] = day(market, rng)


def _rules(row: Row, market: Market, rng: Random) -> None:
    row["rules"] = rng.choice(market.rules)


def _given_margin(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["margin"] = _some(_margin(row), rng)


def _extra_margin(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["extra_margin"] = rng.choice((1, 1, -1)) * _some(_margin(row), rng)


def _owed(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row[rng.choice(("funding_paid", "accrued_fees"))] = _some(_margin(row) / 10, rng)


def _funding(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["funding_rate"] = Decimal(rng.randint(-300, 300)).scaleb(-5)


def _index(row: Row, market: Market, rng: Random) -> None:
    near = Decimal(row.get("mark_price") or row["entry_price"])
    row["index_price"] = _price(market, near * Decimal(repr(rng.uniform(0.97, 1.03))), rng)


def _taker(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["taker"] = Decimal(rng.randint(-3, 12)).scaleb(-4)


def _liquidation_fee(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["liquidation_fee"] = Decimal(rng.randint(0, 20)).scaleb(-3)


def _own_rate(row: Row, market: Market, rng: Random) -> None:
    tier = market.tier(rng)
    row["mmr"] = tier.mmr if tier and rng.random() < 0.5 else Decimal(rng.randint(0, 60)).scaleb(-3)
    if rng.random() < 0.5:
        row["deduction"] = (tier and tier.deduction) or Decimal(rng.randint(0, 5000))


def _own_limit(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["max_leverage"] = Decimal(rng.choice((3, 5, 10, 20, 40, 50, 100, 200)))


def _risk_level(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["risk_level"] = Decimal(rng.randint(1, 12))


def _odd_leverage(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["leverage"] = rng.choice((Decimal("7.5"), Decimal(33), _factor(rng, 0, 2), Decimal(500)))


def _hedge(row: Row, market: Market, rng: Random) -> None:
    if "hedge" in market.modes:
        row["position_mode"] = rng.choice(("hedge", "one_way"))


def _account(row: Row, market: Market, rng: Random) -> None:  # noqa: ARG001
    row["account_id"] = f"one-{rng.randrange(1 << 40)}"


def _alias(row: Row, market: Market, rng: Random) -> None:
    names = (*market.contract.aliases, market.contract.symbol.lower(), market.contract.base)
    row["symbol"] = rng.choice(names)


EDGES: tuple[tuple[float, Callable[[Row, Market, Random], None]], ...] = (
    (0.12, _at_tier_edge),
    (0.12, _price_on_tick),
    (0.45, _as_of),
)
CHANGES: tuple[tuple[float, Callable[[Row, Market, Random], None]], ...] = (
    *EDGES,
    (0.08, _given_margin),
    (0.10, _extra_margin),
    (0.06, _owed),
    (0.05, _funding),
    (0.06, _index),
    (0.08, _taker),
    (0.03, _liquidation_fee),
    (0.05, _own_rate),
    (0.04, _own_limit),
    (0.03, _risk_level),
    (0.04, _odd_leverage),
    (0.05, _opened),
    (0.05, _rules),
    (0.03, _hedge),
    (0.02, _account),
    (0.03, _alias),
)
"""What may be odd about a position, and how often; half of all have only what comes first."""

POOL_CHANGES = (_own_rate, _funding, _index, _given_margin, _owed, _taker, _alias, _odd_leverage)


# Wrong, or at the end of what numbers can be


def _set(name: str, *values: str | Decimal) -> Callable[[Row, Random], None]:
    def change(row: Row, rng: Random) -> None:
        row[name] = rng.choice(values)

    return change


def _drop(*names: str) -> Callable[[Row, Random], None]:
    def change(row: Row, rng: Random) -> None:  # noqa: ARG001
        for name in names:
            row.pop(name, None)

    return change


def _both_sizes(row: Row, rng: Random) -> None:
    row |= {"qty": Decimal(rng.randint(1, 9)), "contracts": Decimal(rng.randint(1, 9))}


def _only_qty(row: Row, rng: Random) -> None:
    row.pop("contracts", None)
    row["qty"] = rng.choice((_factor(rng, 10, 30), _factor(rng, -30, -8), *_WRONG))


def _tiny_price(row: Row, rng: Random) -> None:
    """Make the prices those of a coin with ten decimals."""
    row["entry_price"] = Decimal(rng.randint(1, 200_000)).scaleb(-10)
    row["mark_price"] = Decimal(row["entry_price"]) * Decimal(rng.randint(90, 110)) / 100


_WRONG = tuple(Decimal(text) for text in ("0", "-1", "1e300", "1e-300", "inf", "-inf"))
_RATES = tuple(Decimal(text) for text in ("-0.01", "1", "2", "1e-17", "0.9999", "inf"))

HOSTILE: tuple[Callable[[Row, Random], None], ...] = (
    _set("symbol", "NOSUCH", "BTCUSDT ", "", "XBTUSD_991399", "BTCUSD_260925", "PEPE"),
    _set("exchange", "nosuch", "Binance", "", "../binance", "coinbase"),
    _set("side", "up", "LONG", "buy", ""),
    _set("margin_mode", "portfolio", "CROSS", ""),
    _set("as_of", "2026-13-45", "yesterday", "2026-1-5", "0001-01-01", "9999-12-31"),
    _set("opened", "never", "1999-01-01"),
    _set("rules", "nosuch", ""),
    _set("position_mode", "both", ""),
    _set("entry_price", *_WRONG),
    _set("mark_price", *_WRONG),
    _set("leverage", *_WRONG, Decimal("0.5"), Decimal("1e6")),
    _set("margin", *_WRONG),
    _set("extra_margin", Decimal("-1e9"), Decimal("1e15"), Decimal("-0.0")),
    _set("wallet_balance", *_WRONG),
    _set("taker", *_RATES),
    _set("mmr", *_RATES),
    _set("deduction", Decimal(-5), Decimal("1e12")),
    _set("max_leverage", *_WRONG),
    _set("risk_level", Decimal(0), Decimal("1.5"), Decimal(99), Decimal(-1)),
    _set("liquidation_fee", *_RATES),
    _drop("leverage"),
    _drop("qty", "contracts"),
    _drop("entry_price", "mark_price"),
    _drop("exchange"),
    _drop("symbol"),
    _drop("side"),
    _both_sizes,
    _only_qty,
    _tiny_price,
)
