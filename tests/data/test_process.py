"""`liqcalc check` refuses a liquidation process that could not be walked, on its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from liqcalc.rules.check import check_folder

if TYPE_CHECKING:
    from pathlib import Path

CANCEL = '{action: cancel_orders, when: "equity reaches the requirement"}'
TAKE = '{action: take_over, when: "still short", note: "at the bankruptcy price"}'


def said(harbor: Path, *steps: str, mode: str = "mode: isolated") -> list[str]:
    """Return what check says where the invented exchange takes these steps."""
    path = harbor / "exchange.yaml"
    text = path.read_text()
    assert text.count(f"      - {CANCEL}\n      - {TAKE}\n") == 1
    lines = "".join(f"      - {step}\n" for step in steps)
    text = text.replace(f"      - {CANCEL}\n      - {TAKE}\n", lines)
    path.write_text(text.replace("    mode: isolated\n    steps:", f"    {mode}\n    steps:"))
    return [f"{fault.code} {fault.message}" for fault in check_folder(harbor)]


def reduce(parts: str) -> str:
    return f'{{action: reduce, when: "higher tier", {parts}}}'


SOUND = [
    reduce("size: {to: tier_cap, tiers: 1}, only: {tier_from: 2}, repeats: true"),
    reduce("size: {to: share, rate: 0.2}, fees: [taker], once: true, pause_seconds: 30"),
    reduce("size: {to: restoring_cap}, evidence: assumed, assumes: the highest that suffices"),
    '{action: close, when: "small", only: {value_below: 50, equity_from: 2/3}}',
    '{action: take_over, when: "short", fees: [liquidation], fee_to: fund, fill: mark}',
]

NONSENSE = {
    'reduce, when: "x"': "size is missing: how much",
    'reduce, when: "x", size: {to: share}': "size.rate is missing, share needs it",
    'reduce, when: "x", size: {to: share, rate: 10}': "size.rate is 10, it must be below 1",
    'reduce, when: "x", size: {to: share, rate: -0.1}': "size.rate is -0.1, it must be above 0",
    'reduce, when: "x", size: {to: tier_cap}': "size.tiers is missing",
    'reduce, when: "x", size: {to: tier_cap, tiers: 0}': "size.tiers is 0, it must be above 0",
    'reduce, when: "x", size: {to: value, rate: 0.1, value: 9}': "size.rate is given, value does",
    'reduce, when: "x", size: {to: block_limits}': "but no rule set has partial_close",
    'reduce, when: "x", size: {to: shortage}': "but no rule set has liquidators",
    'close, when: "x", size: {to: restoring_cap}': "size is for reduce, not for close",
    'close, when: "x", fill: fillable': "fill is fillable, but no rule set has partial_close",
    'close, when: "x", fill: liquidator': "fill is liquidator, but no rule set has liquidators",
    'close, when: "x", fee_limit: gain': "limits a liquidation fee, and fees does not name it",
    'close, when: "x", repeats: true': "repeats is for reduce",
    'close, when: "x", evidence: assumed': "assumes is missing",
    'close, when: "x", pause_seconds: 0': "pause_seconds is 0, it must be above 0",
    'close, when: "x", only: {tier_from: 0}': "only.tier_from is 0, it must be above 0",
    'close, when: "x", only: {equity_from: 1.5}': "above the requirement nothing is liquidated",
    'close, when: "x", only: {equity_from: -1}': "must not be below 0",
    'reduce, when: "x", size: {to: restoring_cap}, once: true, repeats: true': "contradicts",
    'cancel_orders, when: "x", fees: [taker]': "cancel_orders closes nothing",
    'cancel_orders, when: "x", fill: mark': "cancel_orders closes nothing",
    'cancel_orders, when: "x", only: {tier_from: 2}': "only is for steps that close",
    'close, when: "x", scope: account': "scope is of cancelled orders",
    'net_hedge, when: "x"': "has no position mode hedge",
}


def test_sound_steps_are_taken(harbor: Path) -> None:
    assert said(harbor, CANCEL, *SOUND) == []


@pytest.mark.parametrize(("step", "says"), NONSENSE.items(), ids=NONSENSE)
def test_a_step_that_makes_no_sense(harbor: Path, step: str, says: str) -> None:
    end = [] if "close, when" in step and "only" not in step else [TAKE]
    faults = said(harbor, f"{{action: {step}}}", *end)

    assert [fault.partition(" ")[0] for fault in faults] == ["LQ231"], faults
    assert says in faults[0]


def test_an_unknown_action_names_those_that_are(harbor: Path) -> None:
    faults = said(harbor, '{action: reduce_10_percent, when: "x"}', TAKE)

    assert faults[0].startswith("LQ202 ")
    assert "'take_over'" in faults[0]


def test_a_process_closes_something(harbor: Path) -> None:
    assert said(harbor, CANCEL) == ["LQ231 liquidation[0].steps close nothing"]


def test_nothing_comes_after_the_end(harbor: Path) -> None:
    faults = said(harbor, TAKE, '{action: close, when: "x"}')

    assert faults == [
        "LQ231 liquidation[0].steps[1].action comes after take_over, which leaves nothing"
    ]


def test_products_and_order_are_those_of_the_exchange(harbor: Path) -> None:
    mode = "mode: isolated\n    products: [inverse]\n    first: random"
    faults = said(harbor, CANCEL, TAKE, mode=mode)

    assert [fault.partition(" ")[0] for fault in faults] == ["LQ218", "LQ231"]
