"""The invented exchange, written from the blocks of exchanges/README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "exchanges" / "README.md"
_BLOCK = re.compile(r"^```yaml\n# my-exchanges/(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def readme() -> str:
    return README.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def documented(readme: str) -> dict[str, str]:
    """Return the files of exchanges/README.md by path below my-exchanges/."""
    return dict(_BLOCK.findall(readme))


@pytest.fixture
def my_exchanges(
    tmp_path: Path, documented: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a folder of exchanges with everything that the README tells to write."""
    for name in ("LIQCALC_EXCHANGES", "GITHUB_ACTIONS", "LIQCALC_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "my-exchanges"
    for name, text in documented.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def harbor(my_exchanges: Path) -> Path:
    """Return the folder of the invented exchange."""
    return my_exchanges / "harbor"


@pytest.fixture
def cases(harbor: Path) -> Path:
    """Return the file of the invented exchange's one case."""
    return harbor / "cases" / "linear.yaml"
