"""Reports in every state that they can be in, in browsers: odd exams, hostile texts, no colours; kept as pictures."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from browser_pages import BROWSERS, READY, Opened, opened_browser
from report_pages import stored
from stored_runs import choice_line, right_and_wrong, text_line

from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report
from proctor.results.open_runs import open_runs

pytestmark = pytest.mark.browser

KEPT = os.environ.get("PROCTOR_SCREENSHOTS")
"""A folder for the pictures, to be looked at before a release; without it they go with the test's folder."""
HURT = "</script><img src=x onerror=\"document.title='hurt'\">\ud800\x00\u202e"


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request):
    with opened_browser(request.param) as opened:
        yield opened


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def open_page(runs, address: str = "", options: dict | None = None, **more) -> Opened:
        file = tmp_path / f"{len(pages)}.html"
        text = make_report(runs, ReportOptions(**{"language": "en", "max_size": 50_000_000, **(options or {})}))
        file.write_text(text, encoding="utf-8", errors="strict")
        pages.append(Opened(browser, file, address, **more))
        return pages[-1]

    yield open_page
    for one in pages:
        one.close()


def only_in_chromium(browser, what: str) -> None:
    if browser.browser_type.name != "chromium":
        pytest.skip(f"it is Chromium that {what}")


def run_of(folder: Path, name: str, share: float = 0.6, **more):
    source = random.Random(name)
    one, two = ("".join("01"[source.random() < share] for _ in range(60)) for _ in range(2))
    written = [text_line(0, "so 4, I think", "4", 1.0), text_line(1, "<think>hm</think> none", "[invalid]", 0.0)]
    tasks = {"exam_one": right_and_wrong(one), "exam_two": right_and_wrong(two), "sums": written}
    return stored(folder, name, tasks, group_subtasks={"exam": ["exam_one", "exam_two"]}, **more)


def one_question(folder):
    return [stored(folder, "one", {"t": right_and_wrong("1")})]


def no_question(folder):
    return [stored(folder, "none", {"t": []})]


def without_samples(folder):
    return [stored(folder, "bare", {"t": "10"}, samples=[]), stored(folder, "other", {"t": "10"})]


def a_thousand_tasks(folder):
    tasks = {f"t{i:04}": right_and_wrong("10") for i in range(1000)}
    return [stored(folder, "many", tasks, group_subtasks={"g": list(tasks)})]


def right_to_left(folder):
    return [stored(folder, "rtl", {"t": [choice_line(0, [-1.0, -2.0, -3.0, -4.0], 0, question="ما هي عاصمة مصر؟")]})]


