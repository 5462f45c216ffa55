"""`liqcalc check` holds the files of a folder against each other."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from liqcalc.rules.catalog import built_in
from liqcalc.rules.check import check_catalog, check_folder
from liqcalc.rules.checks import files

from .slips import (
    CASES,
    CONTRACT,
    EVIDENCE,
    EXCHANGE,
    SLIPS,
    SOURCES,
    TIERS,
    Slip,
    change,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path


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
        choices = "      inclusive: true\n      tier_applies: whole\n      tier_by: contracts"
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
            ("mmr: 0.005, deduction: 300, imr: 0", ["LQ213", "LQ212"]),
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
        older = text[start:end].replace(
            "inclusive: true", "inclusive: true\n      tier_applies: whole"
        )
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
