"""Validating: every error of every file, each once, at its line; with data every document too."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.check.functions import function_errors, import_notes
from proctor.check.targets import wrong_target
from proctor.errors import UsageError
from proctor.refs import Ref
from proctor.run.progress import Quiet
from proctor.validate import ValidationReport, validate

ROWS = [{"question": f"{n} + 1?", "choices": [str(n), str(n + 1), "none"], "answer": 1} for n in range(6)]

TEMPLATE = """\
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: answer
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files of an exam folder; ``rows`` become its test split."""

    def make(rows: list[dict[str, object]] | None = None, **files: str) -> Path:
        data = "".join(json.dumps(row) + "\n" for row in rows or ROWS)
        (tmp_path / "test.jsonl").write_text(data, encoding="utf-8")
        (tmp_path / "_template").write_text(TEMPLATE, encoding="utf-8")
        for name, text in files.items():
            suffix = "py" if name.endswith("_py") else "yaml"
            (tmp_path / f"{name.removesuffix('_py')}.{suffix}").write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    return make


def check(*names: Path | str, **options) -> ValidationReport:
    return validate([str(name) for name in names], progress=Quiet, **options)


def lines(errors) -> list[str]:
    """``file:line: message`` with the file's name alone."""
    return [f"{Path(finding.file or '').name}:{finding.line}: {finding.message}" for finding in errors]


def test_a_good_exam_has_no_error(write):
    verdict = check(write(sums="task: sums\ninclude: _template\n", exam="group: exam\ntask: [sums]\n"))
    assert (verdict.errors, verdict.notes) == ((), ())
    assert (verdict.tasks, verdict.groups, verdict.documents) == (1, 1, 6)


def test_all_errors_of_all_files_come_at_once_sorted_by_file_and_line(write):
    folder = write(
        a="""\
        task: a
        include: _template
        doc_to_txt: x
        metric_list:
          - metric: accc
          - metric: acc
            aggregation: meen
        filter_list:
          - name: x
            filter:
              - function: take_frist
              - function: regex
                regex_patern: x
        """,
        b="task: b\ninclude: _template\nprocess_docs: !function code.proces\ngen_prefix: '{% if %}'\n",
        c="task: c\n  doc: [1\n",
        d="task: d\ninclude: _gone\n",
        code_py="def process(docs):\n    return docs\n",
    )
    shown = lines(check(folder, with_data=False).errors)
    assert [line.partition(": ")[0] for line in shown] == [
        "a.yaml:3", "a.yaml:5", "a.yaml:7", "a.yaml:11", "a.yaml:12", "b.yaml:3", "b.yaml:4", "c.yaml:2", "d.yaml:2",
    ]  # fmt: skip
    assert "has no setting 'regex_patern'" in shown[4]
    assert shown[5].endswith("code.py has no 'proces'.")


def test_a_error_of_a_shared_file_is_told_once(write):
    folder = write(**{name: f"task: {name}\ninclude: _shared\n" for name in "abcde"})
    (folder / "_shared").write_text(TEMPLATE + "doc_to_txt: x\n", encoding="utf-8")
    [finding] = check(folder, with_data=False).errors
    assert finding.message == "tasks 'a', 'b', 'c' and 2 more: there is no key 'doc_to_txt'."


def test_without_data_no_task_code_runs_and_no_data_is_read(write):
    folder = write(
        a="task: a\ninclude: _template\ndataset_path: no/such\nprocess_docs: !function code.process\n",
        code_py="raise SystemExit('this ran')\ndef process(docs):\n    return docs\n",
    )
    verdict = check(folder, with_data=False)
    assert verdict.errors == ()
    assert verdict.documents == 0


