"""`liqcalc check` sees each slip, alone and on its line."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from liqcalc.cli.main import main
from liqcalc.errors import Fault
from liqcalc.rules.catalog import built_in
from liqcalc.rules.check import check_catalog, check_folder
from liqcalc.rules.checks import files

if TYPE_CHECKING:
    from pathlib import Path

EXCHANGE = "exchange.yaml"
SOURCES = "sources.yaml"
CONTRACT = "contracts/BTCUSDT.yaml"
TIERS = "tiers/BTCUSDT.yaml"
CASES = "cases/linear.yaml"

FEE = "fees:\n  - {from: 2026-05-01, source: margin-help, product: linear, taker: 0.0005"
TAKER = "taker: 0.0005, maker"
EVIDENCE = "{product: linear, mode: cross, evidence: derived,"
DISPLAY = "display: {ratio"


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
    "no modes": Slip(EXCHANGE, "position_modes: [one_way]", "position_modes: []", "LQ202"),
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
    "mmr as large as imr": Slip(
        TIERS, "mmr: 0.01, deduction: 5300", "mmr: 0.02, deduction: 15300", "LQ216"
    ),
    "a contract's product": Slip(CONTRACT, "product: linear", "product: inverse", "LQ218"),
    "a fee's product": Slip(EXCHANGE, FEE, FEE.replace("linear", "inverse"), "LQ218", TAKER),
    "a parameter's path": Slip(
        EXCHANGE,
        DISPLAY,
        "parameters:\n  ticks: {meaning: x, sets: [isolated.tick]}\n" + DISPLAY,
        "LQ219",
        "  ticks:",
        says="no choice 'tick'",
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
    "tiers by contracts": Slip(TIERS, "history:", "unit: contracts\nhistory:", "LQ223", "unit:"),
    "41 digits": Slip(EXCHANGE, "digits: 4,", "digits: 41,", "LQ224"),
    "a step of zero": Slip(
        EXCHANGE,
        "      cross:\n",
        "      cross:\n        requirement_step: 0\n",
        "LQ224",
        "        requirement_step",
    ),
    "a tick of zero": Slip(CONTRACT, "tick_size: 0.1", "tick_size: 0", "LQ225"),
    "half a decimal": Slip(CONTRACT, "tick_size: 0.1", "price_decimals: 1.5", "LQ225"),
    "an unknown unit": Slip(TIERS, "history:", "unit: coins\nhistory:", "LQ226", "unit:"),
    "an unknown size": Slip(CONTRACT, "tick_size: 0.1", "size_unit: lots", "LQ226"),
    "a pattern without a day": Slip(CONTRACT, "tick_size: 0.1", "pattern: BTC_DATE", "LQ226"),
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


def change(path: Path, old: str, new: str) -> str:
    """Replace what stands in one place of a file; return its new text."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands in one place"
    text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return text


def write(folder: Path, slip: Slip) -> int:
    """Make the slip; return the line on which it must be told."""
    text = change(folder / slip.file, slip.old, slip.new)
    line = slip.line or slip.new
    assert text.count(line) == 1, f"{line!r} stands on one line"
    return text[: text.index(line)].count("\n") + 1


class TestSlips:
    """One slip in good data is one fault, with its code, file and line."""

    @pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
    def test_is_told_alone_and_on_its_line(self, harbor: Path, slip: Slip) -> None:
        line = write(harbor, slip)

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == [slip.code], faults
        assert faults[0].where == f"{harbor / slip.file}:{line}"
        assert slip.says in str(faults[0])

    def test_every_code_of_the_readme_has_a_slip(self, readme: str) -> None:
        table = readme.split("## What `liqcalc check` says", 1)[1]
        codes = set(re.findall(r"LQ[25]\d\d", table))
        told_below = {"LQ201", "LQ203", "LQ217", "LQ503", "LQ510"}

        assert codes - told_below <= {slip.code for slip in SLIPS.values()}


def codes_of(folder: Path) -> list[str]:
    return [fault.code for fault in check_folder(folder)]


