"""Tasks whose answers are programs, from their files to figures, with a model whose answers are known."""

import itertools
import json
import math

import pytest

from proctor.errors import ProctorError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Text

UTILS = """
import evaluate as hf_evaluate

checker = hf_evaluate.load("code_eval")
checker.compute(references=["assert add(2, 3)==5"], predictions=[["def add(a,b): return a*b"]], k=[1])


def pass_at_k(references, predictions, k=None):
    return checker.compute(references=references, predictions=predictions, k=k)[0]


def programs(resps, docs):
    return [[doc["prompt"] + response for response in answers] for answers, doc in zip(resps, docs)]
"""
TASK = """
task: programs
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: "{{test}}"
generation_kwargs: {until: ["\\nclass"], do_sample: true, temperature: 0.8}
repeats: 5
unsafe_code: true
metric_list:
  - metric: !function utils.pass_at_k
    aggregation: mean
    higher_is_better: true
    k: [1, 3, 5]
filter_list:
  - name: create_test
    filter:
      - {function: custom, filter_fn: !function utils.programs}
"""
RIGHT = {0: 5, 1: 2, 2: 0, 3: 1}
"""Document -> how many of its five answers are right."""


class Scripted:
    """Right on a document as often as :data:`RIGHT` says; wrong in five ways."""

    name, info = "scripted", {}
    wrong = ("    return x +", "    return None\n", "    import os\n    os._exit(0)\n", "    while True: pass\n", "")

    def respond(self, requests):
        asked = {}
        for index, request in enumerate(requests):
            document = int(request.prompt.split(" f")[1].split("(")[0])
            turn = asked[document] = asked.get(document, -1) + 1
            right = turn < RIGHT[document]
            yield index, Text(f"    return x + {document}\n" if right else self.wrong[turn])

    def chat_template(self, name):
        return ""

    def report(self):
        return {}

    def close(self):
        raise AssertionError("an opened model stays open")


@pytest.fixture
def folder(tmp_path):
    rows = [
        {"prompt": f"def f{n}(x):\n", "test": f"assert f{n}(1) == {n + 1}\nassert f{n}(2) == {n + 2}"} for n in RIGHT
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "utils.py").write_text(UTILS, encoding="utf-8")
    (tmp_path / "programs.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path


def run(folder, monkeypatch, **options):
    monkeypatch.chdir(folder)
    config = build_config({"model": "scripted", "tasks": [str(folder / "programs.yaml")], **options})
    return evaluate(config, progress=Quiet, bootstrap_iters=100, opened=Scripted(), keep_records=True)


def test_pass_at_k_of_known_answers(folder, monkeypatch):
    result = run(folder, monkeypatch, confirm_run_unsafe_code=True)
    [task] = result.tasks
    for k in (1, 3, 5):
        draws = {n: list(itertools.combinations([True] * n + [False] * (5 - n), k)) for n in RIGHT.values()}
        shares = [sum(map(any, draws[n])) / len(draws[n]) for n in RIGHT.values()]
        assert task.values[f"pass@{k}", "create_test"].value == pytest.approx(sum(shares) / 4), k
    values = [record.metrics["pass@1"] for record in result.records["programs"]]
    assert values == pytest.approx([1.0, 0.4, 0.0, 0.2])
    mean = sum(values) / 4
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / 3 / 4)
    assert task.values["pass@1", "create_test"].stderr == pytest.approx(error)
    assert task.higher_is_better["pass@1"] is True
    assert set(result.extra["proctor"]["sandbox"]) == {"namespaces", "landlock", "seccomp", "limits"}


def test_a_run_without_consent_is_refused_before_the_model_is_asked(folder, monkeypatch):
    with pytest.raises(ProctorError, match="code that the model writes: programs") as caught:
        run(folder, monkeypatch)
    assert "--confirm_run_unsafe_code" in str(caught.value)


def test_a_task_that_is_not_marked_is_refused_too(folder, monkeypatch):
    file = folder / "programs.yaml"
    file.write_text(TASK.replace("unsafe_code: true\n", ""), encoding="utf-8")
    with pytest.raises(ProctorError, match="'code_eval' runs programs that the model writes") as caught:
        run(folder, monkeypatch)
    assert "--confirm_run_unsafe_code" in str(caught.value)
    assert run(folder, monkeypatch, confirm_run_unsafe_code=True).tasks[0].values["pass@1", "create_test"].value > 0


def test_solutions_of_mbpp_pass_their_own_tests(shared_hub, tmp_path, monkeypatch):
    """The benchmark's own solutions, line ends and all: 200 documents."""
    from proctor.metrics.pass_at_k import code_eval

    with (shared_hub / "google-research-datasets/mbpp/full/test.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in itertools.islice(file, 200)]
    tests = ["\n".join(row["test_list"]) for row in rows]
    figures, results = code_eval(references=tests, predictions=[[row["code"]] for row in rows], k=[1], timeout=60)
    failed = {rows[task]["task_id"]: told[0][1]["result"] for task, told in results.items() if not told[0][1]["passed"]}
    assert figures["pass@1"] == 1.0, failed