@pytest.mark.parametrize(
    ("metric", "leaf", "finding"),
    [
        ("acc", "", None),
        ("acc_nrm", "", "no task of the group lists the metric 'acc_nrm'."),
        ("f1", "metric_list: [{metric: f1}]", None),
        ("mine", "metric_list: [{metric: !function code.mine, aggregation: mean}]", None),
        ("extra", "process_results: !function code.mine", None),
        ("pass@1", "metric_list: [{metric: !function code.mine, aggregation: mean}]", None),
    ],
)
def test_a_group_aggregates_what_its_tasks_list(write, metric, leaf, finding):
    folder = write(
        a=f"task: a\ninclude: _template\n{leaf}\n",
        g=f"group: g\ntask: [a]\naggregate_metric_list:\n  - metric: {metric}\n",
        code_py="def mine(*args):\n    return {}\n",
    )
    verdict = check(folder, with_data=False)
    assert lines(verdict.errors) == ([] if finding is None else [f"g.yaml:4: group 'g': {finding}"])


def test_a_group_whose_tasks_differ_has_a_note(write):
    folder = write(
        a="task: a\ninclude: _template\n",
        b="task: b\ninclude: _template\nmetric_list: [{metric: f1}]\n",
        g="group: g\ntask: [a, b]\naggregate_metric_list: [{metric: acc, filter_list: nope}]\n",
    )
    verdict = check(folder, with_data=False)
    assert "has a filter pipeline 'nope'" in lines(verdict.errors)[0]
    assert "1 of 2 tasks do not list the metric 'acc'" in lines(verdict.notes)[0]


def test_yes_and_no_in_choices_are_no_texts(write):
    folder = write(a="task: a\ninclude: _template\ndoc_to_choice: [no, 'yes', 3]\n")
    shown = check(folder, with_data=False).errors
    assert [finding.message.partition(": ")[2] for finding in shown] == [
        "a choice must be text, but this one is true or false: False.",
        "a choice must be text, but this one is a whole number: 3.",
    ]


def test_a_class_that_is_no_task_is_a_error_with_its_line(write):
    folder = write(a="task: a\nclass: !function code.Mine\n", code_py="class Mine: ...\n")
    assert check(folder).errors == ()
    [finding] = check(folder, run_code=True).errors
    assert (
        finding.message == "task 'a': its class failed: AttributeError: 'Mine' object has no attribute 'has_test_docs'."
    )
    assert (finding.file or "").endswith("a.yaml")
    assert finding.line == 2
    assert check(folder, with_data=False).errors == ()


def test_a_class_that_is_not_there_is_found_without_running_code(write):
    folder = write(a="task: a\nclass: !function code.Mein\n", code_py="class Mine: ...\n")
    [finding] = check(folder, with_data=False).errors
    assert "has no 'Mein'" in finding.message
    assert "Mine" in (finding.hint or "")


# -- on data


def test_errors_of_documents_are_counted_once_per_kind(write):
    rows = [{**row, "answer": 3 if n % 2 else 1} for n, row in enumerate(ROWS)]
    [finding] = check(write(rows, a="task: a\ninclude: _template\n")).errors
    assert finding.line == 7
    assert "doc_to_target gave 3, but there are 3 choices" in finding.message
    assert finding.message.endswith("(document 1 and 2 more documents).")


def test_an_undefined_variable_says_what_was_meant(write):
    [finding] = check(write(a='task: a\ninclude: _template\ndoc_to_text: "{{questoin}}"\n')).errors
    assert "a.yaml:3" in lines([finding])[0]
    assert "'questoin' is undefined" in finding.message
    assert "(document 0 and 5 more documents)" in finding.message
    assert finding.hint == "Did you mean 'question'?"


def test_one_wrong_key_does_not_hide_the_others(write):
    text = (
        'task: a\ninclude: _template\nmetric_list: [{metric: accc}]\ndescription: "{{questoin}}"\nfewshot_split: dev\n'
    )
    shown = lines(check(write(a=text)).errors)
    assert [line.partition(": ")[0] for line in shown] == ["a.yaml:3", "a.yaml:4", "a.yaml:5"]
    assert "its data set has no split 'dev'" in shown[2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"choices": "ab"}, "doc_to_choice must give a list of texts, but it gave 'ab'"),
        ({"choices": []}, "doc_to_choice gave an empty list"),
        ({"choices": ["a", None]}, "a choice must be text, but doc_to_choice gave None"),
        ({"answer": -1}, "doc_to_target gave -1, but there are 3 choices"),
    ],
)
def test_what_a_document_can_have_wrong(write, change, sentence):
    columns = ("choices",) if "choices" in change else ("answer",)
    rows = [{key: value for key, value in ROWS[0].items() if key not in columns} | change]
    [finding] = check(write(rows, a="task: a\ninclude: _template\n")).errors
    assert sentence in finding.message