class TestTheFolder:
    """What is missing, what is too much, and what belongs together."""

    def test_good_data_has_no_fault(self, harbor: Path) -> None:
        assert check_folder(harbor) == []

    @pytest.mark.parametrize("name", [EXCHANGE, SOURCES])
    def test_both_files_are_needed(self, harbor: Path, name: str) -> None:
        (harbor / name).unlink()

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == ["LQ201"]
        assert f"has no {name}" in faults[0].message

    def test_a_misspelt_known_exchange_is_guessed(self, my_exchanges: Path) -> None:
        (my_exchanges / "binance").rename(my_exchanges / "binanse")

        faults = check_folder(my_exchanges / "binanse")

        assert faults[0].code == "LQ201"
        assert "did you mean binance" in faults[0].hint

    @pytest.mark.parametrize("name", ["tier/BTCUSDT.yaml", "tiers/BTCUSDT.yml", "exchange.yml"])
    def test_what_nothing_reads_is_told(self, harbor: Path, name: str) -> None:
        path = harbor / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("symbol: BTCUSDT", encoding="utf-8")

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == ["LQ203"]
        assert faults[0].where in {str(path), str(path.parent)}

    def test_notes_and_hidden_files_are_let_be(self, harbor: Path) -> None:
        for name in ("README.md", ".DS_Store", "tiers/.swp"):
            (harbor / name).write_text("x", encoding="utf-8")

        assert check_folder(harbor) == []

    def test_tiers_need_a_contract(self, harbor: Path) -> None:
        (harbor / CONTRACT).unlink()

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == ["LQ217"]
        assert faults[0].where == f"{harbor / TIERS}:1"

    def test_a_contract_needs_no_tiers(self, harbor: Path) -> None:
        (harbor / TIERS).unlink()

        assert check_folder(harbor) == []

    def test_prices_may_have_no_decimals(self, harbor: Path) -> None:
        change(harbor / CONTRACT, "tick_size: 0.1", "price_decimals: 0")

        assert check_folder(harbor) == []

    def test_an_id_is_used_once_in_all_files(self, harbor: Path) -> None:
        shutil.copy(harbor / CASES, harbor / "cases" / "more.yaml")

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == ["LQ503"]
        assert faults[0].where == f"{harbor / 'cases' / 'more.yaml'}:1"
        assert f"as in {harbor / CASES}:1" in faults[0].message

    def test_all_faults_of_all_files_are_told_at_once(self, harbor: Path) -> None:
        told = [SLIPS[name] for name in ("a jump", "a tick of zero", "an unknown confidence")]
        for slip in told:
            write(harbor, slip)

        assert sorted(codes_of(harbor)) == sorted(slip.code for slip in told)

    def test_two_faults_of_one_file_are_told_at_once(self, harbor: Path) -> None:
        change(harbor / TIERS, "seen: 2026-07-15", "sean: 2026-07-15")
        change(harbor / TIERS, "cap: null", "cap: none")

        assert codes_of(harbor) == ["LQ202", "LQ202"]

    def test_a_liquidation_process_is_for_a_declared_mode(self, harbor: Path) -> None:
        change(harbor / EXCHANGE, "margin_modes: [isolated, cross]", "margin_modes: [isolated]")
        change(harbor / EXCHANGE, EVIDENCE, EVIDENCE.replace("cross", "isolated"))
        assert check_folder(harbor) == []

        change(harbor / EXCHANGE, "    mode: isolated", "    mode: cross")
        assert codes_of(harbor) == ["LQ218"]

    def test_a_broken_exchange_file_is_not_held_against_the_others(self, harbor: Path) -> None:
        (harbor / EXCHANGE).write_text("id: [", encoding="utf-8")

        assert codes_of(harbor) == ["LQ102"]


class TestReading:
    """A file that cannot be read is a fault, never a traceback."""

    def test_a_large_file(self, harbor: Path) -> None:
        (harbor / CONTRACT).write_text("#" * (files.LARGEST_FILE + 1), encoding="utf-8")

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == ["LQ201"]
        assert "10 MB" in faults[0].message

    @pytest.mark.parametrize(
        ("data", "code"),
        [(b"\xff\xfe\x00", "LQ201"), (b"", "LQ202"), (b"a: 1\n---\nb: 2\n", "LQ202")],
    )
    def test_not_one_document_of_text(self, harbor: Path, data: bytes, code: str) -> None:
        (harbor / CONTRACT).write_bytes(data)

        assert codes_of(harbor) == [code]

    def test_a_folder_in_place_of_a_file(self, harbor: Path) -> None:
        (harbor / CONTRACT).unlink()
        (harbor / CONTRACT).mkdir()

        assert set(codes_of(harbor)) == {"LQ201", "LQ203"}