@pytest.mark.parametrize("width", [360, 720])
@pytest.mark.parametrize(
    ("exam", "count"),
    [(one_question, 1), (no_question, None), (without_samples, 2), (a_thousand_tasks, 2000), (right_to_left, 1)],
)
def test_an_exam_of_any_size_is_shown_and_never_scrolls_sideways(opened, tmp_path, exam, count, width):
    # 720 pixels are 1440 at 200 % zoom.
    found = opened(exam(tmp_path), viewport={"width": width, "height": 800}, device_scale_factor=1440 // width / 2)
    if count is None:
        assert found.page.locator("#questions").count() == 0
        assert "There is no score to show" in found.page.locator("main").inner_text()
    else:
        assert found.count() == count
        found.page.locator("#q-list [data-at='0']").click()
        found.page.locator("#q-pane h3").wait_for()
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.errors == []


def test_of_more_than_sixty_rows_groups_start_closed(opened, tmp_path):
    page = opened(a_thousand_tasks(tmp_path)).ready()
    assert page.locator(".tree tbody tr:visible").count() == 1
    page.locator(".tree .fold").first.check()
    assert page.locator(".tree tbody tr:visible").count() == 1001


def test_what_is_read_from_right_to_left_stands_so_and_has_its_language(opened, tmp_path):
    page = opened(right_to_left(tmp_path), "#q=t/0").ready()
    question = page.locator("#q-pane .question")
    question.wait_for()
    assert question.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert question.get_attribute("lang") == "ar"


def test_hostile_names_and_texts_of_every_kind_do_nothing(opened, tmp_path):
    line = choice_line(0, [-1.0, -2.0, -3.0, -4.0], 0)
    line["doc"] |= {"question": f"q {HURT}", "choices": [HURT, "b", "c", "d"], HURT: HURT}
    written = {**text_line(0, f"a {HURT} b", HURT, 1.0), "filter": HURT}
    stamp, folder = "2026-01-02T03-04-05.678901", tmp_path / "run"
    folder.mkdir()
    # Files hold lone surrogates as escapes, as proctor and lm-eval write them.
    for task, one in (("exam", {**line, "doc_hash": HURT}), ("sums", written)):
        (folder / f"samples_{task}_{stamp}.jsonl").write_text(json.dumps(one) + "\n", encoding="utf-8")
    results = {"exam": {"alias": HURT, "acc,none": 1.0}, "sums": {"alias": HURT, f"exact_match,{HURT}": 1.0}}
    document = {
        "results": results, "config": {"model": HURT, "model_args": {HURT: HURT}}, "model_name": HURT, "date": HURT,
        "configs": {task: {"task": HURT, "doc_to_text": HURT} for task in results}, "chat_template": HURT,
        "group_subtasks": {HURT: list(results)}, "system_instruction": HURT,
    }  # fmt: skip
    (folder / f"results_{stamp}.json").write_text(json.dumps(document), encoding="utf-8")
    found = opened(open_runs([folder]).runs, "#q=exam/0", {"by": "question", "canary": "<img>"})
    page = found.ready()
    for key in ("exam/0", "sums/0"):
        page.locator(f"#q-list [data-key='{key}']").click()
        page.locator(f"#questions[data-open='{key}']").wait_for()
        for summary in page.locator("#q-pane summary:visible").all():
            summary.click()
    assert page.title() != "hurt"
    assert page.locator("img").count() == 0
    assert (found.errors, found.left()) == ([], [])


def test_forward_goes_where_back_came_from(opened, tmp_path):
    page = opened([run_of(tmp_path, "a")], "#q=exam_one/3").ready()
    page.locator("#questions[data-open='exam_one/3']").wait_for()
    page.locator("#q-list [data-key='exam_one/4']").click()
    page.locator("#questions[data-open='exam_one/4']").wait_for()
    page.go_back()
    page.locator("#questions[data-open='exam_one/3']").wait_for()
    page.go_forward()
    page.locator("#questions[data-open='exam_one/4']").wait_for()


def test_only_a_question_that_can_be_left_out_can_be_flagged(opened, tmp_path):
    run = run_of(tmp_path, "a")
    bare = opened([run], "#q=exam_one/3", {"without": ("questions",)}).ready()
    bare.locator("#q-pane h3").wait_for()
    assert "not in this file" in bare.locator("#q-pane").inner_text()
    assert bare.locator(".flagging").count() == 0
    whole = opened([run], "#q=exam_one/3").ready()
    whole.locator("#q-pane .flagging button").first.wait_for()


def test_controls_are_reached_by_tab_and_show_where_the_reader_is(opened, tmp_path):
    page = opened([run_of(tmp_path, "a"), run_of(tmp_path, "b")], "#q=exam_one/3").ready()
    page.locator("#q-pane h3").wait_for()
    wanted = {"theme", "q-search", "q-task", "q-run", "q-picked", "q-sort", "q-down", "q-csv", "q-flags", "q-help",
              "q-list", "q-pane"}  # fmt: skip
    reached, outlines = set[str](), set[str]()
    page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    for _ in range(120):
        page.keyboard.press("Tab")
        name, outline = page.evaluate("""() => {
            const { id } = document.activeElement, style = getComputedStyle(document.activeElement);
            return [id, style.outlineStyle];
        }""")
        reached.add(name)
        if name in wanted:
            outlines.add(outline)
        if wanted <= reached:
            break
    assert wanted <= reached
    assert "none" not in outlines


def test_the_two_runs_that_are_compared_are_chosen_by_keys_and_stand_in_the_address(opened, tmp_path):
    runs = [run_of(tmp_path, name) for name in "abcdef"]
    found = opened(runs, "#f=only_a")
    page = found.ready()
    first, second = page.locator("#q-pair-first"), page.locator("#q-pair-second")
    heads = page.locator("#q-head .run")
    assert (first.input_value(), second.input_value()) == ("R1", "R2")
    assert heads.all_inner_texts() == ["R1", "R2", "R3", "R4"]
    second.focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.locator("#q-toggles [aria-pressed=true]", has_text="R1 right, R6 not").wait_for()
    assert page.url.endswith("#f=only_a&pair=R1,R6")
    # A run that is compared has a column in the list.
    assert heads.all_inner_texts() == ["R1", "R2", "R3", "R6"]
    a, b = runs[0], runs[5]
    pairs = [pair for task in a.tasks for pair in zip(a.samples(task), b.samples(task), strict=True)]
    right = [[next(iter(sample.metrics.values())) == 1 for sample in pair] for pair in pairs]
    assert found.count() == sum(one and not other for one, other in right)
    # A run is not compared with itself.
    first.select_option("R6")
    page.locator("#q-toggles [aria-pressed=true]", has_text="R6 right, R1 not").wait_for()
    assert second.input_value() == "R1"
    assert found.count() == sum(other and not one for one, other in right)
    page.reload()
    page.locator(READY).wait_for()
    assert (first.input_value(), second.input_value()) == ("R6", "R1")
    page.locator(".chip", has_text="R6 – R1").click()
    page.locator("#q-toggles [aria-pressed=true]", has_text="R1 right, R2 not").wait_for()
    assert page.url.endswith("#f=only_a")
    assert found.errors == []


@pytest.mark.parametrize("pair", ["R1,R9", "R2,R2", "R2", "A,B", "R1,R2,R3", "-1,0"])
def test_a_pair_of_runs_that_is_none_is_the_first_two(opened, tmp_path, pair):
    found = opened([run_of(tmp_path, name) for name in "abc"], f"#pair={pair}", {"language": "ko"})
    page = found.ready()
    assert page.locator("#q-toggles button", has_text="R1 맞음, R2 틀림").count() == 1
    assert page.locator("#q-chips .chip").count() == 0
    assert found.errors == []


def test_of_one_run_or_two_none_is_chosen(opened, tmp_path):
    runs = [run_of(tmp_path, name) for name in "ab"]
    page = opened(runs).ready()
    assert not page.locator("#q-pair").is_visible()
    assert page.locator("#q-toggles button", has_text="Only R2 right").count() == 1
    found = opened(runs[:1], "#f=only_a,flipped&o=difference&pair=R1,R2")
    assert found.count() == 0
    assert found.errors == []


def test_runs_are_not_called_as_options_are(opened, tmp_path):
    page = opened([run_of(tmp_path, name) for name in "ab"], "#q=exam_one/3").ready()
    page.locator("#q-pane .options").wait_for()
    options = set(page.locator("#q-pane .letter").all_inner_texts())
    runs = {text.strip() for text in page.locator("#q-pane .run-number, #q-pane .run-label").all_inner_texts()}
    assert options == {"A", "B", "C", "D"}
    assert runs == {"R1", "R2"}
    assert "picked by R1" in page.locator("#q-pane .options").inner_text()


@pytest.mark.parametrize("deficiency", ["achromatopsia", "deuteranopia"])
def test_without_colours_marks_still_tell(browser, opened, tmp_path, deficiency):
    only_in_chromium(browser, "shows pages as those see them who see no colours")
    runs = [run_of(tmp_path, name, share) for name, share in (("a", 0.9), ("b", 0.3), ("c", 0.31))]
    found = opened(runs, "#q=exam_one/0")
    page = found.ready()
    session = found.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
    page.locator("#q-pane h3").wait_for()
    page.screenshot(path=str(tmp_path / f"{deficiency}.png"), full_page=True)
    # Right and wrong: a symbol and a word; of the open question the right answer in bold, too.
    marks = {tuple(one.split()) for one in page.locator("#q-list .sym").all_inner_texts()}
    assert {("✓", "right"), ("✗", "wrong")} <= marks
    assert "right answer" in page.locator("#q-pane li.gold .is-gold").inner_text()
    assert int(page.locator("#q-pane li.gold .option-text").evaluate("n => getComputedStyle(n).fontWeight")) >= 600
    # Runs: a shape each, the same in table and plot.
    shapes = page.evaluate(
        "[0, 1, 2].map((run) => document.querySelector(`#m${run} path, path#m${run}`).getAttribute('d'))"
    )
    assert len(set(shapes)) == 3
    assert {"R1", "R2", "R3"} <= set(page.locator(".legend").first.inner_text().split())
    # Better, worse and not resolved: a sign with its word or number, and hatching.
    cells = page.locator(".matrix").first.locator("td.cell")
    assert any("▲" in text for text in cells.all_inner_texts())
    assert any("▼" in text for text in cells.all_inner_texts())
    hatched = page.locator(".matrix td.unresolved").first.evaluate("n => getComputedStyle(n).backgroundImage")
    assert "gradient" in hatched
    assert not page.locator(".matrix td.better, .matrix td.worse").first.evaluate(
        "n => getComputedStyle(n).backgroundImage.includes('repeating')"
    )


WIDE, NARROW = {"viewport": {"width": 1440, "height": 900}}, {"viewport": {"width": 360, "height": 800}}
STATES = {
    "two-runs-light": (2, "", {}, WIDE),
    "question-dark": (2, "#f=disagree&q=exam_one/3", {}, {**WIDE, "color_scheme": "dark"}),
    "three-runs-768": (3, "#compare", {}, {"viewport": {"width": 768, "height": 1000}}),
    "korean-360": (2, "#q=sums/1", {"language": "ko"}, NARROW),
    "without-texts": (1, "#questions", {"without": ("questions", "prompts", "answers")}, WIDE),
    "no-script": (1, "", {}, {**WIDE, "java_script_enabled": False}),
}


@pytest.mark.parametrize("state", STATES)
def test_pictures_of_six_states(browser, opened, tmp_path, state):
    only_in_chromium(browser, "makes the pictures that are looked at")
    count, address, options, more = STATES[state]
    runs = [run_of(tmp_path, name) for name in "abc"[:count]]
    found = opened(runs, address, options, reduced_motion="reduce", **more)
    if more.get("java_script_enabled", True):
        found.page.locator(READY).wait_for()
        if "q=" in address:
            found.page.locator("#q-pane h3").wait_for()
        found.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    folder = Path(KEPT) if KEPT else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"report-{state}.png"
    found.page.screenshot(path=str(picture), full_page="q=" not in address)
    assert picture.stat().st_size > 10_000
    assert found.errors == []
