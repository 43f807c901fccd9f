"""lm_eval.decontamination.janitor: what is cut out of a text, and what stays."""

from hypothesis import given
from hypothesis import strategies as st

from proctor.compat.scripts.janitor import Janitor, form_ngrams, split_indices, word_ngrams, word_ngrams_indices

WORDS = st.lists(st.text("aAbB", min_size=1, max_size=4), max_size=12)


def test_runs_of_words():
    assert list(form_ngrams(iter(range(4)), 3)) == [(0, 1, 2), (1, 2, 3)]
    assert list(word_ngrams("a  b\nc", 2)) == ["a b", "b c"]
    assert list(split_indices(" ab  c")) == [("ab", (1, 2)), ("c", (5, 5))]
    assert list(word_ngrams_indices("a  b c", 2)) == [("a b", (0, 3)), ("b c", (3, 5))]
    assert list(word_ngrams("a b", 3)) == []


def test_what_is_around_a_run_goes_with_it():
    janitor = Janitor(ngram_n=2, window_to_remove=2, minimum_slice_length=3)
    janitor.register_contaminant("Bad, words!")
    assert janitor.dirt_ngrams == {"bad words"}
    assert janitor.clean("0123456 bad WORDS. 789abcdef") == ["012345", "89abcdef"]
    assert janitor.clean("nothing of the kind") == ["nothing of the kind"]
    assert janitor.clean("bad words") == []


def test_of_a_text_with_too_many_runs_nothing_is_kept():
    janitor = Janitor(ngram_n=1, window_to_remove=0, too_dirty_cutoff=2, minimum_slice_length=0)
    janitor.register_contaminant("x")
    assert janitor.clean("aa x bb x cc") != []
    assert janitor.clean("aa x bb x cc x dd") == []


def test_runs_are_kept_in_a_file(tmp_path):
    janitor, other = Janitor(ngram_n=2), Janitor(ngram_n=2)
    janitor.register_contaminant("äpfel und birnen")
    janitor.save_contamination_ngrams(str(tmp_path / "runs.json"))
    other.load_contamination_ngrams(str(tmp_path / "runs.json"))
    assert other.dirt_ngrams == janitor.dirt_ngrams != set()


@given(WORDS, WORDS, st.integers(1, 3))
def test_no_run_is_left_and_what_is_left_was_there(clean, dirty, n):
    text = " ".join([*clean, *dirty, *clean])
    janitor = Janitor(ngram_n=n, window_to_remove=1, minimum_slice_length=0, too_dirty_cutoff=1000)
    janitor.register_contaminant(" ".join(dirty))
    pieces = janitor.clean(text)
    assert all(piece in text for piece in pieces)
    left = {janitor.normalize_string(run) for piece in pieces for run in word_ngrams(piece, n)}
    assert not left & janitor.dirt_ngrams
