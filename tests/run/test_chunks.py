"""Windows: whatever does not fit into one is planned in several, and nothing that comes out tells."""

from __future__ import annotations

import json
import random
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import TaskError
from proctor.results.samples import Samples
from proctor.run import chunks
from proctor.run.chunks import ChunkLimits, QueryChunks
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.store.db import connect
from proctor.store.runs import list_runs
from proctor.tasks.prompt import PromptStyle
from proctor.types import Generate, Loglikelihood, RollingScore, Scores, Text

GENERATE = """\
task: write
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
fewshot_split: test
num_fewshot: 2
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{choices[answer]}}"
repeats: 2
generation_kwargs: {until: ["\\n"], do_sample: true, temperature: 1.0}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
filter_list:
  - {name: first, filter: [{function: take_first}]}
  - {name: vote, filter: [{function: lowercase}, {function: majority_vote}, {function: take_first}]}
"""


class Echo:
    """Answers by the text it is asked, and notes how many requests came together."""

    name, identity, info = "echo", None, {}

    def __init__(self):
        self.asked = []

    def respond(self, requests):
        self.asked.append(len(requests))
        for place, request in reversed(list(enumerate(requests))):
            yield place, self._answer(request)

    def _answer(self, request):
        if isinstance(request, Loglikelihood):
            return Scores(
                tuple((-float(sum(map(ord, request.context + text)) % 97), False) for text in request.continuations)
            )
        return Text(request.prompt[-2:].upper()) if isinstance(request, Generate) else RollingScore(-1.0)

    def report(self):
        return {}

    def close(self):
        pass


@pytest.fixture(scope="module")
def exam(tmp_path_factory, write_exam):
    """Three tasks; the prompts of one draw on the generator that everybody shares."""
    folder = write_exam(tmp_path_factory.mktemp("exam"), "one", "two", documents=23, more="fewshot_split: test\n")
    (folder / "write.yaml").write_text(GENERATE, encoding="utf-8")
    (folder / "own.py").write_text(
        "import random\n\n\ndef ask(doc):\n    return doc['question'] + str(random.randrange(10**6))\n",
        encoding="utf-8",
    )
    two = folder / "two.yaml"
    two.write_text(two.read_text(encoding="utf-8").replace('"{{question}}"', "!function own.ask"), encoding="utf-8")
    return folder


def run(exam, room, *names, model=None, **options):
    tasks = [str(exam / f"{name}.yaml") for name in names or ("one", "two", "write")]
    config = build_config({"model": "dummy", "tasks": tasks, "num_fewshot": 2, **options})
    return evaluate(config, progress=Quiet, bootstrap_iters=10, keep_records=True, opened=model, room=room)


@settings(max_examples=25)
@given(st.integers(1, 120), st.integers(1, 12_000))
def test_windows_change_nothing(exam, queries, characters):
    whole, parts = Echo(), Echo()
    expected = run(exam, ChunkLimits(), model=whole)
    result = run(exam, ChunkLimits(queries, characters), model=parts)
    assert result.tasks == expected.tasks
    assert result.records == expected.records
    assert list(result.records) == list(expected.records)
    assert sum(parts.asked) == sum(whole.asked) == 23 + 23 + 46
    assert len(whole.asked) == 1


def test_windows_are_no_larger_than_their_room(exam):
    model = Echo()
    run(exam, ChunkLimits(queries=10), model=model)
    assert max(model.asked) == 10
    assert len(model.asked) == 10


def test_a_document_larger_than_the_room_is_asked_alone(exam):
    model = Echo()
    run(exam, ChunkLimits(characters=1), "one", model=model)
    assert model.asked == [1] * 23


def test_the_dummy_draws_the_same_numbers_in_windows(exam):
    assert run(exam, ChunkLimits(queries=7), "one", "two").records == run(exam, ChunkLimits(), "one", "two").records


def test_a_task_whose_filter_sees_all_documents_is_not_divided(exam, tmp_path, write_exam):
    folder = write_exam(tmp_path, "one", documents=9)
    (folder / "own.py").write_text(
        "class Rank:\n    def apply(self, resps, docs):\n        return [(one[0], len(resps)) for one in resps]\n"
        "def measure(doc, results):\n    return {'seen': results[0][1]}\n",
        encoding="utf-8",
    )
    with (folder / "one.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "filter_list: [{name: rank, filter: [{function: !function own.Rank}]}]\n"
            "process_results: !function own.measure\n"
        )
    model = Echo()
    result = run(folder, ChunkLimits(queries=4), "one", model=model)
    assert model.asked == [9]
    assert {record.metrics["seen"] for record in result.records["one"]} == {18}


