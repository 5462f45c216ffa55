"""Slips that a hand can make in good data, and what check must say to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

PRICE = 'liquidation_price: "45203.5"'
REASON = "  confidence: low\n  expected_failure: the example is older than the rules"
MARKED = ("  confidence: high", REASON)

EXCHANGE = "exchange.yaml"
SOURCES = "sources.yaml"
CONTRACT = "contracts/BTCUSDT.yaml"
TIERS = "tiers/BTCUSDT.yaml"
CASES = "cases/linear.yaml"

LINEAR = "product: linear\nbase: BTC\nquote: USDT\nsettle: USDT"
FEE = "fees:\n  - {from: 2026-05-01, source: margin-help, product: linear, taker: 0.0005"
TAKER = "taker: 0.0005, maker"
EVIDENCE = "{product: linear, mode: cross, evidence: derived,"
DISPLAY = "display: {ratio"
FEES = "fees:\n"
LATER = """\
  - name: later
    from: 2026-07-01
    sources: [margin-help]
    summary: "as before"
    evidence:
      - {product: linear, mode: isolated, evidence: assumed, note: "as before"}
      - {product: linear, mode: cross, evidence: assumed, note: "as before"}
    choices: {like: standard, name: later}

"""
"""A second rule set, which takes over the choices of the first."""


def later(old: str = "", new: str = "") -> str:
    """Return the second rule set, changed in one place, with what follows it."""
    assert LATER.count(old) == 1 or not old, f"{old!r} stands in one place"
    return LATER.replace(old, new) + FEES if old else LATER + FEES


QUESTION = """\
    open_questions:
      - {parameter: edge, other: "false", says: "not known"}
    choices: {like"""
EDGE = "parameters:\n  edge: {meaning: x, sets: [edge_in_lower]"


class Slip(NamedTuple):
    """A change to good data.

    Attributes:
        file: which file.
        old: what stands there.
        new: what is written instead.
        code: what check must say.
        line: the text on whose line it must say so; default: `new`.
        says: part of the message.
    """

    file: str
    old: str
    new: str
    code: str
    line: str = ""
    says: str = ""


SLIPS = {
    "not YAML": Slip(CONTRACT, "base: BTC", "base: [BTC", "LQ102", "quote: USDT"),
    "a key twice": Slip(CONTRACT, "base: BTC", "base: BTC\nbase: ETH", "LQ103", "base: ETH"),
    "a word for a rate": Slip(EXCHANGE, "taker: 0.0005", "taker: much", "LQ202"),
    "an unknown key": Slip(TIERS, "    seen: 2026-05-20", "    sean: 2026-05-20", "LQ202"),
    "an unknown choice": Slip(EXCHANGE, "      amounts:", "      amount:", "LQ202"),
    "a reduction of no size": Slip(
        EXCHANGE, "{action: take_over", "{action: reduce", "LQ231", says="how much"
    ),
    "no modes": Slip(EXCHANGE, "position_modes: [one_way]", "position_modes: []", "LQ202"),
    "a note on no closing": Slip(
        EXCHANGE, "name: Harbor", "name: Harbor\nclosed_note: gone", "LQ202", "closed_note"
    ),
    "a bare year": Slip(SOURCES, "date: 2026-05-20", "date: 2026\n", "LQ202", says="quotes"),
    "a gap": Slip(TIERS, "{floor: 300000,", "{floor: 300001,", "LQ204"),
    "an overlap": Slip(TIERS, "{floor: 300000,", "{floor: 299999,", "LQ204"),
    "a first floor": Slip(TIERS, "{floor: 0, cap: 300000,", "{floor: 1, cap: 300000,", "LQ204"),
    "another symbol": Slip(CONTRACT, "symbol: BTCUSDT", "symbol: ETHUSDT", "LQ205"),
    "another symbol's tiers": Slip(TIERS, "symbol: BTCUSDT", "symbol: ETHUSDT", "LQ205"),
    "another id": Slip(EXCHANGE, "id: harbor", "id: harbour", "LQ206"),
    "a rule's source": Slip(EXCHANGE, "sources: [margin-help]", "sources: [help]", "LQ207"),
    "no source": Slip(EXCHANGE, "sources: [margin-help]", "sources: []", "LQ207"),
    "a cited source": Slip(EXCHANGE, "price: margin-help", "price: help", "LQ207"),
    "a fee's source": Slip(EXCHANGE, FEE, FEE.replace("margin-help", "help"), "LQ207", TAKER),
    "a process's source": Slip(EXCHANGE, "    source: margin-help", "    source: help", "LQ207"),
    "a contract's source": Slip(CONTRACT, "source: api-2026-05", "source: api", "LQ207"),
    "a table's source": Slip(TIERS, "source: api-2026-05", "source: api", "LQ207"),
    "a rule's day": Slip(
        EXCHANGE, "    from: 2026-05-01\n    sources", "    from: 2026-05\n    sources", "LQ208"
    ),
    "a fee's day": Slip(EXCHANGE, "- {from: 2026-05-01", "- {from: 2026-05-32", "LQ208"),
    "a process's day": Slip(
        EXCHANGE,
        "liquidation:\n  - from: 2026-05-01",
        "liquidation:\n  - from: 2026-05",
        "LQ208",
        "  - from: 2026-05\n",
    ),
    "a last day": Slip(TIERS, "    seen: 2026-07-15", "    until: 2026-07", "LQ208"),
    "a closing day": Slip(
        EXCHANGE, "name: Harbor", "name: Harbor\nclosed: soon", "LQ208", "closed"
    ),
    "a table's day": Slip(TIERS, "from: 2026-06-01", "from: 2026-06-31", "LQ208"),
    "a day seen": Slip(TIERS, "seen: 2026-07-15", "seen: 2026-07", "LQ208"),
    "a source's date": Slip(SOURCES, "date: 2026-05-04", "date: 2026-5-4", "LQ208"),
    "a contract's date": Slip(CONTRACT, "date: 2026-05-20", "date: May 2026", "LQ208"),
    "an expiry": Slip(CONTRACT, "date: 2026", "expiry: 2026-05\ndate: 2026", "LQ208", "expiry"),
    "a case's source date": Slip(CASES, "date: 2026-05-04", "date: May 2026", "LQ208"),
    "a table of the same day": Slip(
        TIERS, "2026-06-01\n    seen: 2026-07", "2026-05-01\n    seen: 2026-07", "LQ209"
    ),
    "a table of an older day": Slip(TIERS, "from: 2026-06-01", "from: 2026-04-30", "LQ209"),
    "a fee of the same day": Slip(
        EXCHANGE,
        'note: "lowest level"}',
        'note: "lowest level"}\n  - {from: 2026-05-01, source: margin-help, product: linear, '
        "taker: 0, maker: 0}",
        "LQ209",
        "taker: 0, maker: 0",
    ),
    "an end before the beginning": Slip(
        TIERS, "    seen: 2026-07-15", "    until: 2026-05-31", "LQ210"
    ),
    "an end after the next table": Slip(
        TIERS, "    seen: 2026-05-20", "    until: 2026-06-01", "LQ210", says="begins on 2026-06-01"
    ),
    "seen after the next table": Slip(
        TIERS, "    seen: 2026-05-20", "    seen: 2026-06-01", "LQ210", says="begins on 2026-06-01"
    ),
    "seen after the end": Slip(
        TIERS,
        "    seen: 2026-05-20",
        "    until: 2026-05-19\n    seen: 2026-05-20",
        "LQ210",
        "    seen: 2026-05-20",
    ),
    "seen too early": Slip(TIERS, "seen: 2026-07-15", "seen: 2026-05-31", "LQ210"),
    "an end in the middle": Slip(TIERS, "{floor: 0, cap: 250000", "{floor: 0, cap: null", "LQ211"),
    "a cap at its floor": Slip(TIERS, "1000000, cap: 5000000", "1000000, cap: 1000000", "LQ211"),
    "a falling mmr": Slip(
        TIERS, "mmr: 0.01, deduction: 5300", "mmr: 0.004, deduction: -700", "LQ212"
    ),
    "a falling imr": Slip(TIERS, "imr: 0.01, max_leverage: 100", "imr: 0.0076", "LQ212"),
    "a rising leverage": Slip(TIERS, "imr: 0.01, max_leverage: 100", "max_leverage: 130", "LQ212"),
    "a rate in percent": Slip(
        TIERS, "mmr: 0.01, deduction: 5300", "mmr: 1.2, deduction: 1195300", "LQ213"
    ),
    "an initial rate above 1": Slip(TIERS, "5300, imr: 0.02", "5300, imr: 2", "LQ213"),
    "no leverage": Slip(
        TIERS, "5300, imr: 0.02, max_leverage: 50", "5300, imr: 0.02, max_leverage: 0", "LQ213"
    ),
    "a fee of the condition in percent": Slip(
        EXCHANGE, "maker: 0.0002,", "maker: 0.0002, requirement: 1,", "LQ213"
    ),
    "a liquidation fee in percent": Slip(
        CONTRACT, "tick_size: 0.1", "liquidation_fee: 1", "LQ213", says="below 1"
    ),
    "a liquidation fee below zero": Slip(
        CONTRACT, "tick_size: 0.1", "liquidation_fee: -0.01", "LQ213"
    ),
    "a table for no leverage": Slip(
        TIERS,
        "    seen: 2026-07-15",
        "    leverage: 0\n    seen: 2026-07-15",
        "LQ213",
        "    leverage",
    ),
    "a fee in percent": Slip(EXCHANGE, "taker: 0.0005", "taker: 5", "LQ213"),
    "a jump": Slip(TIERS, "deduction: 300,", "deduction: 301,", "LQ214", says="only with 300"),
    "a first deduction": Slip(
        TIERS,
        "cap: 300000, mmr: 0.004, deduction: 0,",
        "cap: 300000, mmr: 0.004, deduction: 1,",
        "LQ214",
    ),
    "a leverage that does not fit": Slip(
        TIERS, "imr: 0.01, max_leverage: 100", "imr: 0.01, max_leverage: 110", "LQ215"
    ),
    "mmr above imr": Slip(
        TIERS, "mmr: 0.01, deduction: 5300", "mmr: 0.021, deduction: 16300", "LQ216"
    ),
    "a contract's product": Slip(
        CONTRACT,
        LINEAR,
        LINEAR.replace("linear", "inverse").replace("settle: USDT", "settle: BTC"),
        "LQ218",
        "product: inverse",
    ),
    "a fee's product": Slip(EXCHANGE, FEE, FEE.replace("linear", "inverse"), "LQ218", TAKER),
    "a parameter's path": Slip(
        EXCHANGE,
        DISPLAY,
        "parameters:\n  ticks: {meaning: x, sets: [isolated.tick]}\n" + DISPLAY,
        "LQ219",
        "  ticks:",
        says="no choice 'tick'",
    ),
    "a parameter without paths": Slip(
        EXCHANGE,
        DISPLAY,
        "parameters:\n  ticks: {meaning: x, sets: []}\n" + DISPLAY,
        "LQ219",
        "  ticks:",
    ),
    "a parameter's rule set": Slip(
        EXCHANGE,
        DISPLAY,
        "parameters:\n  edge: {meaning: x, sets: [inclusive], rule_sets: [old]}\n" + DISPLAY,
        "LQ219",
        "  edge:",
    ),
    "another name in the choices": Slip(EXCHANGE, "      name: standard", "      name: x", "LQ220"),
    "evidence for what is not": Slip(
        EXCHANGE,
        "    choices:\n",
        "      - {product: inverse, mode: cross, evidence: assumed, note: x}\n    choices:\n",
        "LQ221",
        "inverse, mode: cross",
    ),
    "no evidence": Slip(
        EXCHANGE, EVIDENCE, EVIDENCE.replace("cross", "isolated"), "LQ222", "    evidence:"
    ),
    "evidence for one mode only": Slip(
        EXCHANGE, EVIDENCE, EVIDENCE + " collateral: single,", "LQ222", "    evidence:"
    ),
    "no rule set for a product": Slip(
        EXCHANGE,
        "    summary:",
        "    only_by_name: true\n    summary:",
        "LQ222",
        "products: [linear]",
    ),
    "tiers by contracts": Slip(TIERS, "history:", "unit: contracts\nhistory:", "LQ223", "unit:"),
    "41 digits": Slip(EXCHANGE, "digits: 4,", "digits: 41,", "LQ224"),
    "41 digits of a figure": Slip(
        EXCHANGE,
        "      amounts:\n",
        "      amounts:\n        figures: {notional: {digits: 41}}\n",
        "LQ224",
        "        figures",
    ),
    "a step of zero": Slip(
        EXCHANGE,
        "      cross:\n",
        "      cross:\n        requirement_step: 0\n",
        "LQ224",
        "        requirement_step",
    ),
    "an interval of zero": Slip(
        EXCHANGE,
        "      cross:\n",
        "      funding: {interval_hours: 0}\n      cross:\n",
        "LQ224",
        "      funding",
    ),
    "a leverage step of nothing": Slip(
        EXCHANGE,
        DISPLAY,
        "leverage_steps: [{from: 2026-05-01, source: margin-help, step: 0}]\n" + DISPLAY,
        "LQ213",
        "leverage_steps",
    ),
    "a leverage step that leaves 1 out": Slip(
        EXCHANGE,
        DISPLAY,
        "leverage_steps: [{from: 2026-05-01, source: margin-help, step: 0.3}]\n" + DISPLAY,
        "LQ213",
        "leverage_steps",
    ),
    "a leverage step's source": Slip(
        EXCHANGE,
        DISPLAY,
        "leverage_steps: [{from: 2026-05-01, source: help, step: 1}]\n" + DISPLAY,
        "LQ207",
        "leverage_steps",
    ),
    "a change of margin's source": Slip(
        EXCHANGE,
        DISPLAY,
        "margin_changes: [{from: 2026-05-01, source: help, lower_leverage: false}]\n" + DISPLAY,
        "LQ207",
        "margin_changes",
    ),
    "a share that stays above the whole": Slip(
        EXCHANGE,
        DISPLAY,
        "margin_changes: [{from: 2026-05-01, source: margin-help, keeps_notional: 10}]\n" + DISPLAY,
        "LQ213",
        "margin_changes",
    ),
    "an hour that no day has": Slip(EXCHANGE, "first_hour: 0", "first_hour: 24", "LQ224"),
    "a funding entry's day": Slip(
        EXCHANGE, "{source: margin-help, from: 2026-05", "{source: margin-help, from: 2026", "LQ208"
    ),
    "a funding entry's source": Slip(
        EXCHANGE, "{source: margin-help, from", "{source: help, from", "LQ207"
    ),
    "a funding cap of nothing": Slip(EXCHANGE, "first_hour: 0", "caps: [{binds: false}]", "LQ202"),
    "a funding cap of zero": Slip(EXCHANGE, "first_hour: 0", "caps: [{rate: 0}]", "LQ224"),
    "a minimum below zero": Slip(
        EXCHANGE,
        "      cross:\n",
        "      multi_asset: {haircut: {ETH: -0.1}}\n      cross:\n",
        "LQ224",
        "      multi_asset",
        says="haircut.ETH is -0.1",
    ),
    "no largest leverage": Slip(CONTRACT, "tick_size: 0.1", "max_leverage: 0", "LQ225"),
    "a tick of zero": Slip(CONTRACT, "tick_size: 0.1", "tick_size: 0", "LQ225"),
    "half a decimal": Slip(CONTRACT, "tick_size: 0.1", "price_decimals: 1.5", "LQ225"),
    "an unknown unit": Slip(TIERS, "history:", "unit: coins\nhistory:", "LQ226", "unit:"),
    "a figure that is not rounded": Slip(
        EXCHANGE,
        "      amounts:\n",
        "      amounts:\n        figures: {notionel: {to: tick}}\n",
        "LQ226",
        "        figures",
        says="did you mean notional",
    ),
    "an unknown size": Slip(CONTRACT, "tick_size: 0.1", "size_unit: lots", "LQ226"),
    "a pattern without a day": Slip(CONTRACT, "tick_size: 0.1", "pattern: BTC_DATE", "LQ226"),
    "like nothing above": Slip(
        EXCHANGE,
        FEES,
        later("like: standard", "like: standerd"),
        "LQ227",
        "like: standerd",
        says="did you mean standard",
    ),
    "like itself": Slip(
        EXCHANGE,
        "      name: standard",
        "      like: standard\n      name: standard",
        "LQ227",
        "      like",
    ),
    "older positions under no rules": Slip(
        EXCHANGE,
        FEES,
        later("    summary", "    older_positions: old\n    summary"),
        "LQ227",
        "    older_positions",
    ),
    "older positions under newer rules": Slip(
        EXCHANGE,
        FEES,
        later("    summary", "    older_positions: later\n    summary"),
        "LQ227",
        "    older_positions",
        says="had before 2026-07-01",
    ),
    "a table for no rules": Slip(
        TIERS, "    seen: 2026-07-15", "    rules: standart", "LQ227", says="did you mean standard"
    ),
    "a question about nothing": Slip(
        EXCHANGE,
        FEES,
        later("    choices: {like", QUESTION),
        "LQ228",
        "      - {parameter",
        says="no parameter of harbor",
    ),
    "choices that do not go together": Slip(
        EXCHANGE,
        FEES,
        later("name: later}", "name: later, minimum_requirement: 1}"),
        "LQ229",
        "minimum_requirement",
        says="needs maintenance_at: entry",
    ),
    "a mapping of cases": Slip(CASES, "- id: harbor", "  id: harbor", "LQ501", "  id: harbor"),
    "an unknown confidence": Slip(CASES, "confidence: high", "confidence: sure", "LQ502"),
    "an unknown kind": Slip(CASES, "kind: official-doc", "kind: rumour", "LQ502"),
    "an unknown key of a case": Slip(CASES, "  working:", "  workings:", "LQ502"),
    "a figure misspelt": Slip(
        CASES, "{liquidation_price:", "{liquidation_prize:", "LQ504", says="expected.position"
    ),
    "a position's figure of an account": Slip(
        CASES,
        'bankruptcy_price: "45000.0", maintenance_margin: "400.0000"}',
        '}\n    account: {bankruptcy_price: "45000.0"}',
        "LQ504",
        "    account: {bank",
    ),
    "a tolerance for nothing": Slip(
        CASES, "  expected:\n", '  tolerance: {roe: "1"}\n  expected:\n', "LQ505", "  tolerance"
    ),
    "a tolerance below zero": Slip(
        CASES,
        "  expected:\n",
        '  tolerance: {bankruptcy_price: "-1"}\n  expected:\n',
        "LQ505",
        "  tolerance",
    ),
    "a word for a figure": Slip(CASES, '"45203.5"', '"about 45203"', "LQ506"),
    "low without a reason": Slip(CASES, "confidence: high", "confidence: low", "LQ507"),
    "a reason without low": Slip(
        CASES, "  working:", "  expected_failure: x\n  working:", "LQ507", "  expected_failure"
    ),
    "a case of another exchange": Slip(CASES, "exchange: harbor", "exchange: okx", "LQ508"),
    "figures of no position": Slip(
        CASES, "    position: {liq", "    positions:\n      ETHUSDT: {liq", "LQ509", "      ETHUSDT"
    ),
    "a quantity below zero": Slip(CASES, 'qty: "2"', 'qty: "-2"', "LQ105"),
    "an unknown key of a sheet": Slip(CASES, 'qty: "2"', 'quantity: "2"', "LQ101"),
}


def change(path: Path, old: str, new: str) -> None:
    """Replace what stands in one place of a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands in one place"
    path.write_text(text.replace(old, new), encoding="utf-8")


def write(folder: Path, slip: Slip) -> int:
    """Make the slip; return the line on which it must be told."""
    change(folder / slip.file, slip.old, slip.new)
    return line_of(folder / slip.file, slip.line or slip.new)


def line_of(path: Path, text: str) -> int:
    """Return the line of a text that stands in one place of a file."""
    parts = path.read_text(encoding="utf-8").split(text)
    assert len(parts) == 2, f"{text!r} stands in one place"
    return parts[0].count("\n") + 1


def one_figure(cases: Path, printed: str) -> None:
    """Leave the case one expected figure, and mark it as failing."""
    text = cases.read_text(encoding="utf-8")
    head, rest = text.split("    position:", 1)
    figure = f'    position: {{liquidation_price: "{printed}"}}\n'
    cases.write_text(head + figure + rest.split("\n", 1)[1], encoding="utf-8")
    change(cases, *MARKED)
