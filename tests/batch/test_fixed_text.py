"""numpy's columns of text become the same words as through any other way."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqcalc.batch.fixed_text import distinct_words

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


def test_letters_beyond_a_chunk_are_read():
    column = np.array(["long"] * 70_000 + ["short"])
    found = distinct_words(column)
    assert found is not None
    codes, words = found

    assert words == ["long", "short"]
    assert codes[-1] == 1
    assert not codes[:-1].any()
