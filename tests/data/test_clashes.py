"""`liqcalc check` tells choices that do not go together, and lets those be that do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from liqcalc.rules.check import check_folder

from .slips import EXCHANGE, FEES, change, later, line_of

if TYPE_CHECKING:
    from pathlib import Path

AT_ENTRY = "maintenance_at: entry, tier_by: entry_value"
RESERVE = "fee_to_close: reserve"
ROUNDED = "leverage_rate: {to: tick}"
FEE_RATE = "fee_rate: {to: tick}"
PARTS = "margin_adds: [fee_to_close], margin_less: [funding_paid]"


class Clash(NamedTuple):
    """Choices that do not go together, and how they would.

    Attributes:
        choices: added to a rule set that is like the invented exchange's.
        key: the choice that is told.
        good: choices that go together.
        header: of exchange.yaml, what stands there and what is written instead.
    """

    choices: str
    key: str
    good: str = ""
    header: tuple[str, str] = ("", "")


INVERSE = ("products: [linear]\nmargin", "products: [linear, inverse]\nmargin")
MULTI = ("collateral_modes: [single]", "collateral_modes: [single, multi]")

CLASHES = {
    "a minimum": Clash(
        "minimum_requirement: 1", "minimum_requirement", f"minimum_requirement: 1, {AT_ENTRY}"
    ),
    "a minimum at the index": Clash(
        "minimum_requirement: 1, maintenance_at: index", "minimum_requirement"
    ),
    "payable funding": Clash(
        "funding_in_requirement: payable",
        "funding_in_requirement",
        f"funding_in_requirement: payable, {AT_ENTRY}",
    ),
    "covered shorts": Clash(
        "covered_short_exempt: true",
        "covered_short_exempt",
        f"covered_short_exempt: true, {AT_ENTRY}",
    ),
    "whole units": Clash("money: {step: 1}", "money", f"money: {{step: 1}}, {AT_ENTRY}"),
    "a tier that follows a price": Clash("maintenance_at: entry", "tier_by", AT_ENTRY),
    "a notional at the index": Clash("notional_at: index", "notional_at", "notional_at: entry"),
    "maintenance from initial, marginal": Clash(
        "maintenance_from_initial: true",
        "maintenance_from_initial",
        "maintenance_from_initial: true, tier_applies: whole",
    ),
    "maintenance from initial, at entry": Clash(
        f"maintenance_from_initial: true, tier_applies: whole, {AT_ENTRY}",
        "maintenance_from_initial",
    ),
    "maintenance from initial, all orders": Clash(
        "maintenance_from_initial: true, tier_applies: whole, orders: {worst_case: true}",
        "maintenance_from_initial",
    ),
    "maintenance from initial, with a fee": Clash(
        "maintenance_from_initial: true, tier_applies: whole, "
        "cross: {fee_in_maintenance_margin: mark}",
        "maintenance_from_initial",
    ),
    "maintenance from initial, in steps": Clash(
        "maintenance_from_initial: true, tier_applies: whole, isolated: {requirement_step: 1}",
        "maintenance_from_initial",
    ),
    "a premium on marginal rates": Clash(
        "size_premium: 0.01", "size_premium", "size_premium: 0.01, tier_applies: whole"
    ),
    "pairs and all orders": Clash(
        "pair_tier: gross, tier_applies: whole, orders: {worst_case: true}",
        "pair_tier",
        "pair_tier: gross, tier_applies: whole",
    ),
    "pairs and deductions": Clash(
        "pair_tier: larger", "pair_tier", "pair_tier: larger, tier_applies: whole"
    ),
    "a level and deductions": Clash(
        f"isolated: {{level_set: true}}, {AT_ENTRY}",
        "isolated.level_set",
        f"isolated: {{level_set: true}}, tier_applies: whole, {AT_ENTRY}",
    ),
    "a level that follows the price": Clash(
        "cross: {level_set: true}, tier_applies: whole",
        "cross.level_set",
        "cross: {level_set: true}, tier_applies: whole, tier_by: entry_value",
    ),
    "a rounded leverage in whole units": Clash(
        f"{ROUNDED}, money: {{step: 1}}, {AT_ENTRY}", "leverage_rate", ROUNDED
    ),
    "a rounded leverage and all orders": Clash(
        f"{ROUNDED}, orders: {{worst_case: true}}", "leverage_rate", "orders: {worst_case: true}"
    ),
    "a rounded leverage and the tier's rate": Clash(
        f"{ROUNDED}, cross: {{initial_rate: tier}}",
        "cross.initial_rate",
        f"{ROUNDED}, cross: {{initial_rate: larger}}",
    ),
    "a rounded leverage at the index": Clash(
        f"{ROUNDED}, isolated: {{initial_margin_at: index}}",
        "isolated.initial_margin_at",
        "isolated: {initial_margin_at: index}",
    ),
    "an order's fee at its entry": Clash(
        "orders: {closing_fee: entry}", "orders.closing_fee", "orders: {closing_fee: mark}"
    ),
    "an order's fee out of nothing": Clash(
        "orders: {opening_fee_from_equity: true}",
        "orders.opening_fee_from_equity",
        "orders: {opening_fee_from_equity: true, in_requirement: true}",
    ),
    "both sides of nothing": Clash(
        "orders: {both_sides: true}",
        "orders.both_sides",
        "orders: {both_sides: true, pick_tier: true}",
    ),
    "a ratio that pays no fee": Clash(
        "orders: {displayed_ratio_pays_fee: true}",
        "orders.displayed_ratio_pays_fee",
        "orders: {displayed_ratio_pays_fee: true}, cross: {displayed_ratio: equity_to_requirement}",
    ),
    "a margin that is not locked": Clash(
        "orders: {margin_locked: true, counted_margin: true}",
        "orders.margin_locked",
        "orders: {margin_locked: true}",
    ),
    "orders counted twice": Clash(
        "orders: {worst_case: true, pick_tier: true}",
        "orders.pick_tier",
        "orders: {pick_tier: true}",
    ),
    "isolated orders counted twice": Clash(
        "orders: {worst_case: true, pick_tier_isolated: true}", "orders.pick_tier_isolated"
    ),
    "orders required twice": Clash(
        "orders: {worst_case: true, in_requirement: true}", "orders.in_requirement"
    ),
    "a band of unknown width": Clash(
        "funding: {premium_rule: dead_band}",
        "funding.premium_rule",
        "funding: {premium_rule: dead_band, band: 0.0005}",
    ),
    "half a funding rate": Clash(
        "funding: {interest_rate_8h: 0.0001, clamp: 0.0005}",
        "funding.interest_rate_8h",
        "funding: {interest_rate_8h: 0.0001, clamp: 0.0005, rate_divisor: 1}",
    ),
    "a reserve in the requirement": Clash(
        "cross: {fee_in_requirement: reserve}",
        "cross.fee_in_requirement",
        f"cross: {{fee_in_requirement: reserve, {RESERVE}}}",
    ),
    "a reserve in the initial margin": Clash(
        "isolated: {fee_in_initial_margin: reserve}",
        "isolated.fee_in_initial_margin",
        "isolated: {fee_in_initial_margin: reserve, fee_in_maintenance_margin: reserve}",
    ),
    "a reserve in the margin": Clash(
        "isolated: {margin_adds: [fee_reserve]}",
        "isolated.margin_adds",
        f"isolated: {{margin_adds: [fee_reserve], {RESERVE}}}",
    ),
    "a reserve out of the margin": Clash(
        "isolated: {margin_less: [fee_reserve]}", "isolated.margin_less"
    ),
    "the liquidator's rate of the leverage": Clash(
        "cross: {requirement_fee: liquidation, fee_in_requirement: leverage_bankruptcy}",
        "cross.requirement_fee",
        "cross: {requirement_fee: liquidation}",
    ),
    "the liquidator's rate of the reserve": Clash(
        "isolated: {requirement_fee: liquidation, fee_in_maintenance_margin: reserve}",
        "isolated.requirement_fee",
        "isolated: {requirement_fee: liquidation, fee_in_maintenance_margin: mark}",
    ),
    "a loss shared with nobody": Clash(
        "isolated: {shown_price: shared_loss}",
        "isolated.shown_price",
        "cross: {shown_price: shared_loss}, tier_applies: whole",
    ),
    "a shared loss on marginal rates": Clash(
        "cross: {shown_price: shared_loss}", "cross.shown_price"
    ),
    "a shared loss at entry": Clash(
        f"cross: {{shown_price: shared_loss}}, tier_applies: whole, {AT_ENTRY}", "cross.shown_price"
    ),
    "a shared loss in steps": Clash(
        "cross: {shown_price: shared_loss, requirement_step: 1}, tier_applies: whole",
        "cross.shown_price",
    ),
    "a shared loss with a fixed fee": Clash(
        "cross: {shown_price: shared_loss, fee_in_requirement: entry}, tier_applies: whole",
        "cross.shown_price",
    ),
    "a rounded fee rate without the opening fee": Clash(
        f"{FEE_RATE}, isolated: {{margin_adds: [fee_to_close], margin_less: [opening_fee]}}",
        "isolated.margin_adds",
        f"{FEE_RATE}, isolated: {{{PARTS}}}",
    ),
    "a rounded fee rate and the tier's rate": Clash(
        f"{FEE_RATE}, isolated: {{{PARTS}, initial_rate: larger}}", "isolated.margin_adds"
    ),
    "a margin of its own": Clash(
        "cross: {margin_adds: [fee_to_close]}",
        "cross.margin_adds",
        "isolated: {margin_adds: [fee_to_close]}",
    ),
    "a margin less": Clash(
        "cross: {margin_less: [funding_paid]}",
        "cross.margin_less",
        "isolated: {margin_less: [funding_paid]}",
    ),
    "a fee at bankruptcy that is left": Clash(
        "cross: {fee_in_requirement: bankruptcy, bankruptcy_pays_fee: true}",
        "cross.bankruptcy_pays_fee",
        "isolated: {fee_in_requirement: bankruptcy, bankruptcy_pays_fee: true}",
    ),
    "a share without its fee": Clash(
        "cross: {fee_in_requirement: entry, bankruptcy_pays_fee: true, bankruptcy_share: value}",
        "cross.bankruptcy_share",
        "cross: {fee_in_requirement: entry, bankruptcy_pays_fee: true}",
    ),
    "an impact in a pool": Clash("impact_cap: 0.01", "impact_cap"),
    "a step of closing inverse contracts": Clash(
        "partial_close: {}", "partial_close", header=INVERSE
    ),
    "liquidators of inverse contracts": Clash("liquidators: {}", "liquidators", header=INVERSE),
    "a fee at bankruptcy of several coins": Clash(
        "cross: {fee_in_requirement: bankruptcy}", "cross.fee_in_requirement", header=MULTI
    ),
    "weighed profit among several coins": Clash(
        "profit: {initial: 0}",
        "profit",
        "profit: {initial: 0}, multi_asset: {negative: requirement}",
        header=MULTI,
    ),
    "two rules for what is owed": Clash(
        "multi_asset: {negative: requirement, borrow_mmr: {USDT: 0.04}}",
        "multi_asset.borrow_mmr",
        "multi_asset: {negative: full, borrow_mmr: {USDT: 0.04}}",
        header=MULTI,
    ),
}


def clashes_of(harbor: Path, choices: str, header: tuple[str, str]) -> list[tuple[str, str]]:
    """Return (where, what is told) of a rule set with further choices."""
    own = f"name: later, {choices}}}"
    change(harbor / EXCHANGE, FEES, later("name: later}", own))
    if header[0]:
        change(harbor / EXCHANGE, *header)
    return [(f.where, f.message) for f in check_folder(harbor) if f.code == "LQ229"]


@pytest.mark.parametrize("clash", CLASHES.values(), ids=CLASHES)
class TestClashes:
    """A choice that the engine would pass over in silence is a fault."""

    def test_is_told_at_the_choice(self, harbor: Path, clash: Clash) -> None:
        (told,) = clashes_of(harbor, clash.choices, clash.header)

        line = line_of(harbor / EXCHANGE, "choices: {like")
        assert told[0] == f"{harbor / EXCHANGE}:{line}"
        assert told[1].startswith(f"rules[1].choices.{clash.key} ")

    def test_the_same_where_it_counts(self, harbor: Path, clash: Clash) -> None:
        if clash.good:
            assert clashes_of(harbor, clash.good, clash.header) == []
        elif clash.header[0]:
            assert clashes_of(harbor, clash.choices, ("", "")) == []


def test_a_mode_that_an_exchange_does_not_have_is_let_be(harbor: Path) -> None:
    path = harbor / EXCHANGE
    change(path, FEES, later("name: later}", "name: later, cross: {margin_less: [funding_paid]}}"))
    assert [fault.code for fault in check_folder(harbor)] == ["LQ229"]

    text = path.read_text(encoding="utf-8").replace("[isolated, cross]", "[isolated]")
    rows = [row for row in text.splitlines() if "mode: cross, evidence" not in row]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert check_folder(harbor) == []
