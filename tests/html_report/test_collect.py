from __future__ import annotations

from report_pages import stored
from stored_runs import choice_line, text_line

from proctor.analysis.audit import audit_run
from proctor.html_report.cells import State
from proctor.html_report.collect import Collector
from proctor.html_report.spool import Spool


def collected(spool, *runs, by=None):
    collector = Collector(spool, by)
    for place, run in enumerate(runs):
        audit_run(run, None, collector.watch(place, run))
    return collector


def test_a_question_has_its_texts_once_and_a_cell_of_each_run(tmp_path):
    lines = [choice_line(i, [-0.1, -3.0, -4.0, -5.0], i % 2) for i in range(4)]
    runs = [stored(tmp_path, name, {"exam": lines}) for name in "ab"]
    with Spool() as spool:
        task = collected(spool, *runs).tasks["exam"]
        assert list(task.ids) == [0, 1, 2, 3]
        assert task.golds == [(0,), (1,), (0,), (1,)]
        assert task.labels == ("A", "B", "C", "D")
        assert [cell.state for cell in task.runs[1].cells if cell] == [State.RIGHT, State.WRONG] * 2
        question, options, document, prompt, target = spool.get(task.texts[2])
        assert (question, options, target) == ("Question 2?", ["one", "two", "three", "four"], None)
        assert '"answer": 0' in document
        assert prompt == "Question 2?\nAnswer:"
        assert not task.runs[1].extras


def test_questions_of_one_run_alone_are_absent_in_the_other(tmp_path):
    lines = [choice_line(i, [-0.1, -3.0, -4.0, -5.0], 0) for i in range(3)]
    with Spool() as spool:
        runs = (stored(tmp_path, "a", {"exam": lines[:2]}), stored(tmp_path, "b", {"exam": lines[1:]}))
        task = collected(spool, *runs).tasks["exam"]
        assert len(task) == 3
        assert [cell is None for cell in task.runs[1].cells] == [True, False, False]


def test_written_answers_and_other_prompts_are_a_run_s_own(tmp_path):
    lines = [text_line(0, "so 4", "4", 1.0), text_line(1, "hm", "[invalid]", 0.0)]
    changed = [
        {**line, "prompt_hash": "x", "arguments": {"gen_args_0": {"arg_0": "Other?", "arg_1": {}}}} for line in lines
    ]
    with Spool() as spool:
        runs = (stored(tmp_path, "a", {"sums": lines}), stored(tmp_path, "b", {"sums": changed}))
        task = collected(spool, *runs).tasks["sums"]
        assert [cell.state for cell in task.runs[0].cells if cell] == [State.RIGHT, State.UNREAD]
        assert spool.get(task.runs[0].extras[0]) == ["so 4", "4", None]
        assert spool.get(task.runs[1].extras[0]) == ["so 4", "4", "Other?"]
        assert spool.get(task.texts[0])[4] == "4"


def test_the_head_of_prompts_ends_where_questions_begin(tmp_path):
    lines = [choice_line(i, [-0.1, -3.0, -4.0, -5.0], 0, question=f"Which is {i}?") for i in range(3)]
    for line in lines:
        for request in line["arguments"].values():
            request["arg_0"] = f"Questions:\n\n{request['arg_0']}"
    with Spool() as spool:
        task = collected(spool, stored(tmp_path, "a", {"exam": lines})).tasks["exam"]
        assert task.runs[0].head == "Questions:\n\n"


def test_a_column_of_the_documents(tmp_path):
    lines = [choice_line(i, [-0.1, -3.0, -4.0, -5.0], 0, passage=f"p{i % 2}") for i in range(4)]
    with Spool() as spool:
        task = collected(spool, stored(tmp_path, "a", {"exam": lines}), by="passage").tasks["exam"]
        assert task.groups == ["p0", "p1", "p0", "p1"]


def test_files_without_hashes_are_paired_by_number(tmp_path):
    lines = [choice_line(i, [-0.1, -3.0, -4.0, -5.0], 0) for i in range(3)]
    old = [choice_line(i, [-0.1, -3.0, -4.0, -5.0], 0, style="old") for i in range(3)]
    with Spool() as spool:
        task = collected(spool, stored(tmp_path, "a", {"exam": lines}), stored(tmp_path, "b", {"exam": old})).tasks[
            "exam"
        ]
        assert len(task) == 3


def test_what_other_filters_read_stands_beside_what_the_main_one_did(tmp_path):
    lines = [text_line(i, "so 4", "[invalid]", 0.0) for i in range(3)]
    loose = [{**line, "filter": "taken", "filtered_resps": ["4"], "exact_match": 1.0} for line in lines[:2]]
    with Spool() as spool:
        task = collected(spool, stored(tmp_path, "a", {"sums": [*lines, *loose]})).tasks["sums"]
        column = task.runs[0]
        assert column.metrics == (("exact_match", "strict"), ("exact_match", "taken"))
        assert [cell.values for cell in column.cells if cell] == [(0.0, 1.0), (0.0, 1.0), (0.0, None)]
        assert [cell.state for cell in column.cells if cell] == [State.UNREAD] * 3
        assert spool.get(column.extras[0]) == ["so 4", "[invalid]", None, {"taken": "4"}]
        assert spool.get(column.extras[2]) == ["so 4", "[invalid]", None]


def test_a_measured_log_likelihood_is_a_number_and_no_answer(tmp_path):
    line = {**text_line(0, "-47.8642", "-47.8642", 0.0, name=None), "word_perplexity": [-47.8642, 7]}
    kinds = {"loglikelihood_rolling": [-47.8642, None, None], "generate_until": ["-47.8642", "-47.8642", None]}
    for kind, wanted in kinds.items():
        configs = {"tales": {"task": "tales", "output_type": kind}}
        run = stored(tmp_path, kind, {"tales": [line]}, configs=configs)
        with Spool() as spool:
            assert spool.get(collected(spool, run).tasks["tales"].runs[0].extras[0]) == wanted
