"""Tasks that are Python classes: made, and asked for the requests of every document."""

from __future__ import annotations

from task_folders import check


def test_a_class_that_is_no_task_is_a_error_with_its_line(write_tasks):
    folder = write_tasks(a="task: a\nclass: !function code.Mine\n", code_py="class Mine: ...\n")
    assert check(folder).errors == ()
    [finding] = check(folder, run_code=True).errors
    assert (
        finding.message == "task 'a': its class failed: AttributeError: 'Mine' object has no attribute 'has_test_docs'."
    )
    assert (finding.file or "").endswith("a.yaml")
    assert finding.line == 2
    assert check(folder, with_data=False).errors == ()


def test_a_class_is_asked_about_every_document(write_tasks):
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
    verdict = check(write_tasks(a="task: a\nclass: !function code.Mine\n", code_py=code), run_code=True)
    [finding] = verdict.errors
    assert "ZeroDivisionError" in finding.message
    assert "(document 1 and 1 more document)" in finding.message
    assert verdict.documents == 5
