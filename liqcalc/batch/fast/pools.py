"""Cross positions of a table: what each brings into its pool, the sums, where each ends."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.batch.fast import behind, columnar, position
from liqcalc.batch.fast.behind import Share
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import Pair, add
from liqcalc.batch.fast.run import BLOCK, CHUNK, kinds_of, on_cores, runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Mask
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.batch.fast.run import Output, Runs, Task

    Rows = NDArray[np.int64]

_SUMS = 8
_WORDS = ("as_of", "rules")


class Pools(NamedTuple):
    """The cross positions of a table, pool by pool.

    Attributes:
        rows: the positions, those of a pool together.
        starts: where each pool begins among them.
    """

    rows: Rows
    starts: Rows

    @property
    def members(self) -> Rows:
        """Return how many positions each pool has."""
        return np.diff(self.starts, append=len(self.rows))

    @property
    def pool(self) -> Rows:
        """Return which pool each position is of."""
        return np.repeat(np.arange(len(self.starts)), self.members)

    def pieces(self, size: int) -> Iterator[Pools]:
        """Yield the pools in parts of at least so many positions, the last one with fewer."""
        cuts = np.unique(np.searchsorted(self.starts, np.arange(0, len(self.rows), size)))
        cuts = cuts[cuts < len(self.starts)]
        ends = pairwise([*self.starts[cuts].tolist(), len(self.rows)])
        for starts, (first, last) in zip(np.split(self.starts, cuts[1:]), ends, strict=True):
            yield Pools(self.rows[first:last], starts - first)


def run(task: Task, columns: Columns, plans: Plans, out: Output) -> None:
    """Fill `out` for the cross positions whose pools are sums over distinct symbols."""
    pools = pools_of(columns, task.keys, plans)
    if pools is None:
        return
    prepared, parts = task.prepared(), list(pools.pieces(CHUNK))

    def part(at: int) -> None:
        with np.errstate(all="ignore"):
            kept = kept_of(parts[at], sound(columns, task.keys, plans, parts[at]))
            if len(kept.rows):
                _fill(task, prepared, kept, wallet_of(columns, kept), out)

    on_cores(part, range(len(parts)))


def _fill(
    task: Task,
    prepared: Any,  # noqa: ANN401 - what compiled code takes
    pools: Pools,
    wallet: Pair,
    out: Output,
) -> None:
    """Fill `out` for the positions of some pools."""
    pool = pools.pool
    members = pools.members.astype(np.float64)[pool]
    shares = np.empty((_SUMS + 1, len(pools.rows)))
    places = by_shape(task, pools.rows)
    for place, at in places:
        _bring(task, prepared, place, pools.rows, at, shares)
    sums = _sums(shares, pools, compiled=any(task.compiled[place] for place, _ in places))
    known = shares, sums, wallet, members, pool
    for place, at in places:
        _finish(task, prepared, place, pools.rows, at, known, out)


def pools_of(columns: Columns, keys: Keys, plans: Plans) -> Pools | None:
    """Return the cross positions, pool by pool; None if there are none."""
    cross = ~plans.arrays().isolated
    if not cross.any():
        return None
    rows = np.flatnonzero(cross[keys.plan])
    if not len(rows):
        return None
    account = columns.words.get("account_id")
    if account is None:
        return Pools(rows, np.arange(len(rows)))
    codes = account.codes[rows].astype(np.int64)
    exchange = plans.arrays().exchange[keys.plan[rows]]
    most = int(exchange.max()) + 1
    key = np.where(codes < 0, len(account.words) * most + rows, codes * most + exchange)
    if not (key[1:] >= key[:-1]).all():
        order = np.argsort(key, kind="stable")
        rows, key = rows[order], key[order]
    begins = np.empty(len(rows), dtype=bool)
    begins[0] = True
    np.not_equal(key[1:], key[:-1], out=begins[1:])
    return Pools(rows, np.flatnonzero(begins))


def kept_of(pools: Pools, good: Mask) -> Pools:
    """Return some of the pools, whole."""
    if good.all():
        return pools
    members = pools.members[good]
    return Pools(pools.rows[good[pools.pool]], np.cumsum(members) - members)


def sound(columns: Columns, keys: Keys, plans: Plans, pools: Pools) -> Mask:
    """Return which pools have one wallet, day and currency, and each symbol once."""
    rows, starts = pools.rows, pools.starts
    plan = keys.plan[rows]
    if "wallet_balance" not in columns.numbers:
        return np.zeros(len(starts), dtype=bool)
    wallet = columns.numbers["wallet_balance"][rows]
    least, most = np.fmin.reduceat(wallet, starts), np.fmax.reduceat(wallet, starts)
    good: Mask = (least == most) & (np.abs(most) < position.MOST)
    good &= (np.abs(most) > position.LEAST) | (most == 0)
    arrays = plans.arrays()
    odd = arrays.shape[plan] < 0
    if keys.irregular is not None:
        odd = odd | keys.irregular[rows]
    for name in columns.numbers:
        if name in columnar.EXACT_INPUTS:
            odd = odd | ~np.isnan(columns.numbers[name][rows])
    good &= ~np.logical_or.reduceat(odd, starts)
    if len(starts) == len(rows):
        return good
    codes = [columns.words[name].codes[rows] for name in _WORDS if name in columns.words]
    for code in (*codes, arrays.settle[plan]):
        good &= np.minimum.reduceat(code, starts) == np.maximum.reduceat(code, starts)
    symbols = arrays.symbol[plan].astype(np.int64)
    key = np.sort(pools.pool * (int(symbols.max()) + 1) + symbols)
    twice = key[1:][key[1:] == key[:-1]] // (int(symbols.max()) + 1)
    good[twice] = False
    return good


def wallet_of(columns: Columns, pools: Pools) -> Pair:
    """Return the wallet behind each position."""
    wallet = columns.numbers["wallet_balance"][pools.rows]
    found = meant(np.fmax.reduceat(wallet, pools.starts))
    pool = pools.pool
    return Pair(found.hi[pool], found.lo[pool])


def by_shape(task: Task, rows: Rows) -> list[tuple[int, Rows]]:
    """Return the places among `rows` of each shape."""
    return [
        (place, np.arange(at.stop) if isinstance(at, slice) else at)
        for place, at in kinds_of(task.shape[task.keys.plan[rows]])
        if place >= 0
    ]


def _bring(
    task: Task,
    prepared: Any,  # noqa: ANN401 - what compiled code takes
    place: int,
    rows: Rows,
    places: Rows,
    shares: NDArray[np.float64],
) -> None:
    """Find what positions of one shape bring into their pools."""
    shape = task.shapes[place]
    if task.compiled[place]:
        from liqcalc.batch.fast import kernel

        runs, at = _in_runs(task, rows, places)
        kernel.bring(shape, prepared, runs, at, shares)
        return
    for start in range(0, len(places), BLOCK):
        at = places[start : start + BLOCK]
        numbers, side, terms = task.inputs(rows[at])
        p = columnar.marked(shape, numbers, side, terms, task.book)
        share = behind.share_of(shape, p.given, p.values, p.spot, p.margins, terms)
        for j, pair in enumerate(share[:-1]):
            shares[2 * j, at], shares[2 * j + 1, at] = pair.hi, pair.lo
        shares[_SUMS, at] = np.maximum(share.doubt, ~p.usable)


def _share(table: NDArray[np.float64], at: Rows | slice) -> Share:
    pairs = [Pair(table[2 * j, at], table[2 * j + 1, at]) for j in range(_SUMS // 2)]
    pnl, required, value, closing = pairs
    return Share(pnl, required, value, closing, table[_SUMS, at])


def _sums(shares: NDArray[np.float64], pools: Pools, *, compiled: bool) -> NDArray[np.float64]:
    """Return the sums over each pool, added up in the order of its rows."""
    starts, members = pools.starts, pools.members
    if compiled:
        from liqcalc.batch.fast import moving

        sums = np.empty((len(shares), len(starts)))
        moving.add_up(shares, starts, sums)
        return sums
    sums = shares[:, starts].copy()
    for j in range(1, int(members.max())):
        more = np.flatnonzero(members > j)
        at = starts[more] + j
        for k in range(0, _SUMS, 2):
            total = add(
                Pair(sums[k, more], sums[k + 1, more]), Pair(shares[k, at], shares[k + 1, at])
            )
            sums[k, more], sums[k + 1, more] = total.hi, total.lo
        sums[_SUMS, more] = np.maximum(sums[_SUMS, more], shares[_SUMS, at])
    return sums


def _in_runs(task: Task, rows: Rows, at: Rows) -> tuple[Runs, Rows]:
    """Return some of the rows in runs of one plan, and their places in the same order."""
    runs = runs_of(task.keys.plan[rows[at]], 0)
    if len(runs.rows):
        at = at[runs.rows]
    return runs._replace(rows=rows[at]), at


def _finish(
    task: Task,
    prepared: Any,  # noqa: ANN401 - what compiled code takes
    place: int,
    rows: Rows,
    places: Rows,
    known: tuple[NDArray[np.float64], NDArray[np.float64], Pair, NDArray[np.float64], Rows],
    out: Output,
) -> None:
    """Find where positions of one shape end."""
    shape = task.shapes[place]
    shares, sums, wallet, members, pool = known
    if task.compiled[place]:
        from liqcalc.batch.fast import kernel

        runs, at = _in_runs(task, rows, places)
        sides = (shares, sums, np.array([wallet.hi, wallet.lo]), members, pool)
        kernel.end(shape, prepared, runs, at, sides, out)
        return
    for start in range(0, len(places), BLOCK):
        at = places[start : start + BLOCK]
        some = rows[at]
        numbers, side, terms = task.inputs(some)
        p = columnar.marked(shape, numbers, side, terms, task.book)
        whole = _share(sums, pool[at])
        mine = Pair(wallet.hi[at], wallet.lo[at])
        backing = behind.pooled(shape, _share(shares, at), whole, mine, members[at])
        block = columnar.found(shape, p, backing, terms, task.book)
        out.put(some, task.keys.plan[some], block)
        out.again[some] |= whole.doubt != 0
