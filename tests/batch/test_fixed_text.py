"""numpy's columns of text become the same words as through any other way."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqcalc.batch import fixed_text
from liqcalc.batch.fixed_text import distinct_words
from liqcalc.batch.read_words import read_words

LATIN = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)


@given(st.lists(LATIN, min_size=1, max_size=30))
def test_every_row_keeps_its_word(texts):
    found = distinct_words(np.array(texts))
    if found is None:
        assert not any(texts)
        return
    codes, words = found

    assert [words[code] for code in codes] == texts
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("text", ["漢", "x" * 33])
def test_what_it_does_not_hold_it_leaves(text):
    assert distinct_words(np.array(["a", text])) is None


@given(st.lists(LATIN, min_size=1, max_size=30))
def test_parts_have_one_list_of_words(texts):
    column = np.array(texts)
    whole = distinct_words(column)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(fixed_text, "_CHUNK", 4)
        changed.setattr(fixed_text, "_BLOCK", 3)
        parts = distinct_words(column)

    if whole is None or parts is None:
        assert parts is whole
        return
    assert parts[1] == whole[1]
    assert parts[0].tolist() == whole[0].tolist()


def test_words_that_fall_together_are_left(monkeypatch):
    column = np.array(["BTC-USDT-SWAP", "BTC-USDT-250925"])
    assert distinct_words(column) is not None
    monkeypatch.setattr(fixed_text, "_MIX", np.array([1, 0, 0, 0], dtype=np.uint64))

    assert distinct_words(column) is None
    assert read_words("symbol", column).texts() == ["BTC-USDT-SWAP", "BTC-USDT-250925"]
