# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
"""Every way to name a contract that a trader knows finds it, or says which it could be."""

from __future__ import annotations

import pytest

from liqcalc.errors import InputError
from liqcalc.rules import symbols
from liqcalc.rules.catalog import Catalog, Layer, LoadedExchange

CATALOG = Catalog()
NAMES = CATALOG.names()
CONTRACT = """\
symbol: {symbol}
product: {product}
base: {base}
quote: {quote}
settle: {settle}
source: x
"""


def known_contracts(name):
    """Return the contracts of an exchange of the catalogue."""
    exchange = CATALOG.exchange(name)
    return [found for symbol in exchange.symbols() if (found := exchange.contract(symbol))]


def contract(folder, symbol, pair, *more):
    """Write a contract that trades `pair`, written as base/quote:settle."""
    base, _, rest = pair.partition("/")
    quote, _, settle = rest.partition(":")
    product = "inverse" if settle in {"BTC", "XBT"} else "linear"
    text = CONTRACT.format(symbol=symbol, product=product, base=base, quote=quote, settle=settle)
    path = folder / "contracts" / f"{symbol.replace(':', '--').replace('/', '--')}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([text.strip(), *more, ""]))


@pytest.fixture
def harbor(tmp_path):
    """Return an exchange with contracts of many kinds, and nothing else."""
    contract(tmp_path, "PF_XBTUSD", "BTC/USD:USD", "aliases: [BTC/USD:USD]")
    contract(tmp_path, "PI_XBTUSD", "XBT/USD:XBT", "aliases: [BTC/USD:BTC]")
    contract(tmp_path, "FF_XBTUSD_261225", "BTC/USD:USD", "expiry: 2026-12-25")
    contract(tmp_path, "XBTUSDTM", "XBT/USDT:USDT")
    contract(tmp_path, "ETH-USD", "ETH/USD:USDC", "aliases: [ETH/USDC:USDC]")
    contract(tmp_path, "W-PERP", "W/USDC:USDC")
    contract(tmp_path, "xyz:GOLD", "GOLD/USDC:USDC", "aliases: [XYZ-GOLD/USDC:USDC]")
    contract(tmp_path, "OLDUSDT", "OLD/USDT:USDT", "listed: false")
    contract(tmp_path, "OLD2USDT", "OLD/USDT:USDT")
    contract(
        tmp_path,
        "SOLUSD_QUARTER",
        "SOL/USD:USD",
        "family: true",
        "pattern: SOLUSD_YYMMDD",
        "alias_pattern: SOL/USD:USD-YYMMDD",
    )
    contract(tmp_path, "market-17", "NEAR/USDC:USDC")
    return LoadedExchange("harbor", [Layer(tmp_path, trusted=True)])


class TestForms:
    """All forms of a name that fits one contract find it."""

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ("XBTUSDTM", "XBTUSDTM"),
            ("xbtusdtm", "XBTUSDTM"),
            ("BTCUSDT", "XBTUSDTM"),
            ("XBTUSDT", "XBTUSDTM"),
            ("btc-usdt", "XBTUSDTM"),
            ("BTC_USDT", "XBTUSDTM"),
            ("BTC/USDT", "XBTUSDTM"),
            ("BTC/USDT:USDT", "XBTUSDTM"),
            ("BTC-USDT-SWAP", "XBTUSDTM"),
            ("BTC_USDT-PERPETUAL", "XBTUSDTM"),
            ("BTC/USD:USD", "PF_XBTUSD"),
            ("BTC/USD:BTC", "PI_XBTUSD"),
            ("XBT/USD:XBT", "PI_XBTUSD"),
            ("BTC/USD:USD-261225", "FF_XBTUSD_261225"),
            ("ETH", "ETH-USD"),
            ("ETH-PERP", "ETH-USD"),
            ("ETH/USD", "ETH-USD"),
            ("ETHUSDC", "ETH-USD"),
            ("ETH/USDC:USDC", "ETH-USD"),
            ("W", "W-PERP"),
            ("WUSDC", "W-PERP"),
            ("GOLD", "xyz:GOLD"),
            ("xyz/GOLD", "xyz:GOLD"),
            ("XYZ:gold", "xyz:GOLD"),
            ("XYZ-GOLD/USDC", "xyz:GOLD"),
            ("OLD/USDT", "OLD2USDT"),
            ("SOL/USD:USD-260925", "SOLUSD_260925"),
            ("SOLUSD_260925", "SOLUSD_260925"),
            ("NEAR", "market-17"),
        ],
    )
    def test_the_contract_is_found(self, harbor, given, found):
        assert harbor.find_symbol(given) == found

    @pytest.mark.parametrize("name", NAMES)
    def test_every_contract_of_the_catalogue_is_found_by_its_names(self, name):
        exchange = CATALOG.exchange(name)
        for known in known_contracts(name):
            assert exchange.find_symbol(known.symbol) == known.symbol
            assert exchange.find_symbol(known.symbol.lower()) in {
                known.symbol,
                known.symbol.lower(),
            }
            if known.family or not known.listed:
                continue
            for alias in known.aliases:
                assert exchange.find_symbol(alias) == known.symbol

    @pytest.mark.parametrize("name", NAMES)
    def test_every_contract_has_its_coin_in_its_name(self, name):
        for known in known_contracts(name):
            coin, own = (
                symbols.fold(text).replace("XBT", "BTC") for text in (known.base, known.symbol)
            )

            assert coin in own


