"""A report in Chromium and Firefox: VIEW's list of what a reader must be able to do, done."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from browser_pages import BROWSERS, READY, Opened, needs_more_than_bidi, opened_browser
from report_pages import stored
from stored_runs import choice_line, text_line

from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report

pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=x onerror=\"document.title='hurt'\"><b>\x00\u202e&amp;<!--'\""
KOREAN = "대한민국의 수도는 서울이다"


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request):
    with opened_browser(request.param) as opened:
        yield opened


def lines_of(seed: int, count: int = 60) -> list[dict]:
    source, found = random.Random(seed), []
    for i in range(count):
        lls = [-source.random() * 6 for _ in range(4)]
        question = f"Question {i} of {['Seoul', KOREAN, 'the enzyme'][i % 3]}\nSecond line."
        found.append(choice_line(i, lls, i % 4, question=question, texts=(f"one {i}", "two", "three", "four")))
    return found


def write(folder: Path, *runs, name: str = "page.html", language: str = "en", **options) -> Path:
    file = folder / name
    text = make_report(runs, ReportOptions(language, **options))
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    written = [text_line(0, "so 4, I think", "4", 1.0), text_line(1, "<think>hm</think> none", "[invalid]", 0.0)]
    tasks = {"exam_one": lines_of(1), "exam_two": lines_of(2, 40), "sums": written}
    other = {"exam_one": lines_of(3), "exam_two": lines_of(4, 40), "sums": written}
    group = {"group_subtasks": {"exam": ["exam_one", "exam_two"]}}
    return stored(folder, "small", tasks, **group), stored(folder, "large", other, **group)


@pytest.fixture(scope="module")
def file(runs, tmp_path_factory):
    return write(tmp_path_factory.mktemp("page"), *runs)


@pytest.fixture
def opened(browser, file):
    pages = []

    def open_page(address: str = "", page: Path = file, **options) -> Opened:
        pages.append(Opened(browser, page, address, **options))
        return pages[-1]

    yield open_page
    for one in pages:
        one.close()


def test_nothing_leaves_and_nothing_is_wrong(opened):
    found = opened()
    page = found.ready()
    page.locator("#q-search").fill("seoul")
    page.locator(".chip").first.wait_for()
    page.locator(READY).wait_for()
    page.locator("#q-list [data-at='0']").click()
    page.locator("#q-pane .question").wait_for()
    assert found.left() == []
    assert found.errors == []


def test_filters_and_orders_are_those_of_python(opened, runs):
    names = ("exam_one", "exam_two")
    rows = [(task, pair) for task in names for pair in zip(*(run.samples(task) for run in runs), strict=True)]
    source = random.Random(5)
    for _ in range(25):
        chosen = source.sample(["wrong", "right", "disagree", "only_a", "only_b"], source.randint(1, 2))
        task = source.choice(["exam", "exam_one", "exam_two"])
        run, word = source.choice(["R1", "R2"]), source.choice(["", "", "enzyme", "서울", '"of Seoul"'])
        wanted = [
            f"{name}/{pair[0].doc_id}" for name, pair in rows if fits(name, pair, chosen, task, int(run[1]) - 1, word)
        ]
        found = opened(f"#f={','.join(chosen)}&t={task}&run={run}&s={word}")
        assert found.count() == len(wanted)
        assert found.shown()[:15] == wanted[: min(15, len(found.shown()))]
        found.close()


def fits(name, pair, chosen, task, run, word) -> bool:
    right = [sample.metrics["acc"] == 1 for sample in pair]
    states = {"right": right[run], "wrong": not right[run]}
    named = [one for one in chosen if one in states]
    text = pair[0].line["doc"]["question"].lower()
    return (
        task in ("exam", name)
        and (not named or any(states[one] for one in named))
        and ("disagree" not in chosen or right[0] != right[1])
        and ("only_a" not in chosen or (right[0] and not right[1]))
        and ("only_b" not in chosen or (right[1] and not right[0]))
        and word.strip('"').lower() in text
    )


def test_order_by_the_lead_of_the_pick(opened, runs):
    def margin(sample):
        values = sorted((float(one[0][0]) for one in sample.line["resps"]), reverse=True)
        return values[0] - values[1]

    found = opened("#t=exam_one&o=margin-")
    found.ready()
    leads = {f"exam_one/{sample.doc_id}": margin(sample) for sample in runs[0].samples("exam_one")}
    shown = [leads[key] for key in found.shown()]
    assert all(first >= second - 0.06 for first, second in itertools.pairwise(shown))


def test_links_open_the_same_view_and_back_goes_back(opened):
    found = opened("#q=exam_two/7")
    page = found.ready()
    page.locator("#questions[data-open='exam_two/7']").wait_for()
    assert "Question 7 of" in page.locator("#q-pane .question").inner_text()
    page.locator("#q-list [data-key='exam_two/8']").click()
    page.locator("#questions[data-open='exam_two/8']").wait_for()
    assert page.url.endswith("#q=exam_two/8")
    page.go_back()
    page.locator("#questions[data-open='exam_two/7']").wait_for()
    page.reload()
    page.locator("#questions[data-open='exam_two/7']").wait_for()


def test_a_row_that_is_drawn_anew_while_the_button_is_pressed_is_opened_all_the_same(opened):
    found = opened("#q=exam_two/7")
    page = found.ready()
    page.locator("#questions[data-open='exam_two/7']").wait_for()
    page.locator("#q-list [data-key='exam_two/8']").scroll_into_view_if_needed()
    box = page.locator("#q-list [data-key='exam_two/8']").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 10)
    page.mouse.down()
    # What a text that arrives does: it makes all rows anew.
    page.locator("#q-list").evaluate("node => node.dispatchEvent(new Event('scroll'))")
    page.wait_for_timeout(200)
    page.mouse.up()
    page.locator("#questions[data-open='exam_two/8']").wait_for()


def test_a_link_by_hash_and_one_to_nothing(opened, runs):
    sample = next(iter(runs[0].samples("exam_one")))
    found = opened(f"#q=exam_one/@{sample.line['doc_hash'][:6]}")
    found.page.locator("#questions[data-open='exam_one/0']").wait_for()
    absent = opened("#q=exam_one/999")
    absent.ready()
    assert "There is no question exam_one/999" in absent.page.locator("#q-missing").inner_text()


def test_a_link_by_a_column_that_the_page_has_not_finds_nothing(opened):
    found = opened("#by=easy")
    found.ready()
    assert found.count() == 0


def test_keys_alone_reach_the_third_disagreement(opened):
    found = opened(permissions=["clipboard-read", "clipboard-write"])
    page = found.ready()
    for key in ("d", "j", "j", "j", "Enter"):
        page.keyboard.press(key)
    page.locator("#q-pane .question").wait_for()
    assert page.locator("#q-list .current").get_attribute("data-at") == "2"
    wanted = page.locator("#q-list .current").get_attribute("data-key")
    page.keyboard.press("c")
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"#q={wanted}")
    page.keyboard.press("Escape")
    page.locator("#q-pane").wait_for(state="hidden")
    page.keyboard.press("/")
    page.keyboard.type("enzyme")
    page.locator(".chip", has_text="enzyme").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#q-dialog").is_visible()


def test_keys_can_be_switched_off(opened):
    page = opened().ready()
    page.keyboard.press("?")
    page.locator("#q-keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    assert page.locator("#q-toggles [aria-pressed=true]").count() == 0


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_readers_of_screens_find_nothing_wrong(opened, runs, tmp_path, language, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    options = {"color_scheme": scheme} if scheme != "print" else {}
    page = opened("#q=exam_one/3", write(tmp_path, *runs, language=language), **options).ready()
    page.locator("#q-pane .question").wait_for()
    if scheme == "print":
        page.emulate_media(media="print")
    found = axe.Axe().run(page)
    problems = [(one["id"], [node["html"][:150] for node in one["nodes"][:3]]) for one in found.response["violations"]]
    assert not problems, json.dumps(problems)


def test_right_and_wrong_are_told_by_shape_and_word(opened):
    page = opened("#t=exam_one").ready()
    shown = page.locator("#q-list .sym").all_inner_texts()
    assert {text.split()[0] for text in shown} >= {"✓", "✗"}
    assert any("right" in text for text in shown)


def test_hostile_texts_are_shown_and_do_nothing(opened, tmp_path):
    line = choice_line(0, [-1.0, -2.0, -3.0, -4.0], 0, question=f"Ask {HOSTILE}", texts=(HOSTILE, "b", "c", "d"))
    results = {"exam": {"alias": HOSTILE, "acc,none": 1.0, "acc_stderr,none": 0.0}}
    written = text_line(0, f"answer {HOSTILE} end", HOSTILE, 0.0)
    run = stored(tmp_path, "run", {"exam": [line], "sums": [written]}, model_name=HOSTILE,
                 results={**results, "sums": {"alias": "sums", "exact_match,strict": 0.0}})  # fmt: skip
    found = opened("#q=exam/0", write(tmp_path, run, by="question"))
    page = found.ready()
    shown = page.locator("#q-pane .question").inner_text()
    assert "</script><img src=x onerror=" in shown
    page.locator("#q-list [data-key='sums/0']").click()
    page.locator("#questions[data-open='sums/0']").wait_for()
    assert "<b>" in page.locator("#q-pane mark").inner_text()
    for summary in page.locator("#q-pane summary").all():
        summary.click()
    assert page.title() != "hurt"
    assert page.locator("img").count() == 0
    assert found.errors == []
    assert found.left() == []


def test_what_was_read_is_marked_in_what_was_written(opened):
    page = opened("#q=sums/0").ready()
    assert page.locator("#q-pane mark").first.inner_text() == "4"
    other = opened("#q=sums/1").ready()
    assert "Thinking" in other.locator("#q-pane summary").first.inner_text()
    assert "not read" in other.locator("#q-pane .response .read").first.inner_text()


def test_prompt_document_and_invisible_letters(opened):
    page = opened("#q=exam_one/4").ready()
    page.locator("#q-pane .prompt summary").first.click()
    page.locator("#q-pane .prompt pre").first.wait_for()
    assert page.locator("#q-pane .prompt pre").first.inner_text().endswith("Second line.\nAnswer:")
    page.locator("#q-pane summary", has_text="Document").click()
    assert '"passage": "p"' in page.locator("#q-pane details[open] pre").last.inner_text()
    page.locator("#q-pane button", has_text="¶").click()
    assert "·" in page.locator("#q-pane .question").inner_text()


def test_flags_are_lines_that_exclude_reads(browser, opened, runs, tmp_path):
    needs_more_than_bidi(browser, "downloads")
    page = opened("#q=exam_one/5").ready()
    page.locator(".flagging button", has_text="Wrong key").click()
    page.locator(".flagging button[aria-pressed=true]").wait_for()
    with page.expect_download() as waiting:
        page.locator("#q-flags").click()
    (line,) = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["task"] == "exam_one"
    assert json.loads(line)["flag"] == "bad_key"


def test_the_whole_hash_of_a_document_is_found(browser, opened, tmp_path):
    needs_more_than_bidi(browser, "downloads")
    from large_exam import write_large_run

    from proctor.results.open_runs import open_runs

    (run,) = open_runs([write_large_run(tmp_path / "x", "x", 1.0, documents=20, tasks=2)]).runs
    page = opened("#q=mmlu_subject_01/3", write(tmp_path, run)).ready()
    page.locator(".flagging button", has_text="Unclear").click()
    page.locator(".flagging button[aria-pressed=true]").wait_for()
    with page.expect_download() as waiting:
        page.locator("#q-flags").click()
    flag = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    sample = next(one for one in run.samples("mmlu_subject_01") if one.doc_id == 3)
    assert flag["doc_hash"] == sample.line["doc_hash"]
    (tmp_path / "flags.jsonl").write_text(json.dumps(flag) + "\n", encoding="utf-8")
    assert "names 1 question" in make_report([run], ReportOptions("en", exclude=str(tmp_path / "flags.jsonl")))


def test_csv_has_the_questions_of_the_view(browser, opened):
    needs_more_than_bidi(browser, "downloads")
    found = opened("#f=wrong&t=exam_two")
    page = found.ready()
    with page.expect_download() as waiting:
        page.locator("#q-csv").click()
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").split("\r\n")
    assert lines[0].startswith("task,doc_id,doc_hash,gold,state_R1,picked_R1,p_R1,state_R2")
    assert len(lines) == found.count() + 1 or '"' in "".join(lines)


@pytest.mark.parametrize(("width", "language"), [(360, "en"), (360, "ko"), (720, "en"), (1440, "en")])
def test_the_page_never_scrolls_sideways(opened, runs, tmp_path, width, language):
    page = opened("#q=exam_one/3", write(tmp_path, *runs, language=language), viewport={"width": width, "height": 800})
    page.ready().locator("#q-pane .question").wait_for()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_a_question_that_is_opened_is_in_sight(opened, runs, tmp_path):
    """It stands below the list there."""
    seen = "() => document.querySelector('#q-pane .question')?.getBoundingClientRect().top < innerHeight"
    phone = {"viewport": {"width": 360, "height": 700}}
    opened("#q=exam_one/3", write(tmp_path, *runs), **phone).ready().wait_for_function(seen)
    page = opened("", write(tmp_path, *runs), **phone).ready()
    page.locator("#q-list [data-at='2']").click()
    page.wait_for_function(seen)
    page.locator("#q-pane .buttons button").last.click()
    page.wait_for_function("() => document.querySelector('#q-list').getBoundingClientRect().top < innerHeight / 2")


def test_the_list_of_a_small_exam_is_no_higher_than_its_rows(opened, tmp_path):
    page = opened("", write(tmp_path, stored(tmp_path, "run", {"t": "101010101010"}))).ready()
    height, rows = page.evaluate("[...document.querySelectorAll('#q-list, #q-list .space')].map((n) => n.offsetHeight)")
    assert rows == 12 * 32
    assert rows <= height <= rows + 2
    page.locator("#q-toggles button").first.click()
    page.locator("#questions[data-count='6']").wait_for()
    assert page.evaluate("document.querySelector('#q-list').offsetHeight") == height


def test_odd_exams_are_shown(opened, tmp_path):
    many = tuple(f"option {i}" for i in range(20))
    tasks = {
        "rtl": [choice_line(0, [-1.0, -2.0, -3.0, -4.0], 0, question="ما هي عاصمة مصر؟")],
        "long": [text_line(0, "x" * 1_000_000, "x", 1.0)],
        "twenty": [choice_line(0, [-float(i + 1) for i in range(20)], 19, options=many, texts=many)],
        **{f"t{i:03}": "1" for i in range(300)},
    }
    runs = [stored(tmp_path, f"r{i}", tasks if i < 2 else {"rtl": tasks["rtl"]}) for i in range(12)]
    found = opened("#q=long/0", write(tmp_path, *runs, max_size=50_000_000), viewport={"width": 360, "height": 700})
    page = found.ready()
    page.locator("#q-pane .response pre").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("location.hash = '#q=twenty/0'")
    page.locator("#questions[data-open='twenty/0']").wait_for()
    assert page.locator("#q-pane .options li").count() == 20
    assert page.locator("#q-pane li.gold .letter").inner_text() == "T"
    assert found.errors == []


def test_without_javascript_scores_and_plots_are_there(browser, opened):
    needs_more_than_bidi(browser, "pages without scripts")
    page = opened(java_script_enabled=False).page
    assert page.locator(".tree .plot svg").first.is_visible()
    assert page.locator("noscript").count() == 1
    assert not page.locator("#q-tools").is_visible()


def test_paper_is_light_and_has_the_questions_of_the_view(browser, opened, tmp_path):
    needs_more_than_bidi(browser, "pages on paper")
    found = opened("#f=wrong", color_scheme="dark")
    page = found.ready()
    page.emulate_media(media="print")
    page.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    assert page.locator("#q-print tbody tr").count() == min(200, found.count())
    assert "questions of this view" in page.locator("#q-print .note").inner_text()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("#q-tools").is_visible()
    pages = (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n")
    assert 2 <= pages <= 20


def test_the_theme_is_switched_and_stays(opened):
    page = opened().ready()
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    page.locator(READY).wait_for()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_tables_sort_by_a_click_on_their_heads(opened):
    page = opened().ready()
    head = page.locator("table.tree thead th").nth(1)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = [float(text.split()[0]) for text in page.locator("table.tree tbody tr td:nth-child(2)").all_inner_texts()]
    assert values == sorted(values, reverse=True)


@pytest.mark.slow
def test_a_page_of_14_042_questions_keeps_its_budget(browser, opened, tmp_path):
    from large_exam import write_large_run

    from proctor.results.open_runs import open_runs

    runs = open_runs([write_large_run(tmp_path / name, name, skill) for name, skill in (("a", 1.3), ("b", 1.25))]).runs
    one = write(tmp_path, runs[0], name="one.html", max_size=50_000_000)
    two = write(tmp_path, *runs, name="two.html", max_size=50_000_000)
    assert one.stat().st_size < 3_000_000
    assert two.stat().st_size - one.stat().st_size < 125_000
    found = opened("", two)
    page = found.ready()
    assert found.count() == 14_042
    assert page.locator("#q-list [data-key]").count() < 60
    page.locator("#q-search").fill("zzzzzz")
    page.locator(".chip").first.wait_for()
    assert found.count() == 0
