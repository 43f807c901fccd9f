"""Documents of every odd kind through whole runs: figures or a sentence, and files that can be read back."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import pytest

from proctor.api import open_results
from proctor.cli.main import main

ODD = [
    "NUL \0 within",
    "\u202eright to left\u202c العربية עברית",
    "\x1b[31mred\x07 \x85 \u2028 \ufeff",
    "x" * 200_000,
    "e\u0301 ß İ 𝟙 😀 한국어",
    "",
    " \n\t ",
    "{{ question }} {% raw %}",
    "<s></s><|endoftext|>",
    '"], "acc": 1, "x": ["',
]
CHOICE = """\
task: odd_choice
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: answer
metric_list: [{metric: acc}, {metric: acc_norm}, {metric: acc_bytes}]
"""
WRITTEN = """\
task: odd_written
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: label
generation_kwargs: {until: ["\\n"], max_gen_toks: 4}
filter_list:
  - name: hostile
    filter: [{function: regex, regex_pattern: "(.*)(.*)(.*)(.*)never"}, {function: take_first}]
  - name: plain
    filter: [{function: take_first}]
"""
ROLLING = """\
task: odd_rolling
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_target: "{{question}}"
"""


def write(folder, text, rows):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "t.yaml").write_text(text, encoding="utf-8")
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder / "t.yaml")


@pytest.fixture
def run(tmp_path, repository, capsys):
    """Runs the bundled model on a task file; gives the exit code, stderr, the results and the sample lines."""
    model = repository / "src" / "proctor" / "benchmarks" / "demo" / "model"

    def go(text, rows, *more):
        out = tmp_path / "out"
        words = ["--model", "hf", "--model_args", f"pretrained={model},dtype=float32,max_length=256", "--device", "cpu"]
        task = write(tmp_path / "exam", text, rows)
        code = main(["run", *words, "--tasks", task, "--output_path", str(out), "--log_samples", *more])
        said = capsys.readouterr().err
        assert "Traceback" not in said
        results = [open_results(file) for file in sorted(out.rglob("results_*.json"))]
        lines = [
            json.loads(line)
            for file in sorted(out.rglob("samples_*.jsonl"))
            for line in file.read_bytes().decode("utf-8").split("\n")[:-1]
        ]
        return code, said, results[-1] if results else None, lines

    return go


def rows():
    made = [
        {"question": text, "choices": [text or "a", "b", "b"], "answer": number % 3, "label": text, "more": [1, None]}
        for number, text in enumerate(ODD)
    ]
    return [*made, made[0]]


def test_choices(run):
    code, _, results, lines = run(CHOICE, rows())
    assert code == 0
    assert [line["doc"]["question"] for line in lines] == [*ODD, ODD[0]]
    assert lines[0]["resps"] == lines[-1]["resps"]
    assert results["results"]["odd_choice"]["sample_len"] == len(lines)


def test_texts_are_stored_and_come_back(run, tmp_path):
    store = ("--store", str(tmp_path / "answers.sqlite"))
    code, _, _, first = run(WRITTEN, rows(), *store)
    assert code == 0
    code, _, _, both = run(WRITTEN, rows(), *store)
    assert code == 0
    assert {line["filter"] for line in first} == {"hostile", "plain"}
    assert both == first + first


def test_rolling(run):
    code, said, results, lines = run(ROLLING, [row for row in rows() if row["question"].strip()])
    assert code == 0, said
    assert all(math.isfinite(float(line["resps"][0][0])) for line in lines)
    assert math.isfinite(results["results"]["odd_rolling"]["byte_perplexity,none"])


BAD = {
    "choices that are null": ({"choices": None}, "doc_to_choice must give a list of texts, but on document 1"),
    "no choices": ({"choices": []}, "doc_to_choice gave an empty list on document 1"),
    "numbers as choices": ({"choices": ["1", None]}, "doc_to_choice must give a list of texts, but on document 1"),
    "a question that is null": ({"question": None}, None),
}


@pytest.mark.parametrize(("change", "said"), BAD.values(), ids=BAD)
def test_a_document_that_cannot_be_asked_stops_before_the_model(run, change, said):
    good = {"question": "Q", "choices": ["a", "b"], "answer": 0}
    code, told, results, _ = run(CHOICE.replace('"{{question}}\\nAnswer:"', "question"), [good, {**good, **change}])
    assert code == 2
    assert results is None
    assert (said or "doc_to_text must give a text, but on document 1 it gave None") in told


@pytest.mark.parametrize("answer", [7, -9, "c"])
def test_a_target_that_is_no_choice_is_wrong_and_said(run, answer):
    good = {"question": "Q", "choices": ["a", "b"], "answer": str(answer)}
    text = CHOICE if isinstance(answer, str) else CHOICE.replace("doc_to_target: answer", "doc_to_target: '{{answer}}'")
    code, told, results, _ = run(text, [good, {**good, "answer": "1" if text != CHOICE else "b"}, good, good])
    assert code == 0
    assert "any answer counts as wrong (document 0 and 2 more documents)" in told
    assert results["results"]["odd_choice"]["acc,none"] in (0.0, 0.25)


@pytest.mark.parametrize(("answers", "graded"), [([0, None], 1), ([0, math.nan], 1), ([1, [5]], 1), ([{}, 0], 1)])
def test_a_target_that_is_nothing_is_a_error_and_the_others_count(run, tmp_path, answers, graded):
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "mine.py").write_text(
        "from math import nan\n"
        "def put(rows):\n"
        f"    return [dict(row, answer=one) for row, one in zip(rows, {answers})]\n"
    )
    good = {"question": "Q", "choices": ["a", "b"]}
    code, told, results, lines = run(CHOICE + "process_docs: !function mine.put\n", [good, good])
    wrong = answers == [1, [5]]  # several targets of which none is a choice: a wrong answer, and said to be so
    assert code == (0 if wrong else 1)
    assert ("doc_to_target gave 5, but there are 2 choices" if wrong else "could not be scored") in told
    assert results["results"]["odd_choice"]["sample_len"] == graded + wrong
    assert sum("error" in line for line in lines) == 2 - graded - wrong


def test_half_a_character_stops_before_the_model(run, tmp_path):
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "mine.py").write_text(
        "def put(rows):\n    return [dict(row, question='a' + chr(0xD800)) for row in rows]\n"
    )
    row = {"question": "Q", "choices": ["a", "b"], "answer": 0}
    code, told, results, _ = run(CHOICE + "process_docs: !function mine.put\n", [row])
    assert code == 2
    assert results is None
    assert "task 'odd_choice': the prompt or answer of document 0 holds half of a character" in told


def test_a_document_may_hold_what_only_json_escapes(run, tmp_path):
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "mine.py").write_text(
        "def put(rows):\n"
        "    odd = {'half': chr(0xD800), 'huge': 10**5000, 'set': {2, 1}, 'deep': [[[{}]]]}\n"
        "    odd |= {'inf': float('inf'), 'bytes': b'x'}\n"
        "    return [{**row, **odd} for row in rows]\n"
    )
    row = {"question": "Q", "choices": ["a", "b"], "answer": 0}
    code, _, _, lines = run(CHOICE + "process_docs: !function mine.put\n", [row])
    assert code == 0
    doc = lines[0]["doc"]
    assert doc["half"] == "\ud800"
    assert doc["set"] == [1, 2]
    assert doc["inf"] == math.inf


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"null\n", "begins with a null row"),
        (b'  null\n{"question": "a"}\n', "begins with a null row"),
        (b"", "test.jsonl is empty."),
        (b"\xff\xfe{", "test.jsonl, line 1: the file is not UTF-16 text: byte 0x7b"),
        (b'{"question": "\\ud800"}\n', "surrogate pair in string is invalid"),
        (b"{" * 1000, "line 1: this is not valid JSON: Expecting property name"),
        (b"[" * 100_000, "test.jsonl nests too deep to be read as JSON"),
        (b'{"question": "\0"}', "line 1: this is not valid JSON: Invalid control character."),
        (b'{"question": "a", "question": "b"}\n', "was specified twice"),
        (b'{"a": NaN}\n', "'question' is undefined. The document has: a."),
    ],
)
def test_data_that_cannot_be_read_is_a_sentence(tmp_path, capsys, content, said):
    task = write(tmp_path / "exam", CHOICE, [])
    (tmp_path / "exam" / "test.jsonl").write_bytes(content)
    assert main(["run", "--model", "dummy", "--tasks", task]) in (1, 2)
    told = capsys.readouterr().err
    assert said in told.rpartition("proctor: error: ")[2]


def test_words_of_a_command_that_are_no_text_are_shown_by_number(tmp_path):
    task = write(tmp_path / "exam", ROLLING, [{"question": "a b"}])
    words = ["--model", "dummy", "--tasks", task, "--output_path", str(tmp_path / "out")]
    command = [
        sys.executable,
        "-m",
        "proctor",
        "run",
        *words,
        b"--system_instruction",
        b"\xff",
        "--model_args",
        b"a=\xfe",
    ]
    for encoding in ("utf-8", "ascii"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
        done = subprocess.run(command, capture_output=True, check=False, env=environment, timeout=120)
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        assert done.returncode == 0, done.stderr.decode()
        assert rb"\udcfe" in done.stdout
    for file in (tmp_path / "out").rglob("results_*.json"):
        assert open_results(file)["system_instruction"] == "\udcff"