class TestSeveral:
    """What fits several contracts is an error that lists them."""

    @pytest.mark.parametrize("given", ["BTCUSD", "XBT-USD", "BTC/USD"])
    def test_a_pair_does_not_tell_linear_from_inverse(self, harbor, given):
        with pytest.raises(InputError) as error:
            harbor.find_symbol(given)

        assert error.value.code == "LQ118"
        assert error.value.hint == ("write one of PF_XBTUSD (BTC/USD:USD), PI_XBTUSD (XBT/USD:XBT)")

    def test_a_coin_does_not_tell_quotes_apart(self, harbor):
        with pytest.raises(InputError) as error:
            harbor.find_symbol("BTC")

        assert "'BTC' fits 3 contracts of harbor (LQ118)" in str(error.value)
        assert "FF_XBTUSD" not in error.value.hint

    def test_two_contracts_of_one_unified_name_are_not_told_apart(self, harbor, tmp_path):
        contract(tmp_path, "XBT2USDT", "XBT/USDT:USDT")

        with pytest.raises(InputError, match="LQ118"):
            harbor.find_symbol("BTC/USDT:USDT")

    def test_a_long_list_is_cut(self, harbor, tmp_path):
        for n in range(9):
            contract(tmp_path, f"ABC{n}", "ABC/USDT:USDT")

        with pytest.raises(InputError) as error:
            harbor.find_symbol("ABC")

        assert error.value.hint.endswith("ABC7 (ABC/USDT:USDT), ...")


class TestNone:
    """A pair is never read as another one."""

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ("ETHUSDT", "harbor has ETH as ETH-USD (ETH/USD:USDC)"),
            ("ETH/EUR", "harbor has ETH as ETH-USD (ETH/USD:USDC)"),
            ("SOL", "harbor has SOL as SOLUSD_YYMMDD (SOL/USD:USD)"),
            ("SOLUSD", "harbor has SOL as SOLUSD_YYMMDD (SOL/USD:USD)"),
            ("XBTUSDM", "did you mean XBTUSDTM or"),
            ("BTC/USD:USDT", "harbor has BTC as"),
            ("", "known are: "),
            ("/", "known are: "),
            ("-", "known are: "),
            (":", "known are: "),
        ],
    )
    def test_the_error_says_what_there_is(self, harbor, given, hint):
        with pytest.raises(InputError) as error:
            harbor.find_symbol(given)

        assert error.value.code == "LQ112"
        assert error.value.hint.startswith(hint)


class TestReading:
    """Only what is needed is read."""

    @pytest.fixture
    def parsed(self, monkeypatch):
        """Return the names of the files that are parsed."""
        from liqcalc.rules import catalog

        seen: list[str] = []
        parse = catalog._parse  # noqa: SLF001 - what is watched

        def watched(path):
            seen.append(path.name)
            return parse(path)

        monkeypatch.setattr(catalog, "_parse", watched)
        return seen

    def test_the_exchanges_own_name_reads_its_own_file_only(self, parsed):
        fresh = Catalog().exchange("hyperliquid")

        assert fresh.find_symbol("ETH") == "ETH"
        assert parsed == ["ETH.yaml"]

    def test_other_names_parse_the_contracts_of_that_coin_only(self, parsed):
        fresh = Catalog().exchange("hyperliquid")

        assert fresh.find_symbol("ETH/USDC:USDC") == "ETH"
        assert parsed == ["ETH.yaml"]

    def test_a_file_that_cannot_be_read_is_told(self, harbor, tmp_path):
        (tmp_path / "contracts" / "DOGEUSDT.yaml").write_bytes(b"\xff\xfe")

        with pytest.raises(Exception, match="LQ201"):
            harbor.find_symbol("DOGE")
