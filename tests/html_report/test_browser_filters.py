"""Every filter and every order of the list, in Chromium, against the same computed in Python from the samples."""

from __future__ import annotations

import itertools
import math
import random
from urllib.parse import quote

import pytest
from browser_pages import BROWSERS, READY, Opened, opened_browser
from report_pages import stored
from stored_runs import choice_line, text_line

from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report

pytestmark = pytest.mark.browser

WORDS = ("Seoul", "대한민국의 수도는 서울이다", "the enzyme", "Straße")
TOGGLES = ("wrong", "right", "unread", "failed", "disagree", "flipped", "only_a", "only_b", "confident")
ORDERS = ("order", "margin", "gold", "difference", "length")
STEP = 0.05
"""The page has log-likelihoods in such steps below the best: what stands on a step is there as it is."""


def lines_of(seed: int, count: int, options: int) -> list[dict]:
    source, texts = random.Random(seed), random.Random(count)
    found = []
    for i in range(count):
        lls = [-STEP * step for step in random.Random(f"{seed} {i}").sample(range(59), options)]
        lls = [ll - max(lls) - (0 if i % 3 else STEP * 2) for ll in lls]
        if source.random() < 0.2:  # sure of one
            lls = [0.0 if place == i % options else -5.0 for place in range(options)]
        question = f"Question {i} of {WORDS[i % 4]}" + " more" * texts.randrange(12)
        line = choice_line(i, lls, texts.randrange(options), question=question, options="ABCDE"[:options],
                           texts=[f"text {place}" for place in range(options)], passage=f"p{i % 3}")  # fmt: skip
        if i == 5:
            del line["acc"]
            line |= {"metrics": [], "error": "KeyError"}
        found.append(line)
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    more = {"group_subtasks": {"exam": ["four", "five"]}}
    made = []
    for seed, name in enumerate(("small", "large", "third")):
        written = [text_line(i, "so 4", "4", 1.0) if (i + seed) % 3 else text_line(i, "hm", "[invalid]", 0.0)
                   for i in range(12)]  # fmt: skip
        tasks = {"four": lines_of(seed, 90, 4), "five": lines_of(seed + 7, 50, 5)}
        if name != "third":  # which does not have all questions
            tasks["sums"] = written
        made.append(stored(folder, name, tasks, **more))
    return made


class Question:
    """What the samples of all runs say of one question; None: the run does not have it."""

    def __init__(self, place: int, task: str, runs: list) -> None:
        samples = [sample for sample in runs if sample is not None]
        self.place, self.task, self.key = place, task, f"{task}/{samples[0].doc_id}"
        line = samples[0].line
        self.text, self.by = line["doc"]["question"], line["doc"].get("passage", "")
        answers = [leaf for sample in samples for leaf in sample.line["resps"][0] if isinstance(leaf, str)]
        parts = [self.text, *line["doc"].get("choices", answers), "" if "choices" in line["doc"] else line["target"]]
        self.searched = "\n".join(parts).lower()
        self.states = ["absent" if sample is None else self.state(sample.line) for sample in runs]
        self.lls = [[float(one[0][0]) for one in sample.line["resps"]] if task != "sums" else [] for sample in samples]
        self.lls += [[] for _ in runs[len(samples) :]]
        self.gold = line["doc"].get("answer")

    @staticmethod
    def state(line: dict) -> str:
        if not line["metrics"]:
            return "failed"
        if line["filtered_resps"] == ["[invalid]"]:
            return "unread"
        return "right" if line[line["metrics"][0]] else "wrong"

    def picked(self, run: int) -> int | None:
        lls = self.lls[run]
        return lls.index(max(lls)) if lls else None

    def p(self, run: int, option: int | None) -> float:
        lls = self.lls[run]
        return math.exp(lls[option]) / math.fsum(map(math.exp, lls)) if lls and option is not None else math.nan

    def margin(self, run: int) -> float:
        first, second = sorted(self.lls[run], reverse=True)[:2] if self.lls[run] else (math.nan, math.nan)
        return first - second


