"""Finds exchange folders, reads them, and picks what is in force on a day."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from liqcalc.engine.numbers import Rounding, exact
from liqcalc.engine.vocabulary import Rules
from liqcalc.errors import DataUnavailable, Fault, InputError, RuleError
from liqcalc.rules import build, strict_yaml
from liqcalc.rules.inherit import expand
from liqcalc.rules.names import ENVIRONMENT, built_in, file_name, symbol_of
from liqcalc.rules.schema import (
    Exchange,
    FeeEntry,
    FundingTerms,
    LeverageStep,
    MarginChange,
    MarginMode,
    RuleEntry,
    Source,
)
from liqcalc.rules.symbol_files import ContractFile, TierFile, TierTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liqcalc.engine.contract import Product

T = TypeVar("T")


class Layer(NamedTuple):
    """One folder of exchanges; what comes with liqcalc is trusted."""

    folder: Path
    trusted: bool


class Catalog:
    """Every exchange that can be asked about.

    Args:
        extra: folders of the user's own, which add exchanges and symbols or
            put single files in place of those that came with liqcalc.
    """

    def __init__(self, extra: Iterable[str | Path] = ()) -> None:
        given = [Path(folder) for folder in extra]
        named = os.environ.get(ENVIRONMENT, "")
        given += [Path(folder) for folder in named.split(os.pathsep) if folder]
        for folder in given:
            if not folder.is_dir():
                message = f"{folder} is not a folder of exchanges"
                hint = "each exchange is a folder in it that holds exchange.yaml"
                raise InputError(Fault("LQ110", str(folder), message, hint))
        self.layers = [Layer(folder, trusted=False) for folder in given]
        self.layers.append(Layer(built_in(), trusted=True))
        self._loaded: dict[str, LoadedExchange] = {}

    def names(self) -> list[str]:
        """Return the ids of all exchanges, in alphabetical order."""
        return sorted(
            {
                entry.name
                for layer in self.layers
                for entry in layer.folder.iterdir()
                if (entry / "exchange.yaml").is_file()
            }
        )

    def exchange(self, name: str) -> LoadedExchange:
        """Return the exchange called `name`.

        Raises:
            InputError: there is no such exchange; says which names come near.
        """
        if name not in self._loaded:
            layers = [
                Layer(layer.folder / name, layer.trusted)
                for layer in self.layers
                if name and (layer.folder / name).is_dir()
            ]
            if not name.isidentifier() or not any(
                (layer.folder / "exchange.yaml").is_file() for layer in layers
            ):
                known = self.names()
                if name.lower() in known:
                    return self.exchange(name.lower())
                message = f"there is no exchange {name!r}"
                raise InputError(Fault("LQ111", "exchange", message, nearest(name, known)))
            self._loaded[name] = LoadedExchange(name, layers)
        return self._loaded[name]


class LoadedExchange:
    """One exchange's folder; files are read when they are first needed."""

    def __init__(self, name: str, layers: list[Layer]) -> None:
        self.id = name
        self.layers = layers
        self._tiers: dict[str, TierFile | None] = {}
        self._contracts: dict[str, ContractFile | None] = {}

    @cached_property
    def _raw(self) -> tuple[dict[str, Any], Path, bool]:
        path, trusted = self._find("exchange.yaml")
        return expand(_parse(path)), path, trusted

    @cached_property
    def meta(self) -> Exchange:
        """Return exchange.yaml."""
        data, path, trusted = self._raw
        return _read(Exchange, data, path, trusted=trusted)

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Return sources.yaml: where each number comes from."""
        found: dict[str, Source] = {}
        for layer in reversed(self.layers):
            path = layer.folder / "sources.yaml"
            if path.is_file():
                data = _parse(path) or {}
                found |= _read(dict[str, Source], data, path, trusted=layer.trusted)
        return found

    def symbols(self) -> list[str]:
        """Return the symbols that have a contract file."""
        return sorted(
            {
                symbol_of(path)
                for layer in self.layers
                for path in (layer.folder / "contracts").glob("*.yaml")
            }
        )

    def contract(self, symbol: str) -> ContractFile | None:
        """Return the contract of `symbol`; None if the catalogue has none."""
        if symbol not in self._contracts:
            found = self._optional(f"contracts/{file_name(symbol)}", ContractFile)
            self._contracts[symbol] = found or self._family(symbol)
        return self._contracts[symbol]

    def tiers(self, symbol: str) -> TierFile | None:
        """Return the tables of `symbol`; None if the catalogue has none."""
        if symbol not in self._tiers:
            found = self._optional(f"tiers/{file_name(symbol)}", TierFile)
            if found is None and (family := self._family(symbol)):
                found = self._optional(f"tiers/{file_name(family.symbol)}", TierFile)
            self._tiers[symbol] = found
        return self._tiers[symbol]

    def find_symbol(self, given: str) -> str:
        """Return the exchange's own name for `given`.

        Takes the own name in any case; a dated contract of a known family; and
        as far as one contract fits, a unified name (``BTC/USDT:USDT``), a pair
        (``BTC-USDT``, ``XBTUSD``) or a coin (``BTC``).

        Raises:
            InputError: nothing fits, or several; says which symbols come near.
        """
        own = self.contract(given) or self.tiers(given)
        if own is not None:
            return own.symbol if file_name(own.symbol) == file_name(given) else given
        folded = [symbol for symbol in self.symbols() if symbol.lower() == given.lower()]
        if len(folded) == 1:
            return folded[0]
        from liqcalc.rules import symbols

        return symbols.find(self, given)

    def rules_on(
        self, day: str | None, name: str | None = None, product: Product | None = None
    ) -> RuleEntry:
        """Return the rule set called `name`, or the one in force on `day`.

        Args:
            day: ISO date; None = now.
            name: of a rule set; None = the one that the day picks.
            product: that it must be for; None = any.
        """
        entries = self._named(name)
        fits = [e for e in entries if product is None or not e.products or product in e.products]
        return _in_force(fits or entries, day)

    def rules(
        self, entry: RuleEntry, parameters: Mapping[str, Any], *, where: str = "parameters"
    ) -> Rules:
        """Return the choices of `entry` with single parameters overridden.

        Raises:
            InputError: a parameter that the exchange does not have, or a
                value that it cannot take.
        """
        if not parameters:
            return entry.choices
        data, _, _ = self._raw
        choices = copy.deepcopy(data["rules"][self.meta.rules.index(entry)]["choices"])
        faults = []
        for key, value in parameters.items():
            parameter = self.meta.parameters.get(key)
            if parameter is None:
                hint = nearest(key, sorted(self.meta.parameters))
                message = f"{self.id} has no parameter {key!r}"
                faults.append(Fault("LQ106", f"{where}.{key}", message, hint))
                continue
            if changed(choices, parameter.sets, value) is None:
                hint = "liqcalc exchanges NAME lists the parameters with their values"
                faults.append(Fault("LQ106", f"{where}.{key}", f"cannot be {value!r}", hint))
        if faults:
            raise InputError(*faults)
        return build.build(Rules, choices)

    def fees_on(self, day: str | None, product: Product) -> FeeEntry | None:
        """Return the default fees of `product` on `day`."""
        entries = [fee for fee in self.meta.fees if fee.product is product]
        return _in_force(entries, day) if entries else None

    def leverage_step_on(self, day: str | None) -> LeverageStep | None:
        """Return the step of the leverage setting on `day`; None if it is not known."""
        entries = list(self.meta.leverage_steps)
        return _in_force(entries, day) if entries else None

    def margin_change_on(self, day: str | None, mode: MarginMode) -> MarginChange | None:
        """Return what may be done with the margin of an open position; None if it is not known."""
        entries = [entry for entry in self.meta.margin_changes if entry.mode in {None, mode}]
        return _in_force(entries, day) if entries else None

    def funding_on(self, day: str | None) -> FundingTerms:
        """Return when funding is charged on `day`, and what pays it."""
        return _in_force(list(self.meta.funding), day)

    def tier_table(
        self,
        symbol: str,
        day: str | None,
        *,
        rules: str | None = None,
        mode: MarginMode = MarginMode.ISOLATED,
        leverage: Decimal | None = None,
        today: str | None = None,
    ) -> TierTable | None:
        """Return the table in force on `day`; None if none is known for it.

        Args:
            symbol: the exchange's own name.
            day: ISO date; None = the newest table.
            rules: name of the rule set; None = the one in force on `day`.
            mode: margin mode.
            leverage: setting of the position, where tables are for one each.
            today: ISO date that ends tables when no `day` is given.
        """
        found = self.tiers(symbol)
        if found is None:
            return None
        if rules is None:
            rules = self.rules_on(day).name
        fits = [table for table in found.history if table.fits(rules, mode, leverage)]
        if day is not None:
            fits = [table for table in fits if table.from_ <= day]
        if not fits:
            return None
        table, last = fits[-1], day or today
        ended = table.until is not None and last is not None and last > table.until
        return None if ended else table

    def _named(self, name: str | None) -> list[RuleEntry]:
        entries = list(self.meta.rules)
        if name is None:
            return [entry for entry in entries if not entry.only_by_name]
        fits = [entry for entry in entries if entry.name == name]
        if not fits:
            known = list(dict.fromkeys(entry.name for entry in entries))
            message = f"{self.id} has no rule set {name!r}"
            raise InputError(Fault("LQ107", "rules", message, nearest(name, known)))
        return fits

    def _find(self, name: str) -> tuple[Path, bool]:
        for layer in self.layers:
            path = layer.folder / name
            if path.is_file():
                return path, layer.trusted
        message = f"the folder of {self.id} has no {name}"
        raise RuleError(Fault("LQ201", self.id, message, "see exchanges/README.md"))

    def _optional(self, name: str, cls: type[T]) -> T | None:
        for layer in self.layers:
            path = layer.folder / name
            if path.is_file():
                return _read(cls, _parse(path), path, trusted=layer.trusted)
        return None

    def _family(self, symbol: str) -> ContractFile | None:
        """Return the family that a dated symbol such as BTCUSD_260925 belongs to."""
        if not re.search(r"\d{6}$", symbol):
            return None
        pattern = re.sub(r"\d{6}$", "YYMMDD", symbol)
        for layer in self.layers:
            for path in (layer.folder / "contracts").glob("*.yaml"):
                if pattern not in path.read_text(encoding="utf-8", errors="replace"):
                    continue
                contract = self.contract(symbol_of(path))
                if contract and contract.pattern == pattern:
                    return contract
        return None


def nearest(given: str, known: list[str]) -> str:
    """Return advice that names what comes near `given`."""
    import difflib

    folded: dict[str, str] = {name.lower(): name for name in known}
    close = [name for name in folded if given and name.startswith(given.lower())]
    close += difflib.get_close_matches(given.lower(), list(folded), n=3, cutoff=0.55)
    if close:
        few = list(dict.fromkeys(close))[:3]
        return "did you mean " + " or ".join(folded[name] for name in few) + "?"
    shown = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")  # noqa: PLR2004
    return f"known are: {shown}" if known else "none are known"


E = TypeVar("E", RuleEntry, FeeEntry, FundingTerms, LeverageStep, MarginChange)


def _in_force(entries: list[E], day: str | None) -> E:
    entries = sorted(entries, key=lambda entry: entry.from_)
    if day is None:
        return entries[-1]
    fits = [entry for entry in entries if entry.from_ <= day]
    return fits[-1] if fits else entries[0]


def _parse(path: Path) -> Any:  # noqa: ANN401 - parsed YAML
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(Fault("LQ201", shown(path), f"cannot be read: {error}")) from None
    try:
        with exact():
            documents = strict_yaml.parse(text, shown(path))
    except strict_yaml.YamlError as error:
        raise RuleError(*error.faults) from None
    return documents[0] if documents else None


def _read(cls: type[T], data: Any, path: Path, *, trusted: bool) -> T:  # noqa: ANN401
    if trusted:
        try:
            with exact():
                return build.build(cls, data)
        except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation):
            pass
    text = path.read_text(encoding="utf-8")
    found, faults = build.validate(cls, data, text=text, where=shown(path), code="LQ202")
    if found is None:
        raise RuleError(*faults)
    return found


def shown(path: Path) -> str:
    """Return a path as messages show it: from the exchanges folder on."""
    parts = path.parts
    for name in ("_exchanges", "exchanges"):
        if name in parts:
            at = len(parts) - 1 - parts[::-1].index(name)
            return "/".join(("exchanges", *parts[at + 1 :]))
    return str(path)


def changed(
    choices: dict[str, Any],
    paths: Iterable[str],
    value: Any,  # noqa: ANN401 - parsed YAML
) -> Rules | None:
    """Set the choices at `paths` to `value`; return the rules, or None if they cannot be so.

    Args:
        choices: of a rule set, as parsed; changed in place.
        paths: such as ``isolated.liquidation_price.to``.
        value: as a sheet gives it.
    """
    for path in paths:
        _set(choices, path.split("."), value)
    try:
        rules = build.build(Rules, choices)
    except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation):
        return None
    return rules if _sound(rules) else None


def _set(choices: dict[str, Any], path: list[str], value: Any) -> None:  # noqa: ANN401
    for step in path[:-1]:
        if not isinstance(choices.get(step), dict):
            choices[step] = {}
        choices = choices[step]
    if isinstance(value, dict) and isinstance(choices.get(path[-1]), dict):
        choices[path[-1]] = choices[path[-1]] | value
    else:
        choices[path[-1]] = value


_TO = frozenset({"none", "decimals", "significant", "tick"})
_TOWARD = frozenset({"zero", "away", "up", "down", "half_up", "half_even", "entry"})


def _sound(value: Any) -> bool:  # noqa: ANN401 - any part of Rules
    """Return False if a number is not finite or a rounding is not a known one."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) < Decimal("1e24")
    if isinstance(value, Mapping):
        return all(_sound(item) for item in value.values())
    if isinstance(value, Rounding):
        to, digits, toward = value
        return to in _TO and toward in _TOWARD and 0 <= digits <= 30  # noqa: PLR2004
    if isinstance(value, tuple):
        return all(_sound(item) for item in value)
    return True


__all__ = ["Catalog", "DataUnavailable", "LoadedExchange", "built_in", "file_name", "nearest"]