def test_what_may_be_meant_is_a_note(write):
    rows = [*ROWS, {"question": " ", "choices": ["a", "a", ""], "answer": 0}]
    verdict = check(write(rows, a="task: a\ninclude: _template\nnum_fewshot: 2\n"))
    assert verdict.errors == ()
    shown = " ".join(finding.message for finding in verdict.notes)
    for words in (
        "doc_to_text is empty (document 6)",
        "two choices are the same: 'a'",
        "a choice is empty",
        "its own examples",
    ):
        assert words in shown


def test_the_pool_must_be_large_enough(write):
    [finding] = check(write(a="task: a\ninclude: _template\nnum_fewshot: 7\n")).errors
    assert "a.yaml:3" in lines([finding])[0]
    assert "7 few-shot examples are asked for" in finding.message


def test_examples_are_rendered_too(write):
    text = 'task: a\ninclude: _template\nnum_fewshot: 1\nfewshot_config:\n  doc_to_text: "{{questoin}}"\n'
    [finding] = check(write(a=text)).errors
    assert lines([finding])[0].startswith("a.yaml:5: task 'a': fewshot_config.doc_to_text uses a variable")
    assert "(example 0 and 5 more documents)" in finding.message


def test_an_empty_continuation_has_nothing_to_score(write):
    rows = [{"question": "a", "word": " b"}, {"question": "c", "word": ""}]
    text = "task: a\ninclude: _template\noutput_type: loglikelihood\ndoc_to_choice: null\ndoc_to_target: word\n"
    [finding] = check(write(rows, a=text)).errors
    assert "doc_to_target is empty: there is nothing to score (document 1)." in finding.message


def test_process_docs_that_fails_or_leaves_nothing(write):
    folder = write(
        a="task: a\ninclude: _template\nprocess_docs: !function code.fails\n",
        b="task: b\ninclude: _template\nprocess_docs: !function code.empties\n",
        code_py="def fails(docs):\n    return docs['nothing']\n\ndef empties(docs):\n    return docs.select([])\n",
    )
    shown = lines(check(folder, run_code=True).errors)
    assert "a.yaml:3: task 'a': process_docs failed: ValueError: Column 'nothing' doesn't exist. (at" in shown[0]
    assert "code.py:2)" in shown[0]
    assert "b.yaml:3: task 'b': the split 'test' holds no document after process_docs." in shown[1]


@pytest.mark.parametrize(
    ("target", "size", "kind"),
    [
        (0, 2, None),
        (True, 2, None),
        (2, 2, "range"),
        (-1, 2, "range"),
        ("a", 2, None),
        ("A", 2, "choice"),
        ("1", 2, "choice"),
        (1.0, 2, "type"),
        (None, 2, "type"),
    ],
)
def test_targets(target, size, kind):
    found = wrong_target(target, ["a", "b", "c"][:size])
    assert (found and found[0]) == kind


def test_a_letter_is_told_how_to_become_a_number():
    _, _, hint = wrong_target("D", ["w", "x", "y", "z"]) or (None, None, None)
    assert hint == """Make a number of the letter: '{{ "ABCD".index(column) }}'."""


# -- what is asked for


def test_without_names_everything_under_the_include_paths_is_checked(write):
    folder = write(a="task: a\ninclude: _template\n", b="task: b\ninclude: _template\ndoc_to_txt: x\n")
    verdict = check(include_paths=[str(folder)], with_data=False)
    assert verdict.tasks == 2
    assert [finding.line for finding in verdict.errors] == [3]


def test_a_broken_file_beside_the_named_task_is_reported(write):
    folder = write(a="task: a\ninclude: _template\n", z="task: [\n")
    assert "z.yaml" in lines(check("a", include_paths=[str(folder)]).errors)[0]


