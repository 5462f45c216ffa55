"""Sizes as a user types them, and the row or the formula's rates that hold at one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.request import number_fault
from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import plain
from liqcalc.engine.rates import continuous, sloped
from liqcalc.engine.tiers import LEVERAGE_STEP
from liqcalc.engine.vocabulary import Slope
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liqcalc.engine.tiers import Schedule
    from liqcalc.engine.vocabulary import Continuous
    from liqcalc.rules.symbol_files import ContractFile, TierTable

_LARGEST = Decimal("1e24")


class Sizes(NamedTuple):
    """A size as it was typed: each None if not given."""

    notional: Decimal | None = None
    contracts: Decimal | None = None
    qty: Decimal | None = None

    @property
    def given(self) -> bool:
        """Return True if any was given."""
        return any(value is not None for value in self)


class Held(NamedTuple):
    """The row that holds a size, or the rates of a formula at it.

    Attributes:
        size: in `unit`.
        unit: what the size counts.
        tier: number of the row, 1 = lowest; None if the row is not known, or
            the rates follow a formula.
        mmr, imr: rates at this size; None if not known.
        maintenance_margin: value*mmr - deduction; None without a value.
        max_leverage: at this size, if it is known.
    """

    size: Decimal
    unit: str
    tier: int | None = None
    mmr: Decimal | None = None
    imr: Decimal | None = None
    maintenance_margin: Decimal | None = None
    max_leverage: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "size": plain(self.size),
            "unit": self.unit,
            "tier": self.tier,
            "mmr": text(self.mmr),
            "imr": text(self.imr),
            "maintenance_margin": text(self.maintenance_margin),
            "max_leverage": text(self.max_leverage),
        }


def read_numbers(given: Mapping[str, str | None]) -> tuple[list[Decimal | None], list[Fault]]:
    """Return the numbers of options, in their order, and what is wrong with them."""
    faults: list[Fault] = []
    found: list[Decimal | None] = []
    for name, typed in given.items():
        fault = None if typed is None else number_fault(name, typed)
        value = None if typed is None or fault else Decimal(typed)
        if fault:
            faults.append(fault)
        elif value is not None and not 0 < value < _LARGEST:
            hint = "check the unit and the decimal point"
            message = f"is {typed}, it must be above 0 and below 1e24"
            faults.append(Fault("LQ105", name, message, hint))
        found.append(value)
    return found, faults


def in_a_row(schedule: Schedule, sizes: Sizes, unit: str) -> Held:
    """Return the row that holds a size, which must be in the table's unit."""
    size = sizes.contracts if schedule.by_contracts else sizes.notional
    if size is None:
        wanted = "contracts" if schedule.by_contracts else "notional"
        given = next(name for name, value in sizes._asdict().items() if value is not None)
        message = f"does not fit: this table counts {unit}"
        raise InputError(Fault("LQ105", f"--{given}", message, f"give --{wanted}"))
    if schedule.unknown_beyond(size):
        return Held(size, unit)
    index = schedule.index_at(size)
    tier = schedule.tiers[index]
    margin = None if sizes.notional is None else sizes.notional * tier.mmr - tier.deduction
    return Held(size, unit, index + 1, tier.mmr, tier.imr, margin, tier.max_leverage)


class Formula(NamedTuple):
    """Rates that follow from a size, and what that size counts.

    Attributes:
        rule: the formula's numbers.
        unit: base coins, or contracts (continuous rates of inverse contracts).
        inverse: True if the value in the settle currency is the size in coins.
        contract_size: coins a contract, if a size can be counted so.
        max_leverage: of the contract at any size; None if not known.
    """

    rule: Slope | Continuous
    unit: str
    inverse: bool
    contract_size: Decimal | None
    max_leverage: Decimal | None

    def lines(self) -> tuple[str, ...]:
        """Return the formula with its numbers."""
        given = self.rule._asdict()
        number = {name: "?" if value is None else plain(value) for name, value in given.items()}
        if isinstance(self.rule, Slope):
            grows = f"+ {number['slope']} x size in {self.unit}"
            return (f"mmr = {number['mmr_base']} {grows}", f"imr = {number['imr_base']} {grows}")
        k = number["k"]
        reach = f"x price / {k}" if self.inverse else f"/ ({k} x price)"
        least = f"(1 + n/{number['m']}) / (2 x {number['mmr_lev_constant']})"
        return (
            f"mmr = min({least}, {number['mmr_limit']}), n = size in {self.unit}",
            f"imr = max(1/leverage, {number['f']} x mmr)",
            f"largest n = {k} x ln(free margin x leverage {reach} + 1)",
        )

    def needs(self) -> str:
        """Return which options give the size."""
        if self.unit == "contracts":
            return "--contracts; with --notional the maintenance margin too"
        if self.inverse:
            return f"--qty in {self.unit}, or --notional, which is the same here"
        each = ""
        if self.contract_size is not None:
            each = f", or --contracts of {plain(self.contract_size)} {self.unit}"
        return f"--qty in {self.unit}{each}; with --notional the maintenance margin too"

    def at(self, sizes: Sizes, leverage: Decimal | None) -> Held:
        """Return the rates at a size; a margin, if its value is known too."""
        size, value = self._size(sizes)
        if isinstance(self.rule, Slope):
            tier = sloped(self.rule, size)
        else:
            tier = continuous(self.rule, size, leverage)
        if tier is None:
            return Held(size, self.unit)
        margin = None if value is None else value * tier.mmr
        known = [most for most in (tier.max_leverage, self.max_leverage) if most is not None]
        most = LEVERAGE_STEP.apply(min(known)) if known else None
        return Held(size, self.unit, None, tier.mmr, tier.imr, margin, most)

    def _size(self, sizes: Sizes) -> tuple[Decimal, Decimal | None]:
        """Return the size that the rates follow from, and the value if it is known."""
        notional, contracts, qty = sizes
        if self.unit == "contracts":
            if contracts is None:
                raise self._misfit("qty" if qty is not None else "notional")
            return contracts, notional
        if qty is not None and contracts is not None:
            message = "and --contracts both give the size"
            raise InputError(Fault("LQ105", "--qty", message, "give one of them"))
        if contracts is not None and self.contract_size is None:
            raise self._misfit("contracts")
        if contracts is not None and self.contract_size is not None:
            qty = contracts * self.contract_size
        if self.inverse:
            if qty is not None and notional not in {None, qty}:
                message = f"is the size in {self.unit} too, it differs from --qty"
                raise InputError(Fault("LQ105", "--notional", message, "give one of them"))
            coins = notional if qty is None else qty
            if coins is not None:
                return coins, coins
        if qty is None:
            raise self._misfit("notional")
        return qty, notional

    def _misfit(self, given: str) -> InputError:
        message = f"does not give the size in {self.unit}, from which these rates follow"
        if self.unit != "contracts":
            message += ": that needs a price"
        return InputError(Fault("LQ105", f"--{given}", message, f"give {self.needs()}"))


def formula_of(table: TierTable, contract: ContractFile | None) -> Formula | None:
    """Return the formula of a table; None if it has rows."""
    rule = table.slope or table.continuous
    if rule is None:
        return None
    inverse = contract is not None and contract.product is Product.INVERSE
    unit = contract.base if contract else "base coins"
    if inverse and table.continuous is not None:
        unit = "contracts"
    size = contract.contract_size if contract and not inverse else None
    return Formula(rule, unit, inverse, size, contract.max_leverage if contract else None)


def text(value: Decimal | None) -> str | None:
    """Return a number as JSON has it."""
    return None if value is None else plain(value)
