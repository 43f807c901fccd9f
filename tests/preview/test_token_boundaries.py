"""Where a prompt ends and an answer begins, in tokens."""

from __future__ import annotations

import pytest
from letters_tokenizer import letters

from proctor.preview.token_boundaries import fit, pieces, token_boundaries


def test_white_space_moves_to_the_continuation():
    [boundary] = token_boundaries(letters(), "x ", ["y"])
    assert [piece.text for piece in boundary.after] == [" ", "y"]
    assert (boundary.context, boundary.continuation, boundary.cut, boundary.merges) == (2, 2, 0, False)


def test_letters_that_melt_over_the_seam_are_said():
    [boundary] = token_boundaries(letters(), "xa", ["bc"])
    assert boundary.merges
    [none] = token_boundaries(letters(), "xa", ["b"])
    assert none.continuation == 0


@pytest.mark.parametrize(("backend", "cut"), [("causal", 4), ("seq2seq", 3)])
def test_what_is_cut(backend, cut):
    [boundary] = token_boundaries(letters(5, backend=backend), "1234567", ["89"])
    assert boundary.cut == cut


def test_room_that_generation_leaves():
    from proctor.models.generation import plan_generation

    found = fit(letters(10), "123456", plan_generation({"max_gen_toks": 4, "until": []}))
    assert (found.prompt, found.room, found.cut) == (7, 6, 1)


def test_pieces_show_spaces_and_parts_of_letters_by_name():
    tokens = letters()
    tokens.tokenizer.convert_ids_to_tokens = lambda ids: ["▁x" if one == 300 else "<0xE3>" for one in ids]
    assert [piece.text for piece in pieces(tokens, [300, 400])] == [" x", "<0xE3>"]


def test_parts_of_letters_of_a_byte_level_vocabulary_are_bytes():
    tokens = letters()
    tokens.tokenizer.convert_ids_to_tokens = lambda ids: ["ĠaëĨ"]
    assert [piece.text for piece in pieces(tokens, [400])] == [" a<0xEB><0x86>"]
