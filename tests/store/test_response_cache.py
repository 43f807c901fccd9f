"""What a store holds of the queries of one model: whole, in part, of an earlier attempt."""

from __future__ import annotations

import math

from response_store import ANSWERS, QUERIES, find, keep

from proctor.records import Query
from proctor.store.keys import Keys
from proctor.store.response_cache import ResponseCache
from proctor.store.store import open_store
from proctor.types import Loglikelihood, RollingScore, Scores


def test_what_is_kept_is_found(path):
    keep(path)
    assert find(path).responses == ANSWERS
    assert find(path).parts == {}


def test_another_task_document_or_order_finds_it_too(path):
    keep(path)
    asked = [Query("other", 9, 3, 0, QUERIES[0].request)]
    assert find(path, asked).responses == [ANSWERS[0]]


def test_another_model_finds_nothing(path):
    keep(path)
    assert find(path, identity={"weights": "abd"}).responses == [None] * 5
    keep(path, {"weights": "abd"}, QUERIES[:1], [Scores(((-9.0, False), (-9.0, False)))])
    assert find(path).responses == ANSWERS


def test_repeats_are_kept_apart(path):
    keep(path)
    more = [Query("quiz", 2, 0, repeat, QUERIES[2].request) for repeat in range(4)]
    assert find(path, more).responses == [*ANSWERS[2:], None]


def test_one_choice_more_is_found_in_part(path):
    keep(path)
    found = find(path, [Query("quiz", 0, 0, 0, Loglikelihood("Q", (" B", " C", " A")))])
    assert found.responses == [None]
    assert found.parts == {0: [(-2.5, False), None, (-0.1, True)]}


def test_what_an_attempt_at_the_same_run_answered_is_known_as_its_own(path):
    keep(path, queries=QUERIES[:2], responses=ANSWERS[:2])
    keep(path, queries=QUERIES[2:4], responses=ANSWERS[2:4], state="interrupted")
    found = find(path)
    assert found.responses == [*ANSWERS[:4], None]
    assert found.own == {2, 3}


def test_of_what_an_attempt_left_half_answered_the_whole_is_asked(path):
    half = [Scores(((-1.0, False), (math.nan, False)))]
    keep(path, queries=QUERIES[:1], responses=half, state="failed")
    found = find(path, QUERIES[:1])
    assert (found.responses, found.parts) == ([None], {})


def test_a_changed_prompt_is_not_served_the_old_one_s_answer(path):
    """lm-eval keeps prompts under a task's name and serves them after its YAML has changed (PR 4123)."""
    keep(path)
    assert find(path, [Query("quiz", 0, 0, 0, Loglikelihood("Q!", (" A", " B")))]).responses == [None]


def test_what_is_no_number_is_asked_again(path):
    keep(path, queries=QUERIES[:2], responses=[Scores(((math.nan, False), (-1.0, True))), RollingScore(math.nan)])
    found = find(path, QUERIES[:2])
    assert found.responses == [None, None]
    assert found.parts == {0: [None, (-1.0, True)]}


def test_many_are_looked_up_together(path):
    many = [Query("t", n, 0, 0, Loglikelihood(f"Q{n}", (" A", " B", " C"))) for n in range(3000)]
    told = [Scores(((-n, True), (-n - 0.5, False), (-1e-9 * n, False))) for n in range(3000)]
    keep(path, queries=many, responses=told)
    assert find(path, many).responses == told
    assert find(path, many[::-7]).responses == told[::-7]


# the file, read only or absent


def test_the_keys_of_a_look_up_serve_what_is_kept_after_it(path, monkeypatch):
    store = open_store(path)
    cache = ResponseCache(store, {"model": "m"})
    queries = [Query("t", 0, 0, 0, Loglikelihood("c", (" a", " b"))), Query("t", 1, 0, 0, Loglikelihood("d", (" a",)))]
    keys_of, calls = Keys.of, []
    monkeypatch.setattr(Keys, "of", lambda self, *args: (calls.append(args), keys_of(self, *args))[1])
    cache.find(queries)
    assert len(calls) == 2
    cache.keep(queries[0], Scores(((-1.0, True), (-2.0, False))))
    assert len(calls) == 2
    cache.keep(queries[0], Scores(((-1.0, True), (-2.0, False))))
    assert len(calls) == 3
    store.close()