LOT = "lot_size: 0.001"
BY_LOTS = """\
symbol: BTCUSDT
unit: contracts
history:
  - from: 2026-06-01
    source: api-2026-05
    tiers:
      - {floor: 0, cap: 1000, mmr: 0.004}
      - {floor: 1000.001, cap: 5000, mmr: 0.005}
      - {floor: 5000.001, cap: 9000, mmr: 0.006}
"""


class TestTiersByContracts:
    """Rows that count contracts lie one lot apart, and have no deduction."""

    @pytest.fixture
    def by_contracts(self, harbor: Path) -> Path:
        path = harbor / EXCHANGE
        choices = "      inclusive: true\n      marginal: false\n      by_contracts: true"
        text = path.read_text().replace("      inclusive: true", choices)
        path.write_text(text, encoding="utf-8")
        (harbor / TIERS).write_text(BY_LOTS, encoding="utf-8")
        return harbor

    def test_one_lot_apart_is_right(self, by_contracts: Path) -> None:
        assert check_folder(by_contracts) == []

    @pytest.mark.parametrize("floor", ["5000.002", "4999.999", "5001"])
    def test_another_gap_is_told(self, by_contracts: Path, floor: str) -> None:
        line = write(by_contracts, Slip(TIERS, "floor: 5000.001", f"floor: {floor}", "LQ204"))

        faults = check_folder(by_contracts)

        assert [fault.code for fault in faults] == ["LQ204"]
        assert faults[0].where.endswith(f":{line}")

    def test_the_first_gap_sets_the_step_where_the_lot_is_not_known(
        self, by_contracts: Path
    ) -> None:
        change(by_contracts / CONTRACT, LOT, "")
        assert check_folder(by_contracts) == []

        change(by_contracts / TIERS, "floor: 5000.001", "floor: 5000.01")
        assert codes_of(by_contracts) == ["LQ204"]

    def test_a_deduction_is_told(self, by_contracts: Path) -> None:
        change(by_contracts / TIERS, "mmr: 0.005", "mmr: 0.005, deduction: 1")

        assert codes_of(by_contracts) == ["LQ214"]


class TestEmptyTables:
    """A file of tiers holds a table, a table holds a row."""

    @pytest.mark.parametrize(
        "history", ["[]", "\n  - {from: 2026-06-01, source: api-2026-05, tiers: []}"]
    )
    def test_nothing_in_it_is_told(self, harbor: Path, history: str) -> None:
        text = f"symbol: BTCUSDT\nhistory: {history}\n"
        (harbor / TIERS).write_text(text, encoding="utf-8")

        assert codes_of(harbor) == ["LQ211"]


class TestEdges:
    """A rate may stay as it is and may be 0; 1 is too much for maintenance, 0 for initial."""

    ROW = "mmr: 0.01, deduction: 5300, imr: 0.02, max_leverage: 50"

    @pytest.mark.parametrize(
        ("row", "codes"),
        [
            ("mmr: 0.005, deduction: 300, imr: 0.01, max_leverage: 100", []),
            ("mmr: 0.005, deduction: 300, imr: 1, max_leverage: 1", []),
            ("mmr: 1, deduction: 995300", ["LQ213"]),
            ("mmr: 0.005, deduction: 300, imr: 0", ["LQ213"]),
        ],
    )
    def test_the_last_row(self, harbor: Path, row: str, codes: list[str]) -> None:
        change(harbor / TIERS, self.ROW, row)

        assert codes_of(harbor) == codes

    def test_the_first_rate_may_be_zero(self, harbor: Path) -> None:
        change(harbor / TIERS, "cap: 300000, mmr: 0.004", "cap: 300000, mmr: 0")
        change(harbor / TIERS, "deduction: 300,", "deduction: 1500,")
        change(harbor / TIERS, "deduction: 5300", "deduction: 6500")

        assert check_folder(harbor) == []

    def test_a_case_expects_something(self, harbor: Path) -> None:
        text = (harbor / CASES).read_text(encoding="utf-8")
        start = text.index("{liquidation_price")
        end = text.index("}", start) + 1
        (harbor / CASES).write_text(text[:start] + "{}" + text[end:], encoding="utf-8")

        assert codes_of(harbor) == ["LQ506"]


