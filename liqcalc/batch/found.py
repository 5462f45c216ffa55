"""What a dict of columns becomes: the same columns, and what was found."""

from __future__ import annotations

from collections.abc import ItemsView, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch.columns import Coded

if TYPE_CHECKING:
    from collections.abc import Iterator


class Found(dict[str, Any]):
    """A dict of columns whose words become texts only when they are looked at.

    ``found["status"]`` is an array of texts, "" where there is none.  To
    count or compare millions of rows, `codes` is cheaper: a small number for
    each row, and the words that the numbers stand for.

    Args:
        columns: arrays, and words as they were found.
        about: what the codes of warnings and rule sets stand for.

    >>> found = Found({"status": Coded.of(["invalid", None, "invalid"])}, {})
    >>> found["status"]
    array(['invalid', '', 'invalid'], dtype=object)
    >>> found.codes("status").codes, found.codes("status").words
    (array([ 0, -1,  0], dtype=int32), ('invalid',))
    """

    def __init__(self, columns: dict[str, Any], about: dict[str, Any]) -> None:
        super().__init__(columns)
        self.about = about
        self._coded = {name: c for name, c in columns.items() if isinstance(c, Coded)}

    def codes(self, name: str) -> Coded:
        """Return a column of words as ``codes`` (-1 = none) and ``words``.

        Raises:
            KeyError: it is not one of the words that were found.
        """
        return self._coded[name]

    def raw(self) -> dict[str, Any]:
        """Return the columns; words as codes unless they were looked at."""
        return dict(super().items())

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - an array, or what was given
        column = super().__getitem__(name)
        if isinstance(column, Coded):
            column = np.array([*column.words, ""], dtype=object)[column.codes]
            self[name] = column
        return column

    # The rest is what dict does without asking __getitem__.

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Found, (self.raw(), self.about)

    def __or__(self, other: dict[Any, Any]) -> dict[Any, Any]:
        return {**self, **other}

    get = MutableMapping.get  # type: ignore[assignment]
    pop = MutableMapping.pop

    def copy(self) -> dict[str, Any]:
        """Return a plain dict."""
        return dict(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return names with columns."""
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the columns."""
        return ValuesView(self)
