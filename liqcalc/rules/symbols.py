"""Which contract is meant: BTCUSDT, BTC/USDT:USDT, BTC-USDT, XBTUSD or BTC, on any exchange.

A contract is known by what it trades: base, quote, settle currency and, if it
is dated, its day.  Of an exchange's contract files only those are parsed whose
name and text hold the letters of what was typed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import nearest
from liqcalc.rules.coverage import files
from liqcalc.rules.names import symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.symbol_files import ContractFile

_DAY = re.compile(r"[-_](\d{6})$")
_PERPETUAL = re.compile(r"[-_](PERP|PERPETUAL|SWAP)$")
_SEPARATORS = re.compile(r"[-_]")
_ALIAS = re.compile(r"(?P<base>[^/]+)/(?P<quote>[^:]+):(?P<settle>[^-]+)(-(?P<day>\w{6}))?")
_BASES = re.compile(r"""\bbase["']?\s*:\s*["']?([^\s"',}#]+)|([^\s"',/[]+)/\w+:\w""")
_QUOTES = ("USDT", "USDC", "USD", "EUR", "BTC")
_ANY_DAY = "YYMMDD"
_SHORTEST = 2
_MOST_NAMED = 8


class Wanted(NamedTuple):
    """What was typed, taken apart; capitals, and BTC for XBT.

    Attributes:
        pair: base and quote without what separates them, or the base alone.
        base, quote: the two, where a slash tells them apart; else "".
        settle: what follows a colon; "" if nothing does.
        day: YYMMDD of a dated contract; "" if none is named.
    """

    pair: str
    base: str = ""
    quote: str = ""
    settle: str = ""
    day: str = ""


class Identity(NamedTuple):
    """One way to say what a contract trades, in the same letters as `Wanted`."""

    base: str
    quote: str
    settle: str
    day: str = ""

    def fits(self, wanted: Wanted) -> bool:
        """Return True if this is what was typed, as far as it was typed."""
        if wanted.base:
            pair = wanted.base == self.base and wanted.quote == self.quote
        else:
            pair = wanted.pair in {self.base, self.base + self.quote}
        settle = not wanted.settle or wanted.settle == self.settle
        return pair and settle and (not wanted.day or self.day in {wanted.day, _ANY_DAY})


class Match(NamedTuple):
    """A contract that fits, and the name to ask for it by."""

    symbol: str
    contract: ContractFile

    @property
    def perpetual(self) -> bool:
        """Return True unless the contract ends on a day."""
        return not (self.contract.expiry or self.contract.family)

    def __str__(self) -> str:
        contract = self.contract
        return f"{self.symbol} ({contract.base}/{contract.quote}:{contract.settle})"


def read(given: str) -> Wanted:
    """Return a typed symbol taken apart.

    >>> read("xbt-usd"), read("BTC/USD:BTC-260925")[1:]
    (Wanted(pair='BTCUSD', base='', quote='', settle='', day=''), ('BTC', 'USD', 'BTC', '260925'))
    """
    text = given.strip().upper()
    dated = _DAY.search(text)
    day = dated[1] if dated else ""
    text, _, settle = _DAY.sub("", text).partition(":")
    base, slash, quote = _PERPETUAL.sub("", text).rpartition("/")
    if slash:
        return Wanted(fold(base) + fold(quote), fold(base), fold(quote), fold(settle), day)
    return Wanted(fold(quote), settle=fold(settle), day=day)


def fold(name: str) -> str:
    """Return a coin or pair in capitals, without separators, with BTC for XBT.

    >>> fold("XBT"), fold("xyz-gold"), fold("AIXBT")
    ('BTC', 'XYZGOLD', 'AIXBT')
    """
    text = _SEPARATORS.sub("", name.upper())
    return f"BTC{text[3:]}" if text.startswith("XBT") else text