def wanted(one: Question, view: dict) -> bool:
    run, named = view["run"], [toggle for toggle in view["f"] if toggle in TOGGLES[:4]]
    right, (a, b) = [state == "right" for state in one.states], view["pair"]
    both = "absent" not in (one.states[a], one.states[b])
    sure = one.p(run, one.picked(run))
    toggles = {
        "disagree": any(right) and any(state not in ("right", "absent") for state in one.states),
        "flipped": both and right[a] != right[b],
        "only_a": both and right[a] and not right[b],
        "only_b": both and right[b] and not right[a],
        "confident": one.states[run] == "wrong" and sure >= 0.9,
    }
    low, high = view["p"]
    shortest, longest = view["len"]
    return (
        (not view["t"] or view["t"] == one.task or (view["t"] == "exam" and one.task in ("four", "five")))
        and (not named or one.states[run] in named)
        and all(toggles[toggle] for toggle in view["f"] if toggle in toggles)
        and (not view["k"] or one.picked(run) == "ABCDE".index(view["k"]))
        and (low is None or sure >= low)
        and (high is None or sure <= high)
        and (not view["by"] or one.by == view["by"])
        and (shortest is None or len(one.text) >= shortest)
        and (longest is None or len(one.text) <= longest)
        and all(word.lower() in one.searched for word in view["words"])
    )


def key_of(one: Question, view: dict) -> float:
    run, (a, b) = view["run"], view["pair"]
    return {
        "order": float(one.place),
        "margin": one.margin(run),
        "gold": one.p(run, one.gold),
        "difference": abs(one.p(b, one.gold) - one.p(a, one.gold)),
        "length": float(len(one.text)),
    }[view["o"]]


def drawn(source: random.Random) -> dict:
    """A view of a few filters, each of which there is now and then."""

    def now_and_then(value, share=0.2):
        return value if source.random() < share else None

    words = source.choice([(), (), (), ("서울",), ("enzyme", "question"), ("of seoul",), ("STRASSE",), ("text 4",)])
    return {
        "f": source.sample(TOGGLES, source.choice([0, 0, 1, 1, 2])),
        "t": now_and_then(source.choice(["exam", "four", "five", "sums"]), 0.4) or "",
        "run": source.randrange(3),
        "pair": source.choice([(0, 1), *itertools.permutations(range(3), 2)]),
        "k": now_and_then(source.choice("ABCDE")) or "",
        "p": (now_and_then(source.choice([0.1, 0.25, 0.4])), now_and_then(source.choice([0.5, 0.9]))),
        "by": now_and_then(source.choice(["p0", "p1", "p2"])) or "",
        "len": (now_and_then(source.choice([20, 40])), now_and_then(source.choice([35, 60]))),
        "words": words,
        "o": source.choice(ORDERS),
        "down": source.random() < 0.5,
    }


def address(view: dict) -> str:
    def ends(pair):
        return "..".join("" if end is None else str(end) for end in pair) if any(pair) else ""

    words = " ".join(f'"{word}"' if " " in word else word for word in view["words"])
    order = view["o"] + ("-" if view["down"] else "")
    parts = {"f": ",".join(view["f"]), "t": view["t"], "s": words, "run": f"R{view['run'] + 1}", "k": view["k"],
             "pair": ",".join(f"R{run + 1}" for run in view["pair"]) if view["pair"] != (0, 1) else "",
             "p": ends(view["p"]), "by": view["by"], "len": ends(view["len"]), "o": order}  # fmt: skip
    return "#" + "&".join(f"{name}={quote(value, safe=',')}" for name, value in parts.items() if value)


@pytest.fixture(scope="module")
def questions(runs):
    tasks = [
        (task, samples)
        for task in ("four", "five", "sums")
        for samples in itertools.zip_longest(*(run.samples(task) if task in run.tasks else () for run in runs))
    ]
    return [Question(place, task, list(samples)) for place, (task, samples) in enumerate(tasks)]


