"""At which price a step closes, what it costs and what it leaves, in columns.

See `liqcalc.answers.ladder.fills`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import row
from liqcalc.batch.fast.grid import Strain
from liqcalc.batch.fast.pairs import Pair, where
from liqcalc.batch.ladders.amounts import amount
from liqcalc.batch.ladders.standing import bankruptcy
from liqcalc.engine import formulas
from liqcalc.engine.steps import Action, FeeLimit, FeeOn, FillPrice
from liqcalc.engine.words import FeeRate

if TYPE_CHECKING:
    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.ladders.standing import Kind, Stand
    from liqcalc.rules.schema import Step

_NOTHING_LEFT = {Action.TAKE_OVER, Action.BACKSTOP}
_FILLS = {FillPrice.MARK, FillPrice.BANKRUPTCY}


class Closed(NamedTuple):
    """What closing comes to.

    Attributes:
        price: of the fill.
        strain: of the price; see `ends.End`.
        at_bankruptcy: it is the bankruptcy price, not the mark.
        pnl, fee, fund: money; see `answers.ladder.answer.Closing`.
        held: the margin that is left, or given back.
        size: of the money that these are sums of.
        doubt: a pair does not tell.
    """

    price: Pair
    strain: Strain
    at_bankruptcy: Mask
    pnl: Pair
    fee: Pair
    fund: Pair
    held: Pair
    size: Floats
    doubt: Mask


class Printed(NamedTuple):
    """`Closed` as the ladder prints it."""

    fill_price: Floats
    realized_pnl: Floats
    fees: Floats
    fund: Floats
    margin_left: Floats
    doubt: Mask


def known(step: Step) -> bool:
    """Return True if the columns know at which price `step` closes, and what that costs."""
    return step.fills_at in _FILLS


def closed(kind: Kind, s: Stand, qty: Pair, step: Step) -> Closed:
    """Return what closing `qty` comes to."""
    g, held, bankrupt = s.given, s.held, bankruptcy(kind, s)
    at_bankruptcy = ~bankrupt.none & (step.fills_at is FillPrice.BANKRUPTCY)
    price = where(at_bankruptcy, bankrupt.price, g.mark)
    pnl = _profit(kind, s, qty, price)
    everything = _profit(kind, s, g.qty, g.mark)
    left = held + everything + pnl - _profit(kind, s, qty, g.mark)
    fee = _fee(kind, s, qty, price, step)
    if step.fee_limit is FeeLimit.GAIN:
        gain = pnl - _profit(kind, s, qty, bankrupt.price)
        fee = where(bankrupt.none, fee, _least(fee, _above_zero(gain)))
    fee = _least(fee, _above_zero(left))
    whole = ~((g.qty - qty).hi > 0)
    rest = left - fee
    taken = rest if step.action in _NOTHING_LEFT else rest - _above_zero(rest)
    fund = where(whole, taken, 0.0 * rest)
    return Closed(
        price=price,
        strain=Strain(*(where(at_bankruptcy, part, 1.0) for part in bankrupt.strain)),
        at_bankruptcy=at_bankruptcy,
        pnl=pnl,
        fee=fee,
        fund=fund,
        held=where(whole, rest - fund, held + pnl - fee),
        size=_size(kind, s, row.value_of(kind.shape, qty, price)),
        doubt=bankrupt.doubt,
    )


def _size(kind: Kind, s: Stand, closed_value: Pair) -> Floats:
    """Return the size of the numbers that the money is a sum of."""
    value = row.value_of(kind.shape, s.given.qty, s.given.entry)
    size: Floats = np.abs(s.held.hi) + value.hi + s.values.mark.hi + np.abs(closed_value.hi)
    return size


def _above_zero(number: Pair) -> Pair:
    found: Pair = where(number.hi > 0, number, 0.0 * number)
    return found


def _least(one: Pair, other: Pair) -> Pair:
    found: Pair = where((one - other).hi > 0, other, one)
    return found


def _profit(kind: Kind, s: Stand, qty: Pair, price: Pair) -> Pair:
    """Return what closing at a price realises, before fees."""
    now = row.value_of(kind.shape, qty, price)
    then = row.value_of(kind.shape, qty, s.given.entry)
    return formulas.pnl(row.drift_of(kind.shape, s.given.side), now, then)


def _fee(kind: Kind, s: Stand, qty: Pair, price: Pair, step: Step) -> Pair:
    """Return the fee before its limits; a rate that is not known is not charged."""
    g = s.given
    at = g.entry if step.fee_on is FeeOn.ENTRY else price
    value = row.value_of(kind.shape, qty, at)
    fee = 0.0 * value
    for name in step.fees:
        rate = g.taker if name is FeeRate.TAKER else g.liquidation
        fee = fee + where(np.isnan(rate.hi), 0.0 * value, value * rate)
    return fee


def printed(kind: Kind, found: Closed) -> Printed:
    """Return what closing comes to as the ladder prints it."""
    noisy = found.at_bankruptcy | (not kind.shape.linear)
    lost = found.price.hi * (found.strain.size / found.strain.result)
    price, doubt = amount(found.price, lost, noisy)
    money = [
        amount(each, found.size, noisy) for each in (found.pnl, found.fee, found.fund, found.held)
    ]
    for _, unsure in money:
        doubt = doubt | unsure
    pnl, fee, fund, held = (shown for shown, _ in money)
    return Printed(price, pnl, fee, fund, held, found.doubt | doubt)