def test_a_error_in_the_last_window_is_told_before_the_first_is_asked(exam, tmp_path, write_exam):
    folder = write_exam(tmp_path, "one", documents=9)
    (folder / "own.py").write_text("def ask(doc):\n    return None if doc['question'] == 'Q8' else 'x'\n")
    task = folder / "one.yaml"
    task.write_text(task.read_text(encoding="utf-8").replace('"{{question}}"', "!function own.ask"), encoding="utf-8")
    model = Echo()
    with pytest.raises(TaskError, match="document 8"):
        run(folder, ChunkLimits(queries=2), "one", model=model)
    assert model.asked == []


def test_planning_again_leaves_the_generators_to_the_others(exam):
    config = build_config({"model": "dummy", "tasks": [str(exam / "two.yaml")]})
    tasks = load_exam(config, Quiet).tasks
    random.seed(5)
    questions = QueryChunks(tasks, config, PromptStyle(), display=Quiet(1, ""), room=ChunkLimits(queries=4))
    before = random.getstate()
    prompts = []
    for window in questions.plans():
        assert random.getstate() == before
        prompts += [request.context for plan in window for planned in plan.documents for request in planned.requests]
        random.random()
        before = random.getstate()
    random.seed(5)
    whole = QueryChunks(tasks, config, PromptStyle(), display=Quiet(1, ""))
    [plans] = whole.plans()
    assert [request.context for planned in plans[0].documents for request in planned.requests] == prompts
    assert questions.total == whole.total == 23


def test_progress_counts_requests_as_preview_and_lm_eval_do(exam):
    shown = []

    class Seen(Quiet):
        def __init__(self, *words):
            super().__init__(*words)
            shown.append(self)

    config = build_config({"model": "dummy", "tasks": [str(exam / "one.yaml")]})
    model = Echo()
    evaluate(config, progress=Seen, bootstrap_iters=0, opened=model)
    [answering] = [one for one in shown if one.label == "Answering"]
    assert answering.total == answering.done == 2 * sum(model.asked) > 0


def test_samples_are_the_same_bytes_in_windows(exam, tmp_path):
    written = []
    for room in (ChunkLimits(), ChunkLimits(queries=9)):
        samples = Samples(tmp_path, f"now{len(written)}")
        config = build_config({"model": "dummy", "tasks": [str(exam / "one.yaml"), str(exam / "write.yaml")]})
        result = evaluate(config, progress=Quiet, bootstrap_iters=0, opened=Echo(), samples=samples, room=room)
        assert result.records == {}
        files = samples.finish(tmp_path / f"out{len(written)}", "then")
        written.append(({name: file.read_bytes() for name, file in files.items()}, result.hashes))
    assert written[0] == written[1]
    lines = [json.loads(line) for line in written[0][0]["write"].splitlines()]
    assert [line["filter"] for line in lines] == ["first"] * 23 + ["vote"] * 23


def test_ordinary_rooms_are_large():
    assert chunks.ROOM.queries >= 100_000
    assert chunks.ROOM.characters >= 256_000_000


class Known(Echo):
    """One whose answers are kept; it breaks off after ``stop`` of them."""

    def __init__(self, stop=None):
        super().__init__()
        self.identity = {"weights": "abc"}
        self.stop, self.given = stop, 0

    def respond(self, requests):
        for number, response in super().respond(requests):
            if self.given == self.stop:
                raise KeyboardInterrupt
            self.given += 1
            yield number, response


@pytest.mark.parametrize(("stop", "requests"), [(0, 0), (3, 6), (8, 16), (30, 60), (91, 137)])
def test_a_run_that_stops_in_some_window_goes_on_from_there(exam, tmp_path, stop, requests):
    store = str(tmp_path / "a.sqlite")
    expected = run(exam, ChunkLimits(), model=Echo())
    with pytest.raises(KeyboardInterrupt) as caught:
        run(exam, ChunkLimits(queries=8), model=Known(stop), store=store)
    (note,) = caught.value.__notes__
    # The unit is that of the progress display: each option is a request.
    assert note.startswith(f"the responses to {requests} of 138 requests are cached; ")
    second, third = Known(), Known()
    assert run(exam, ChunkLimits(queries=8), model=second, store=store).tasks == expected.tasks
    assert second.given == 92 - stop
    assert run(exam, ChunkLimits(queries=8), model=third, store=store).records == expected.records
    assert third.given == 0
    with closing(connect(tmp_path / "a.sqlite")) as connection:
        counts = [(one.state, one.requested, one.cached) for one in list_runs(connection)]
    assert counts == [("interrupted", stop, 0), ("finished", 92 - stop, stop), ("finished", 0, 92)]


def test_a_stop_says_at_least_where_later_chunks_have_not_been_looked_up(exam, tmp_path, monkeypatch):
    store = str(tmp_path / "a.sqlite")
    run(exam, ChunkLimits(), model=Known(), store=store)

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("proctor.run.run_store.RunStore.close_chunk", stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(exam, ChunkLimits(queries=8), model=Known(0), store=store)
    [note] = caught.value.__notes__
    assert note.startswith("the responses to at least 16 of 138 requests are cached; the same command continues: ")
