"""Validating: every error of every file, each once, at its line; with data every document too."""

from __future__ import annotations

from pathlib import Path

import pytest
from task_folders import TEMPLATE, check, lines

from proctor.errors import UsageError
from proctor.run.progress import Quiet
from proctor.validate import validate


def test_a_good_exam_has_no_error(write_tasks):
    verdict = check(write_tasks(sums="task: sums\ninclude: _template\n", exam="group: exam\ntask: [sums]\n"))
    assert (verdict.errors, verdict.notes) == ((), ())
    assert (verdict.tasks, verdict.groups, verdict.documents) == (1, 1, 6)


def test_all_errors_of_all_files_come_at_once_sorted_by_file_and_line(write_tasks):
    folder = write_tasks(
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


def test_a_error_of_a_shared_file_is_told_once(write_tasks):
    folder = write_tasks(**{name: f"task: {name}\ninclude: _shared\n" for name in "abcde"})
    (folder / "_shared").write_text(TEMPLATE + "doc_to_txt: x\n", encoding="utf-8")
    [finding] = check(folder, with_data=False).errors
    assert finding.message == "tasks 'a', 'b', 'c' and 2 more: there is no key 'doc_to_txt'."


def test_without_data_no_task_code_runs_and_no_data_is_read(write_tasks):
    folder = write_tasks(
        a="task: a\ninclude: _template\ndataset_path: no/such\nprocess_docs: !function code.process\n",
        code_py="raise SystemExit('this ran')\ndef process(docs):\n    return docs\n",
    )
    verdict = check(folder, with_data=False)
    assert verdict.errors == ()
    assert verdict.documents == 0


def test_without_names_everything_under_the_include_paths_is_checked(write_tasks):
    folder = write_tasks(a="task: a\ninclude: _template\n", b="task: b\ninclude: _template\ndoc_to_txt: x\n")
    verdict = check(include_paths=[str(folder)], with_data=False)
    assert verdict.tasks == 2
    assert [finding.line for finding in verdict.errors] == [3]


def test_a_broken_file_beside_the_named_task_is_reported(write_tasks):
    folder = write_tasks(a="task: a\ninclude: _template\n", z="task: [\n")
    assert "z.yaml" in lines(check("a", include_paths=[str(folder)]).errors)[0]


def test_data_that_cannot_be_decoded_hide_no_other_error(write_tasks):
    own = TEMPLATE.replace("test.jsonl", "{}.jsonl")
    folder = write_tasks(a="task: a\n" + own.replace("{}", "old"), b="task: b\n" + own.replace("{}", "absent"))
    (folder / "old.jsonl").write_bytes('{"question": "Äpfel"}\n'.encode("cp1252"))
    said = " ".join(lines(check(folder).errors))
    assert "old.jsonl, line 1: the file is not UTF-8 text" in said
    assert "there is no file absent.jsonl" in said


def test_a_folder_with_nothing_but_a_broken_file_has_a_error(write_tasks):
    verdict = check(write_tasks(z="task: [\n"))
    assert (len(verdict.errors), verdict.tasks) == (1, 0)


@pytest.mark.parametrize(("names", "words"), [([], "There is nothing to check"), (["no_such_task"], "Tasks not found")])
def test_nothing_and_unknown_names_are_usage_errors(names, words):
    with pytest.raises(UsageError, match=words):
        check(*names)


def test_files_that_say_no_name_are_noted(write_tasks):
    folder = write_tasks(a="task: a\ninclude: _template\n", lost="doc_to_text: x\n")
    [note] = check(folder, with_data=False).notes
    assert "names neither a task nor a group" in note.message


def test_images_are_no_error_of_a_task(write_tasks):
    folder = write_tasks(a="task: a\ninclude: _template\ndoc_to_image: question\n")
    assert check(folder).errors == ()


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
