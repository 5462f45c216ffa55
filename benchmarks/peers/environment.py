"""Sets up a peer's virtual environment once, and runs a module of ours in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.peers import with_ccxt, with_freqtrade, with_jesse

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]


class Peer(NamedTuple):
    """A package that calculates liquidation prices, and the module that asks it to.

    Attributes:
        name: of the package.
        version: the one compared with.
        call: what is called once a position.
        module: runs in the peer's environment.
        rows: positions to ask about; few enough to stay in its caches.
    """

    name: str
    version: str
    call: str
    module: ModuleType
    rows: int


PEERS = (
    Peer("freqtrade", "2026.9", "Binance.dry_run_liquidation_price", with_freqtrade, 20_000),
    Peer("jesse", "3.5.3", "Position.liquidation_price", with_jesse, 20_000),
    Peer("ccxt", "4.5.90", "binance.parse_account_position", with_ccxt, 2_000),
)


def python_of(peer: Peer) -> Path:
    """Return the interpreter of a peer's environment, made and filled if there is none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "liqcalc-benchmarks" / f"{peer.name}-{peer.version}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        print(f"  setting up {peer.name} {peer.version} ...", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        needed = [f"{peer.name}=={peer.version}", "numpy"]
        _run([str(python), "-m", "pip", "install", "--quiet", *needed])
        ready.touch()
    return python


def ask(peer: Peer, positions: Path, prices: Path) -> dict[str, Any]:
    """Return what a peer's module prints about the positions of a file.

    Args:
        peer: whom to ask.
        positions: an .npz file.
        prices: .npy file that the module writes its answers to.
    """
    module = peer.module.__name__
    command = [str(python_of(peer)), "-m", module, str(positions), str(prices)]
    answer = _run(command)
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-5:])
        message = f"{' '.join(command[1:5])} failed:\n{tail}"
        raise RuntimeError(message)
    return done.stdout