def find(exchange: LoadedExchange, given: str) -> str:
    """Return the exchange's own name of the one contract that `given` means.

    A perpetual comes before dated contracts, a listed one before one that no
    longer is.

    Raises:
        InputError: several contracts fit, or none; says which come near.
    """
    wanted = read(given)
    found = matches(exchange, wanted)
    if len(found) == 1:
        return found[0].symbol
    if not found:
        message = f"{exchange.id} has no symbol {given!r} in the catalogue"
        hint = advice(exchange, wanted) or nearest(given, exchange.symbols())
        raise InputError(Fault("LQ112", "symbol", message, hint))
    message = f"{given!r} fits {len(found)} contracts of {exchange.id}"
    few = ", ".join(map(str, found[:_MOST_NAMED])) + (", ..." if len(found) > _MOST_NAMED else "")
    raise InputError(Fault("LQ118", "symbol", message, f"write one of {few}"))


def matches(exchange: LoadedExchange, wanted: Wanted) -> list[Match]:
    """Return the contracts that fit: perpetuals before dated ones, listed before delisted."""
    found = [match for contract in _alike(exchange, wanted) for match in _fitting(contract, wanted)]
    found = [match for match in found if match.perpetual] or found
    found = [match for match in found if match.contract.listed] or found
    return sorted(found, key=str)


def identities(contract: ContractFile) -> list[Identity]:
    """Return what a contract trades in its exchange's words, and in those of its aliases."""
    day = (contract.expiry or "")[2:].replace("-", "")
    own = Identity(fold(contract.base), fold(contract.quote), fold(contract.settle), day)
    pattern = (contract.alias_pattern,) if contract.alias_pattern else ()
    aliases = [_ALIAS.fullmatch(alias.upper()) for alias in (*contract.aliases, *pattern)]
    said = [
        Identity(fold(a["base"]), fold(a["quote"]), fold(a["settle"]), a["day"] or "")
        for a in aliases
        if a is not None
    ]
    return list(dict.fromkeys([own, *said]))


def _fitting(contract: ContractFile, wanted: Wanted) -> Iterator[Match]:
    """Yield the contract if it fits; a family only by the name of one of its members."""
    if not any(identity.fits(wanted) for identity in identities(contract)):
        return
    if not contract.family:
        yield Match(contract.symbol, contract)
    elif wanted.day and contract.pattern:
        yield Match(contract.pattern.replace(_ANY_DAY, wanted.day), contract)


def _alike(exchange: LoadedExchange, wanted: Wanted) -> list[ContractFile]:
    """Return the contracts whose base begins what was typed."""
    paths = list(files(exchange, "contracts"))
    named = [path for path in paths if _holds(path.stem, wanted.pair)]
    alike = [path for path in named if _mentions(path, wanted.pair)]
    if not alike:
        alike = [path for path in paths if path not in named and _mentions(path, wanted.pair)]
    return [found for path in alike if (found := exchange.contract(symbol_of(path)))]


def _holds(name: str, pair: str) -> bool:
    """Return True if a file's name holds the first letters of `pair`, or is shorter than they."""
    folded = _SEPARATORS.sub("", name.upper()).replace("XBT", "BTC")
    return len(folded) < _SHORTEST or pair[:_SHORTEST] in folded


def _mentions(path: Path, pair: str) -> bool:
    """Return True if a base of a file's text begins `pair`; what cannot be told counts."""
    try:
        bases = _BASES.findall(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return True
    return not bases or any(pair.startswith(fold(own or alias)) for own, alias in bases)


def advice(exchange: LoadedExchange, wanted: Wanted) -> str:
    """Return advice that names the exchange's contracts of the same base; "" without any."""
    bases = {wanted.base} if wanted.base else {wanted.pair}
    if not wanted.base:
        bases |= {wanted.pair.removesuffix(quote) for quote in _QUOTES} - {""}
    same = [
        contract
        for contract in _alike(exchange, wanted)
        if any(identity.base in bases for identity in identities(contract))
    ]
    if not same:
        return ""
    names = _names(same)
    base = fold(same[0].base)
    return f"{exchange.id} has {base} as {' or '.join(names[:_MOST_NAMED])}"


def _names(contracts: Iterable[ContractFile]) -> list[str]:
    """Return names as messages show them; a family by the pattern of its members."""
    own = [Match(c.symbol, c) for c in contracts if not c.family]
    families = [Match(c.pattern, c) for c in contracts if c.family and c.pattern]
    return [*sorted(map(str, own)), *sorted(map(str, families))]