def test_data_that_cannot_be_decoded_hide_no_other_error(write):
    own = TEMPLATE.replace("test.jsonl", "{}.jsonl")
    folder = write(a="task: a\n" + own.replace("{}", "old"), b="task: b\n" + own.replace("{}", "absent"))
    (folder / "old.jsonl").write_bytes('{"question": "Äpfel"}\n'.encode("cp1252"))
    said = " ".join(lines(check(folder).errors))
    assert "old.jsonl, line 1: the file is not UTF-8 text" in said
    assert "there is no file absent.jsonl" in said


def test_a_folder_with_nothing_but_a_broken_file_has_a_error(write):
    verdict = check(write(z="task: [\n"))
    assert (len(verdict.errors), verdict.tasks) == (1, 0)


@pytest.mark.parametrize(("names", "words"), [([], "There is nothing to check"), (["no_such_task"], "Tasks not found")])
def test_nothing_and_unknown_names_are_usage_errors(names, words):
    with pytest.raises(UsageError, match=words):
        check(*names)


def test_files_that_say_no_name_are_noted(write):
    folder = write(a="task: a\ninclude: _template\n", lost="doc_to_text: x\n")
    [note] = check(folder, with_data=False).notes
    assert "names neither a task nor a group" in note.message


# -- Python files


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(): ...", True),
        ("f = 1", True),
        ("f: int = 1", True),
        ("from os import path as f", True),
        ("try:\n    import f\nexcept ImportError:\n    f = None", True),
        ("if True:\n    class f: ...", True),
        ("(e, f) = 1, 2", True),
        ("from os import *", True),
        ("for n in 'fg':\n    globals()[n] = 1", True),
        ("def g():\n    f = 1", False),
        ("g = f", False),
    ],
)
def test_names_are_found_in_the_syntax(tmp_path, source, found):
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    assert (function_errors(Ref(str(tmp_path), "mine.f")) == []) is found


def test_functions_of_modules_that_are_installed_or_are_not(tmp_path):
    assert function_errors(Ref(str(tmp_path), "os.path.join")) == []
    assert "names no module" in function_errors(Ref(str(tmp_path), "join"))[0].message
    assert "there is no file" in function_errors(Ref(str(tmp_path), "no.such.join"))[0].message


def test_a_python_file_that_cannot_be_parsed_is_a_error_of_that_file(tmp_path):
    (tmp_path / "mine.py").write_text("def f(:\n", encoding="utf-8")
    [finding] = function_errors(Ref(str(tmp_path), "mine.f", str(tmp_path / "a.yaml"), 3))
    assert (Path(finding.file or "").name, finding.line) == ("mine.py", 1)


def test_packages_that_are_not_installed_are_noted(tmp_path):
    (tmp_path / "mine.py").write_text("import os\nimport no_such_package.x\nf = 1\n", encoding="utf-8")
    [note] = import_notes(Ref(str(tmp_path), "mine.f"))
    assert note.message == "imports 'no_such_package', which is not installed."
    assert note.line == 2


def errors_and_notes(folder, text):
    (folder / "mine.py").write_text(text + "\nf = 1\n", encoding="utf-8")
    ref = Ref(str(folder), "mine.f", str(folder / "a.yaml"), 3)
    return lines(function_errors(ref)), lines(import_notes(ref))


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("from lm_eval.utils import weighted_f1_score\nfrom lm_eval.api import metrics", []),
        ("import lm_eval.api.filter as g\nfrom lm_eval import utils, evaluate", []),
        ("try:\n    from lm_eval.nothing import x\nexcept ImportError:\n    x = 1", []),
        ("\nimport lm_eval.nothing", ["mine.py:2: imports 'lm_eval.nothing', which is not served by proctor."]),
        (
            "from lm_eval.utils import mak_table",
            ["mine.py:1: takes 'mak_table' from 'lm_eval.utils', which has no such name in proctor."],
        ),
        (
            "from lm_eval.tasks.nowhere.x import y",
            ["mine.py:1: imports 'lm_eval.tasks.nowhere.x', which is in no task folder that is known."],
        ),
    ],
)
def test_what_is_taken_from_lm_eval_is_looked_up(tmp_path, text, errors):
    assert errors_and_notes(tmp_path, text) == (errors, [])


