"""Is the data of an exchange folder sound?  `liqcalc check` asks this.

Every file is proven against the schema, and against the others: what is
named exists, days follow one another, tiers join and rise, deductions leave
no jump, golden cases are readable.  All faults are reported, each with file
and line; nothing is repaired.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from liqcalc.errors import Fault, InputError
from liqcalc.rules import cases as golden_cases
from liqcalc.rules.catalog import Catalog, Layer, LoadedExchange, nearest
from liqcalc.rules.checks import files
from liqcalc.rules.checks.context import Context
from liqcalc.rules.checks.contracts import check_contract
from liqcalc.rules.checks.golden import check_cases
from liqcalc.rules.checks.identity import check_exchange, check_sources, proven_exchange
from liqcalc.rules.checks.tables import check_tiers
from liqcalc.rules.schema import Source
from liqcalc.rules.symbol_files import ContractFile, TierFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liqcalc.rules.checks.files import DataFile

T = TypeVar("T")
FILES = ("exchange.yaml", "sources.yaml")
FOLDERS = ("contracts", "tiers", "cases")


@dataclass(slots=True)
class Checked:
    """What was looked at, and what is wrong with it."""

    files: int = 0
    exchanges: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, file: DataFile) -> None:
        """Count a file and take over its faults."""
        self.files += 1
        self.faults += file.faults


def check_folder(folder: Path, catalog: Catalog | None = None) -> list[Fault]:
    """Return everything that is wrong with one exchange folder.

    Args:
        folder: it; its name is the exchange's id.  Without an exchange.yaml it
            overrides single files of the exchange of that name.
        catalog: where that exchange is found; default: what came with liqcalc.
    """
    return _check_folder(Path(folder), catalog or Catalog()).faults


def check_catalog(folders: Iterable[str | Path] = (), catalog: Catalog | None = None) -> Checked:
    """Return everything that is wrong with exchange folders, or folders of them.

    Args:
        folders: what to check; default: all folders of the catalogue.
        catalog: default: what came with liqcalc and the user's own.

    Raises:
        InputError: a folder that does not exist.
    """
    catalog = catalog or Catalog()
    given = [Path(folder) for folder in folders]
    faults = [
        Fault("LQ110", str(folder), "is not a folder", "give an exchange folder or one of them")
        for folder in given
        if not folder.is_dir()
    ]
    if faults:
        raise InputError(*faults)
    total = Checked()
    for folder in given or [layer.folder for layer in reversed(catalog.layers)]:
        if _is_exchange(folder.resolve(), catalog):
            _merge(total, _check_folder(folder.resolve(), catalog))
        else:
            _check_all(total, folder, catalog)
    return total


def _is_exchange(folder: Path, catalog: Catalog) -> bool:
    """Return True for an exchange folder, False for a folder of exchange folders."""
    if any((folder / name).exists() for name in (*FILES, *FOLDERS)):
        return True
    return folder.name in catalog.names() and not any(
        (inside / name).exists() for inside in folder.iterdir() for name in (*FILES, *FOLDERS)
    )


def _check_all(total: Checked, folder: Path, catalog: Catalog) -> None:
    inside = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    exchanges = [entry for entry in inside if entry.is_dir()]
    for entry in inside:
        if entry.suffix in {".yaml", ".yml"} and entry.is_file():
            message = "stands beside the exchange folders, nothing reads it"
            total.faults.append(Fault("LQ203", files.place_of(entry), message))
    if not exchanges:
        hint = "an exchange is a folder that holds exchange.yaml; see exchanges/README.md"
        total.faults.append(Fault("LQ201", files.place_of(folder), "holds no exchange", hint))
    for entry in exchanges:
        _merge(total, _check_folder(entry, catalog))


def _merge(total: Checked, more: Checked) -> None:
    total.files += more.files
    total.exchanges += more.exchanges
    total.faults += more.faults


def _check_folder(folder: Path, catalog: Catalog) -> Checked:
    total = Checked(exchanges=1)
    total.faults += _strangers(folder)
    context = Context(folder.name, below=_below(folder, catalog))
    _read_meta(total, folder, context, catalog)
    contracts = _read_all(folder, "contracts", ContractFile)
    context.contracts = {file.path.name: found for file, found in contracts}
    for file, contract in contracts:
        if contract is not None:
            check_contract(file, contract, context)
        total.add(file)
    for file, tiers in _read_all(folder, "tiers", TierFile):
        if tiers is not None:
            check_tiers(file, tiers, context)
        total.add(file)
    _check_cases(total, folder, context)
    return total


def _strangers(folder: Path) -> list[Fault]:
    """Return a fault for every file and folder that nothing reads."""
    faults = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.suffix == ".md":
            continue
        known = FOLDERS if entry.is_dir() else FILES
        if entry.name not in known:
            hint = nearest(entry.name, [*FILES, *FOLDERS])
            faults.append(_stranger(entry, hint))
        elif entry.is_dir():
            faults += [
                _stranger(inside, "its files are called NAME.yaml")
                for inside in sorted(entry.iterdir())
                if not inside.name.startswith(".")
                and not (inside.is_file() and inside.suffix == ".yaml")
            ]
    return faults


def _stranger(path: Path, hint: str) -> Fault:
    return Fault("LQ203", files.place_of(path), "is not part of an exchange folder", hint)


def _below(folder: Path, catalog: Catalog) -> LoadedExchange | None:
    """Return the exchange that `folder` overrides; None if the folder is whole."""
    if all((folder / name).is_file() for name in FILES):
        return None
    own = folder.resolve()
    found: list[Layer] = []
    for layer in catalog.layers:
        path = layer.folder / folder.name
        if path.resolve() == own:
            found = []
        elif path.is_dir():
            found.append(Layer(path, layer.trusted))
    whole = any((layer.folder / FILES[0]).is_file() for layer in found)
    return LoadedExchange(folder.name, found) if whole else None


def _read_meta(total: Checked, folder: Path, context: Context, catalog: Catalog) -> None:
    """Read sources.yaml and exchange.yaml into `context`, and check them."""
    path = folder / FILES[1]
    if path.is_file():
        file = files.read(path)
        sources = files.proven(file, dict[str, Source])
        if sources is not None:
            check_sources(file, sources)
            below = context.below.sources if context.below is not None else {}
            context.sources = frozenset({*below, *sources})
        total.add(file)
    elif context.below is not None:
        context.sources = frozenset(context.below.sources)
    path = folder / FILES[0]
    if path.is_file():
        file = files.read(path)
        context.meta = proven_exchange(file)
        if context.meta is not None:
            check_exchange(file, context.meta, context)
        total.add(file)
    elif context.below is not None:
        context.meta = context.below.meta
    _say_missing(total, folder, context, catalog)


def _say_missing(total: Checked, folder: Path, context: Context, catalog: Catalog) -> None:
    if context.below is not None:
        return
    place = files.place_of(folder)
    if not (folder / FILES[0]).is_file():
        hint = nearest(folder.name, catalog.names())
        message = f"has no {FILES[0]}, and no exchange of this name is known"
        total.faults.append(Fault("LQ201", place, message, hint))
    elif not (folder / FILES[1]).is_file():
        hint = "list where each number comes from; see exchanges/README.md"
        total.faults.append(Fault("LQ201", place, f"has no {FILES[1]}", hint))


def _read_all(folder: Path, kind: str, cls: type[T]) -> list[tuple[DataFile, T | None]]:
    found = []
    for path in sorted((folder / kind).glob("*.yaml")):
        file = files.read(path)
        found.append((file, files.proven(file, cls)))
    return found


def _check_cases(total: Checked, folder: Path, context: Context) -> None:
    cases: list[golden_cases.Case] = []
    read = []
    for path in sorted((folder / "cases").glob("*.yaml")):
        found, file = golden_cases.load(path)
        cases += found
        read.append(file)
    check_cases(cases, context)
    for file in read:
        total.add(file)
