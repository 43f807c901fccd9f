from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from report_pages import Page, page_of, stored, unpacked
from stored_runs import right_and_wrong

from proctor.analysis.audit import audit_run
from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.wording import number
from proctor.errors import UsageError
from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report, write_report
from proctor.results.open_runs import open_runs

HOSTILE = "</script><img src=x onerror=alert(1)>\x00\ud800\u202e&amp;'\""


def test_the_same_input_gives_the_same_bytes(pair):
    assert make_report(pair, ReportOptions("en")) == make_report(pair, ReportOptions("en"))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_section_is_there(pair, language):
    page = page_of(*pair, language=language)
    assert [one["id"] for one in page.all("section")][:2] == ["scores", "compare"]
    assert page.all("section")[-1]["id"] == "about"
    assert len(page.all("h1")) == 1


def test_hostile_names_are_text(tmp_path):
    results = {"exam": {"alias": HOSTILE, "acc,none": 0.5, "acc_stderr,none": 0.1}}
    run = stored(tmp_path, "run", {"exam": "10"}, model_name=HOSTILE, results=results, system_instruction=HOSTILE)
    page = page_of(run)
    assert not page.all("img")
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_samples_are_not_needed(tmp_path):
    assert "0.5000" in page_of(stored(tmp_path, "bare", {"exam": "10"}, samples=[])).text


def test_a_file_is_written(tmp_path):
    assert write_report(tmp_path / "x.html", "가") == 3


def test_nothing_heavy_is_imported(tmp_path, run):
    program = (
        "import sys; from proctor.cli.main import main; "
        f"code = main(['report', {run.source!r}, '-o', {str(tmp_path / 'r.html')!r}]); "
        "print(code, [n for n in ('numpy', 'torch', 'datasets', 'transformers', 'jinja2') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert Page((tmp_path / "r.html").read_text(encoding="utf-8")).all("h1")


def test_no_run_is_an_error():
    with pytest.raises(UsageError):
        make_report([])


def test_a_report_of_files_that_lm_eval_0_4_13_wrote_has_its_figures():
    """The archive holds two runs of real models on six documents a task, as the real program wrote them."""
    archive = Path(__file__).parents[1] / "results" / "lm_eval_0_4_13.tar.gz"
    for run in open_runs([archive]).runs:
        text = make_report([run], ReportOptions("en"))
        rows = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr.*?(?=<tr|</tbody)", text, re.DOTALL)]
        for task in run.tasks:
            (metric, _), score = next(iter(run.scores(task).items()))
            shown = [row for row in rows if f" {run.alias(task)} " in row and f" {number(score)} " in row]
            assert shown, (task, metric, score)
        audit = audit_run(run)
        reported = {(task, *metric): score for task in run.tasks for metric, score in run.scores(task).items()}
        audited = {(task.task, *one.metric): one.score for task in audit.tasks for one in task.scores}
        assert audited == pytest.approx(reported)
        page = Page(text)
        info = json.loads(unpacked(re.findall(r'id="d-info">(.*?)</script>', text)[0]))
        assert [(task["name"], task["n"]) for task in info["tasks"]] == [(task, 6) for task in run.tasks]
        assert len(page.all("h1")) == 1


def test_a_report_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    file = tmp_path / "r.html"
    assert write_report(file, "가") == 3

    def full(self, data):
        with open(self, "wb") as opened:
            opened.write(bytes(data)[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(file, "나")
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    assert file.read_text(encoding="utf-8") == "가"


def test_a_comparison_that_was_made_is_what_the_page_is_about(tmp_path):
    def run(name, pattern):
        lines = [{**line, "acc_norm": 1.0 - line["acc"], "metrics": ["acc", "acc_norm"]}
                 for line in right_and_wrong(pattern)]  # fmt: skip
        return stored(tmp_path, name, {"one": lines, "exam_two": "10" * 10})

    runs = [run("a", "1" * 30), run("b", "0" * 30)]
    comparison = compare_runs(runs, CompareOptions(metric="acc_norm", tasks=("one",), margin=0.02))
    page = make_report(comparison.runs, ReportOptions("en"), comparison=comparison)
    text = Page(page).text
    assert "R2 is better than R1 on one by 100.0 points" in text
    assert "exam_two" not in page.split("<section id=scores ")[1].split("<section id=about ")[0]
    assert "R2 is worse than R1 on one by 100.0 points" in Page(make_report(runs, ReportOptions("en"))).text
