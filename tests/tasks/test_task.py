"""A bound task: documents in, prompts and requests out, answers measured."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError, UsageError
from proctor.refs import Ref
from proctor.tasks.data import Selection
from proctor.tasks.example import AskResult
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PromptStyle
from proctor.types import Loglikelihood, Rolling


def requests(bound, positions=(0,), style=None):
    plan = plan_task(bound, selection=Selection(samples=list(positions)), seed=1234, style=style or PromptStyle())
    return [planned.requests for planned in plan.documents]


def options(values):
    return [AskResult("option", tuple(values))]


def test_multiple_choice_is_one_question_with_its_choices(task):
    assert requests(task()) == [(Loglikelihood("Q: What is 0 plus one?\nA:", (" 0", " 1", " 2")),)]


def test_loglikelihood_takes_the_target_as_it_is(task):
    bound = task(
        output_type="loglikelihood", doc_to_choice=None, doc_to_target=" {{choices[answer]}}", metric_list=None
    )
    assert requests(bound) == [(Loglikelihood("Q: What is 0 plus one?\nA:", (" 1",)),)]


def test_rolling_takes_the_target_alone(task):
    bound = task(
        output_type="loglikelihood_rolling",
        doc_to_choice=None,
        doc_to_target="{{question}}",
        metric_list=None,
        description="D",
        num_fewshot=2,
    )
    assert requests(bound) == [(Rolling("What is 0 plus one?"),)]


def test_mutual_information_asks_the_choices_alone_too(task):
    bound = task(metric_list=[{"metric": "acc_mutual_info", "aggregation": "mean", "higher_is_better": True}])
    first, second = requests(bound)[0]
    assert second == Loglikelihood("", first.continuations)


def test_multiple_input_has_one_context_per_choice(task):
    bound = task(
        doc_to_text="answer", doc_to_choice="{{[question, 'b', 'c']}}", doc_to_target="{{topic}}", num_fewshot=1
    )
    made = requests(bound)[0]
    assert len(made) == 3
    assert {request.continuations for request in made} == {(" sums",)}
    # The example shows its own gold context, then the common continuation.
    assert all(request.context.startswith("b sums\n\n") for request in made)
    assert made[1].context.endswith("\n\nb")
    assert bound.shape.multiple_input


def test_prompt_golden_with_description_examples_and_system(task):
    bound = task(description="DESC", num_fewshot=1, fewshot_config={"sampler": "first_n"})
    [[request]] = requests(bound, style=PromptStyle(system_instruction="SYS"))
    assert request.context == "SYS\n\nDESCQ: T: What is 0 plus one?\nA: 1\n\nQ: What is 0 plus one?\nA:"


def test_fewshot_delimiters_of_their_own(task):
    bound = task(
        num_fewshot=1,
        fewshot_config={
            "sampler": "first_n",
            "target_delimiter": "|T|",
            "fewshot_delimiter": "|F|",
            "gen_prefix": "GP",
        },
    )
    [[request]] = requests(bound)
    assert request.context == "Q: T: What is 0 plus one?\nA:|T|GP 1|F|Q: What is 0 plus one?\nA:"


@pytest.mark.parametrize(("prefix", "delimiter"), [(None, ""), ("So:", " "), ("So: ", "")])
def test_choice_delimiter_under_a_chat_template(task, prefix, delimiter):
    def chat(messages, *, add_generation_prompt):
        return "".join(f"<{m['role']}>{m['content']}" for m in messages) + (
            "<assistant>" if add_generation_prompt else ""
        )

    [[request]] = requests(task(gen_prefix=prefix), style=PromptStyle(chat=chat))
    assert request.continuations == tuple(delimiter + choice for choice in ("0", "1", "2"))
    assert request.context.endswith("<assistant>" + (prefix or ""))


@pytest.mark.parametrize(("limit", "count"), [(None, 12), (0.1, 2), (0.001, 1), (1, 1), (1.0, 1), (2.7, 2), (100, 12)])
def test_limits(task, limit, count):
    assert len(task().positions(Selection(limit))) == count


def test_samples_are_sorted_and_once(task):
    bound = task()
    assert bound.positions(Selection(samples=[5, 2, 5])) == [2, 5]
    with pytest.raises(UsageError, match="document 12, but it has 12"):
        bound.positions(Selection(samples=[12]))


def test_examples_depend_on_the_position_in_the_run_not_on_the_limit(task):
    bound = task(num_fewshot=2)
    whole = [e.canonical.contexts for e in bound.examples(range(12), PromptStyle(), 7)]
    some = [e.canonical.contexts for e in bound.examples(range(4), PromptStyle(), 7)]
    assert whole[:4] == some


def test_process_docs_runs_once_and_may_return_a_list(task, exam):
    (exam / "proc.py").write_text(
        "CALLS = []\ndef keep(rows):\n    CALLS.append(1)\n    return [dict(r, topic='t') for r in rows][:3]\n"
    )
    ref = Ref(str(exam), "proc.keep")
    bound = task(process_docs=ref, fewshot_split="test", num_fewshot=1)
    assert len(bound.documents) == 3
    requests(bound, (0, 1, 2))
    assert ref.resolve().__globals__["CALLS"] == [1]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"test_split": "tset"}, TaskError, "no split 'tset'"),
        ({"metric_list": [{"metric": "acuracy"}]}, TaskError, "acuracy"),
        ({"filter_list": [{"name": "x", "filter": [{"function": "regx"}]}]}, TaskError, "regx"),
        ({"doc_to_choice": "question"}, TaskError, "must give a list of texts"),
        ({"doc_to_choice": "{{[]}}"}, TaskError, "empty list on document 0"),
        ({"doc_to_choice": "{{[1, 2]}}"}, TaskError, "must give a list of texts"),
        ({"dataset_kwargs": {"data_files": {"test": "nothing.jsonl"}}}, TaskError, "there is no file nothing.jsonl"),
    ],
)
def test_what_data_shows_is_a_sentence_with_a_line(task, changes, error, said):
    with pytest.raises(error) as caught:
        task(**changes)
    assert said in str(caught.value)
    assert caught.value.errors[0].line is not None


def test_a_task_without_documents(task, exam):
    (exam / "none.py").write_text("def none(rows):\n    return rows.select([])\n")
    with pytest.raises(DataError, match=r"holds no document after process_docs"):
        task(process_docs=Ref(str(exam), "none.none"))


def test_process_results_failures_are_sentences(task, exam):
    (exam / "res.py").write_text(
        "def bad(doc, results):\n    return doc['nope']\ndef none(doc, results):\n    return None\n"
    )
    bound = task(process_results=Ref(str(exam), "res.bad"))
    example = next(bound.examples([0], PromptStyle(), 1))
    with pytest.raises(TaskError, match="process_results failed on a document: KeyError"):
        bound.measure(example, 0, options([(-1.0, True)] * 3))
    bound = task(process_results=Ref(str(exam), "res.none"))
    with pytest.raises(TaskError, match="must return a mapping"):
        bound.measure(next(bound.examples([0], PromptStyle(), 1)), 0, options([(-1.0, True)] * 3))


def test_choices_are_measured(task):
    bound = task(metric_list=[{"metric": "acc"}, {"metric": "acc_norm"}])
    example = next(bound.examples([0], PromptStyle(), 1))
    measured = bound.measure(example, 0, options([(-3.0, False), (-1.0, True), (-2.0, False)]))
    assert measured == {"acc": 1.0, "acc_norm": 1.0}
