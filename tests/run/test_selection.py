"""Which documents a run takes: the first ones, or a random sample that grows with the limit."""

from __future__ import annotations

import pytest
from quiz_files import write_quiz as write

from proctor.errors import UsageError
from proctor.results.hashes import doc_hash
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.run.selection import document_seed, selection_of
from proctor.run.session import evaluate
from proctor.settings.config import build_config


def chosen(task, **options):
    config = build_config({"model": "dummy", "tasks": [task], **options})
    (bound,) = load_exam(config, Quiet).tasks
    return list(bound.positions(selection_of(config, bound.spec.name)))


def test_the_first_documents_without_a_word_and_a_sample_with_one(tmp_path):
    task = write(tmp_path)
    assert chosen(task, limit=10) == list(range(10))
    sample = chosen(task, limit=10, limit_order="random")
    assert len(sample) == 10
    assert sample == sorted(set(sample)) != list(range(10))
    assert chosen(task, limit=0.25, limit_order="random") == sample


def test_a_larger_sample_holds_the_smaller_one_and_another_seed_another(tmp_path):
    task = write(tmp_path)
    small = chosen(task, limit=10, limit_order="random")
    assert set(small) < set(chosen(task, limit=30, limit_order="random"))
    assert small != chosen(task, limit=10, limit_order="random", seed="0,0,0,7")
    assert chosen(task, limit=40, limit_order="random") == chosen(task, limit=99, limit_order="random")


def test_a_document_is_drawn_by_what_it_holds_and_not_by_where_it_stands(tmp_path):
    task = write(tmp_path)
    config = build_config({"model": "dummy", "tasks": [task], "limit": 12, "limit_order": "random"})

    def drawn():
        (bound,) = load_exam(config, Quiet).tasks
        return {doc_hash(doc) for doc in bound.documents.rows(bound.positions(selection_of(config, "quiz")))}

    before = drawn()
    lines = (tmp_path / "quiz.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "quiz.jsonl").write_text("".join(reversed(lines)), encoding="utf-8")
    assert drawn() == before


def test_without_a_seed_of_few_shot_examples_the_order_is_that_of_seed_0(tmp_path):
    config = build_config({"model": "dummy", "tasks": ["a"], "seed": "none"})
    assert document_seed(config) == 0


@pytest.mark.parametrize("value", ["last", "", 3, True])
def test_an_unknown_order_is_refused(value):
    with pytest.raises(UsageError, match="--limit_order must be first or random, not"):
        build_config({"model": "dummy", "tasks": ["a"], "limit": 3, "limit_order": value})


@pytest.mark.parametrize("more", [{}, {"samples": {"quiz": [1]}}])
def test_an_order_without_a_limit_is_refused(more):
    with pytest.raises(UsageError, match="--limit_order random says which documents --limit takes: add --limit N"):
        build_config({"model": "dummy", "tasks": ["quiz"], "limit_order": "random", **more})


def test_documents_of_a_run_keep_the_order_of_the_split(tmp_path):
    config = build_config({"model": "dummy", "tasks": [write(tmp_path)], "limit": 12, "limit_order": "random"})
    result = evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True)
    numbers = [record.doc_id for record in result.records["quiz"]]
    assert numbers == sorted(numbers) != list(range(12))
    assert (result.tasks[0].n_effective, result.tasks[0].n_original) == (12, 40)
    assert result.config["limit_order"] == "random"