def test_metrics_of_a_package_that_is_missing_are_noted(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.check.functions._installed", lambda name: name != "evaluate")
    text = "if 1: import evaluate\none = evaluate.load('bertscore')\ntwo = evaluate.load('accuracy')\n"
    note = "mine.py:2: loads the metric 'bertscore' of the package 'evaluate', which is not installed."
    assert errors_and_notes(tmp_path, text) == ([], [note])
    (tmp_path / "other").mkdir()
    assert errors_and_notes(tmp_path / "other", "from json import load\nload('bertscore')") == ([], [])


def test_names_that_the_tasks_python_registers_are_known(write):
    verdict = check(
        write(
            mine_py="""
                from lm_eval.api.registry import register_filter, register_metric
                @register_filter("grammar_of_mine")
                class Grammar: ...
                @register_metric(metric="measure_of_mine")
                def measure(items): ...
                def text(doc): return "x"
                """,
            mine="""
                task: mine
                include: _template
                output_type: generate_until
                doc_to_choice: null
                doc_to_text: !function mine.text
                filter_list: [{name: p, filter: [{function: grammar_of_mine}, {function: grammar_of_yours}]}]
                metric_list:
                  - {metric: measure_of_mine, aggregation: mean}
                  - {metric: measure_of_yours, aggregation: mean}
                """,
        ),
        with_data=False,
    )
    assert {finding.message.partition("'mine': ")[2] for finding in verdict.errors} == {
        "there is no metric named 'measure_of_yours'.",
        "there is no filter named 'grammar_of_yours'.",
    }


def test_images_are_no_error_of_a_task(write):
    folder = write(a="task: a\ninclude: _template\ndoc_to_image: question\n")
    assert check(folder).errors == ()


def test_a_class_is_asked_about_every_document(write):
    code = (
        "from types import SimpleNamespace\n"
        "class Mine:\n"
        "    def has_test_docs(self): return True\n"
        "    def test_docs(self): return [{'x': n} for n in range(5)]\n"
        "    def doc_to_target(self, doc): return 1 // (doc['x'] % 2 == 0)\n"
        "    def fewshot_context(self, doc, **kwargs): return 'x'\n"
        "    def construct_requests(self, doc, **kwargs):\n"
        "        return SimpleNamespace(request_type='loglikelihood', arguments=('a', 'b'), idx=0)\n"
    )
    verdict = check(write(a="task: a\nclass: !function code.Mine\n", code_py=code), run_code=True)
    [finding] = verdict.errors
    assert "ZeroDivisionError" in finding.message
    assert "(document 1 and 1 more document)" in finding.message
    assert verdict.documents == 5


def test_a_folder_that_leans_on_lm_evals_own_tasks_is_told_what_brings_them(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.tasks.stock.stock_roots", lambda: ())
    (tmp_path / "g.yaml").write_text("group: mine\ntask: [belebele_fra_Latn]\n")
    (tmp_path / "i.yaml").write_text("include: ../belebele/_default_template_yaml\ntask: included\n")
    (tmp_path / "f.yaml").write_text(
        "task: mine_too\ndataset_path: json\ntest_split: test\noutput_type: generate_until\n"
        "doc_to_text: !function u.f\nprocess_results: !function lm_eval.tasks.ifeval.utils.process_results\n"
    )
    (tmp_path / "u.py").write_text("from lm_eval.tasks.ifeval import utils\n\n\ndef f(doc):\n    return utils\n")
    verdict = validate([], [str(tmp_path)], with_data=False, progress=Quiet)
    hints = {Path(finding.file or "").name: finding.hint or "" for finding in verdict.errors}
    assert "'belebele_fra_Latn' is a task of lm-eval" in hints["g.yaml"]
    assert "copy the file from there, or put this folder beside it" in hints["i.yaml"]
    for name in ("f.yaml", "u.py"):
        assert "'lm_eval.tasks.ifeval' is a folder of lm-eval" in hints[name]
    assert all("proctor tasks get" in hint for hint in hints.values())