class TestMarginalByDate:
    """The rule sets in force while a table holds decide about its deductions."""

    @pytest.fixture
    def whole_until_june(self, harbor: Path) -> Path:
        """Return an exchange whose rate was for the whole position until 2026-06-01."""
        path = harbor / EXCHANGE
        text = path.read_text()
        start, end = text.index("  - name: standard"), text.index("\nfees:")
        newer = text[start:end].replace("from: 2026-05-01", "from: 2026-06-01")
        older = text[start:end].replace("inclusive: true", "inclusive: true\n      marginal: false")
        path.write_text(text[:start] + older + newer + text[end:], encoding="utf-8")
        return harbor

    def test_a_table_of_the_older_rules_has_no_deduction(self, whole_until_june: Path) -> None:
        assert codes_of(whole_until_june) == ["LQ214"]  # deduction 1500 of the first table

        change(whole_until_june / TIERS, "deduction: 1500", "deduction: 0")
        assert check_folder(whole_until_june) == []


class TestCheckingSeveral:
    """check_catalog takes exchange folders and folders of them."""

    def test_everything_that_came_with_liqcalc_is_sound(self) -> None:
        checked = check_catalog([built_in()])

        assert checked.faults == []
        assert checked.exchanges == len(list(built_in().glob("*/exchange.yaml")))
        assert checked.files == len(list(built_in().glob("**/*.yaml")))

    def test_one_exchange(self, harbor: Path) -> None:
        checked = check_catalog([harbor])

        assert (checked.files, checked.exchanges, checked.faults) == (5, 1, [])

    def test_a_file_beside_the_exchanges_is_told(self, my_exchanges: Path) -> None:
        (my_exchanges / "harbor.yaml").write_text("id: harbor", encoding="utf-8")

        assert [f.code for f in check_catalog([my_exchanges]).faults] == ["LQ203"]

    def test_a_folder_with_a_typo_only_is_an_exchange_folder_all_the_same(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "binance" / "tier").mkdir(parents=True)

        for folder in (tmp_path, tmp_path / "binance"):
            assert [f.code for f in check_catalog([folder]).faults] == ["LQ203"]

    def test_an_empty_folder_is_told(self, tmp_path: Path) -> None:
        assert [f.code for f in check_catalog([tmp_path]).faults] == ["LQ201"]

    def test_the_environment_is_checked_by_default(
        self, harbor: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(harbor, SLIPS["a jump"])
        monkeypatch.setenv("LIQCALC_EXCHANGES", str(harbor.parent))

        assert [f.code for f in check_catalog().faults] == ["LQ214"]


class TestTheCommand:
    """liqcalc check: the faults, one line of summary, the exit code."""

    def test_nothing_wrong(self, harbor: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(harbor)]) == 0
        assert capsys.readouterr().out == "checked 5 files of 1 exchange: nothing wrong\n"

    def test_a_fault(self, harbor: Path, capsys: pytest.CaptureFixture[str]) -> None:
        line = write(harbor, SLIPS["a jump"])

        assert main(["check", str(harbor)]) == 1

        out = capsys.readouterr().out.splitlines()
        assert out[0] == (
            f"{harbor / TIERS}:{line}: history[1].tiers[1].deduction is 301, "
            "the tiers are continuous only with 300 (LQ214)"
        )
        assert out[1].startswith("  hint: deduction = that of the row before")
        assert out[-1] == "checked 5 files of 1 exchange: 1 fault"

    def test_json(self, harbor: Path, capsys: pytest.CaptureFixture[str]) -> None:
        line = write(harbor, SLIPS["a jump"])

        assert main(["check", str(harbor), "--json"]) == 1

        data = json.loads(capsys.readouterr().out)
        assert (data["schema_version"], data["files"], data["exchanges"]) == (1, 5, 1)
        assert [(f["code"], f["file"], f["line"]) for f in data["faults"]] == [
            ("LQ214", str(harbor / TIERS), line)
        ]

    def test_annotations_on_stderr(
        self,
        harbor: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        line = write(harbor, SLIPS["a jump"])
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.chdir(harbor.parent)

        assert main(["check", "harbor"]) == 1

        told = capsys.readouterr().err.splitlines()
        assert told[0].startswith(
            f"::error file=harbor/{TIERS},line={line},title=LQ214::history[1]"
        )
        assert "%0Adeduction = that of the row before" in told[0]

    def test_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(tmp_path / "none")]) == 2
        assert "is not a folder" in capsys.readouterr().err


def test_a_fault_without_a_line_keeps_its_file() -> None:
    from liqcalc.render.check import place

    assert place(Fault("LQ201", "exchanges/okx", "x")) == ("exchanges/okx", None)
    assert place(Fault("LQ204", "a/b.yaml:12", "x")) == ("a/b.yaml", 12)
