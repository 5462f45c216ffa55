"""Runs inside freqtrade's environment: its dry-run price, offline, with Binance's tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.peers.loop import Positions, main

if TYPE_CHECKING:
    from collections.abc import Callable

PAIR = "BTC/USDT:USDT"


def measure(of: Positions) -> tuple[Callable[[], list[float | None]], int]:
    """Return a loop over the positions, and how many there are."""
    price = _exchange(of).dry_run_liquidation_price
    entries = [q * e for q, e in zip(of.qty, of.entry_price, strict=True)]
    stakes = [value / x for value, x in zip(entries, of.leverage, strict=True)]
    short = [not long for long in of.long]
    rows = list(zip(of.entry_price, short, of.qty, stakes, of.leverage, strict=True))

    def loop() -> list[float | None]:
        return [
            price(
                pair=PAIR,
                open_rate=entry,
                is_short=is_short,
                amount=qty,
                stake_amount=stake,
                leverage=leverage,
                wallet_balance=stake,
                open_trades=[],
            )
            for entry, is_short, qty, stake, leverage in rows
        ]

    return loop, len(rows)


def _exchange(of: Positions) -> Any:  # noqa: ANN401 - a freqtrade class
    from freqtrade.enums import MarginMode, RunMode, TradingMode
    from freqtrade.exchange.binance import Binance

    tiers = zip(of.floors, of.rates, of.deductions, strict=True)
    rows = [
        {"minNotional": floor, "maintenanceMarginRate": rate, "maintAmt": deduction}
        for floor, rate, deduction in tiers
    ]
    # Its constructor asks the network; this is what the calculation reads.
    exchange: Any = Binance.__new__(Binance)
    vars(exchange).update(
        _config={"runmode": RunMode.BACKTEST, "dry_run": True, "exchange": {}},
        margin_mode=MarginMode.ISOLATED,
        trading_mode=TradingMode.FUTURES,
        _leverage_tiers={PAIR: rows},
        close=lambda: None,
    )
    return exchange


if __name__ == "__main__":
    main(measure)