@pytest.fixture(scope="module", params=BROWSERS)
def page(request, runs, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(make_report(runs, ReportOptions("en", by="passage")), encoding="utf-8")
    with opened_browser(request.param) as browser:
        opened = Opened(browser, file)
        yield opened
        assert opened.errors == []
        opened.close()


def shown_under(opened: Opened, view: dict) -> tuple[int, list[str], list[str]]:
    """How many questions a view has, and those at the top and at the end of the list."""
    base = opened.page.url.split("#")[0]
    opened.page.goto("about:blank")
    opened.page.goto(base + address(view))
    count = opened.count()
    first = opened.shown()
    opened.page.locator("#q-list").evaluate("node => { node.scrollTop = node.scrollHeight; }")
    opened.page.locator(f"#q-list [data-at='{count - 1}']").wait_for(state="attached") if count else None
    return count, first, opened.shown()


def check(opened: Opened, questions: list[Question], view: dict) -> int:
    found = {one.key: one for one in questions if wanted(one, view)}
    count, first, last = shown_under(opened, view)
    assert count == len(found), view
    assert {*first, *last} <= set(found), view
    sign = -1 if view["down"] else 1
    # Equal numbers may differ in their last digit; what has none stands last.
    keys = {key: math.inf if math.isnan(number := key_of(one, view)) else sign * number for key, one in found.items()}
    for shown in (first, last):
        assert all(keys[a] <= keys[b] + 1e-5 for a, b in itertools.pairwise(shown)), view
    if count:
        assert max(keys[key] for key in first) <= sorted(keys.values())[len(first) - 1] + 1e-5, view
        assert min(keys[key] for key in last) >= sorted(keys.values())[-len(last)] - 1e-5, view
    return count


@pytest.mark.parametrize("toggle", TOGGLES)
def test_each_filter_alone(page, questions, toggle):
    view = {"f": [toggle], "t": "", "run": 1, "pair": (0, 1), "k": "", "p": (None, None), "by": "", "len": (None, None),
            "words": (), "o": "order", "down": False}  # fmt: skip
    assert 0 < check(page, questions, view) < len(questions)


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_alone(page, questions, order):
    view = {"f": [], "t": "", "run": 0, "pair": (0, 1), "k": "", "p": (None, None), "by": "", "len": (None, None),
            "words": (), "o": order, "down": order == "gold"}  # fmt: skip
    assert check(page, questions, view) == len(questions)


@pytest.mark.parametrize("pair", list(itertools.permutations(range(3), 2)))
def test_each_pair_of_runs(page, questions, pair):
    view = {"f": [], "t": "", "run": 0, "pair": pair, "k": "", "p": (None, None), "by": "", "len": (None, None),
            "words": (), "o": "difference", "down": True}  # fmt: skip
    counts = {toggle: check(page, questions, view | {"f": [toggle]}) for toggle in ("flipped", "only_a", "only_b")}
    assert min(counts.values()) > 0
    assert counts["flipped"] == counts["only_a"] + counts["only_b"]


def test_views_drawn_at_random(page, questions):
    source = random.Random(13)
    counts = [check(page, questions, drawn(source)) for _ in range(40)]
    # Else the filters that are drawn leave nothing, and nothing is shown by it.
    assert sum(count > 0 for count in counts) >= 15


def test_the_controls_give_the_same_views_as_their_addresses(page, questions):
    view = {"f": ["wrong"], "t": "exam", "run": 1, "pair": (2, 0), "k": "B", "p": (0.1, 0.9), "by": "p1",
            "len": (20, 60), "words": ("question",), "o": "margin", "down": True}  # fmt: skip
    count = check(page, questions, view)
    by_address = page.page.url
    page.page.goto("about:blank")
    page.page.goto(by_address.split("#")[0])
    controls = page.ready()
    controls.locator("#q-toggles button", has_text="Wrong").first.click()
    for name, value in {
        "task": "exam",
        "run": "R2",
        "pair-first": "R3",
        "pair-second": "R1",
        "picked": "B",
        "by": "p1",
        "sort": "margin",
    }.items():
        controls.locator(f"#q-{name}").select_option(value)
    controls.locator("#q-down").click()
    controls.locator("#questions summary", has_text="More filters").click()
    for name, value in {"p-low": "0.1", "p-high": "0.9", "len-low": "20", "len-high": "60"}.items():
        # Typed, not filled: Firefox sends no change event for a value that a script has set.
        controls.locator(f"#q-{name}").press_sequentially(value)
        controls.locator(f"#q-{name}").press("Tab")
    controls.locator("#q-search").fill("question")
    controls.locator(".chip", has_text="“question”").wait_for()
    controls.locator(READY).wait_for()
    assert page.count() == count
    assert controls.locator("#q-chips .chip").count() == 10
    assert controls.locator("#q-pair-second").input_value() == "R1"
    for _ in range(9):
        controls.locator("#q-chips .chip").first.click()
    controls.locator(f"#questions[data-count='{len(questions)}']").wait_for()
