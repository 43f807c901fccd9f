"""The Python beside the task files: what each function makes of a document."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "src" / "proctor" / "benchmarks"


def functions_of(benchmark: str) -> ModuleType:
    path = BENCHMARKS / benchmark / "utils.py"
    spec = importlib.util.spec_from_file_location(f"{benchmark}_functions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (" plain ", "plain"),
        ("How to tie a knot [title] Begin. [step] Take a rope.", "How to tie a knot. Begin. Take a rope."),
        ("[header] Ropes", " Ropes"),
        ("a   b", "a  b"),
    ],
)
def test_hellaswag_loses_its_layout_marks(raw, clean):
    assert functions_of("hellaswag").clean(raw) == clean


def test_hellaswag_joins_the_scene_and_its_beginning():
    doc = {
        "activity_label": "Sailing",
        "ctx_a": "A boat leaves.",
        "ctx_b": "the Captain",
        "endings": ["[step] waves.", "sinks."],
        "label": "1",
    }
    assert functions_of("hellaswag").query_and_choices(doc) == {
        "query": "Sailing: A boat leaves. The captain",
        "choices": [" waves.", "sinks."],
        "gold": 1,
    }


def test_winogrande_fills_the_blank_and_scores_the_rest():
    winogrande = functions_of("winogrande")
    doc = {"sentence": "The cup fits not in the box as _ is small.", "option1": "it", "option2": "she", "answer": "2"}
    assert winogrande.right_context(doc) == 1
    assert winogrande.contexts(doc) == ["The cup fits not in the box as it", "The cup fits not in the box as she"]
    assert winogrande.continuation(doc) == "is small."


@pytest.mark.parametrize(("label", "ending"), [(0, " the sun rose."), (1, " it rained.")])
def test_copa_reads_as_one_sentence(label, ending):
    copa = functions_of("copa")
    doc = {"premise": "It grew light. ", "question": "cause", "choice1": "The sun rose.", "choice2": "It rained."}
    assert copa.opening(doc) == "It grew light because"
    assert copa.endings(doc) == [" the sun rose.", " it rained."]
    assert copa.right_ending(doc | {"label": label}) == ending


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("the players ' ball , 1 @,@ 000 @.@ 5 fans . End", "the players' ball, 1,000.5 fans. End"),
        ("( see [ it ] ) \n = = Head = = \n", "(see [it])\n== Head ==\n"),
        ('she said " go " : then { left }', 'she said "go": then {left}'),
        ("20 \N{DEGREE SIGN} N of well @-@ known", "20\N{DEGREE SIGN}N of well-known"),
    ],
)
def test_wikitext_becomes_running_text(page, text):
    assert functions_of("wikitext").detokenize({"page": page}) == text


def test_wikitext_counts_words_and_bytes_of_the_page_as_given():
    measured = functions_of("wikitext").weigh_by_original({"page": " é , b \n"}, [-2.0])
    assert measured == {"word_perplexity": (-2.0, 5), "byte_perplexity": (-2.0, 9), "bits_per_byte": (-2.0, 9)}


def test_truthfulqa_shares_the_probability_whatever_the_order():
    doc = {"mc2_targets": {"labels": [0, 1, 1]}}
    results = [(math.log(p), False) for p in (0.2, 0.1, 0.1)]
    assert functions_of("truthfulqa").probability_of_truth(doc, results)["acc"] == pytest.approx(0.5)


def test_agieval_takes_any_of_the_right_choices():
    any_gold = functions_of("agieval").any_gold
    doc = {"choices": ["(A)1", "(B)a long one"], "gold": [1]}
    results = [(-2.0, False), (-3.0, False)]
    assert any_gold(doc, results) == {"acc": 0.0, "acc_norm": 1.0}
    assert any_gold(doc | {"gold": [0, 1]}, results) == {"acc": 1.0, "acc_norm": 1.0}


def test_kobest_gathers_the_endings():
    doc = {"context": "문맥", "ending_1": "가", "ending_2": "나", "ending_3": "다", "ending_4": "라", "label": 2}
    made = functions_of("kobest").query_and_choices(doc)
    assert made == {"query": "문장: 문맥", "choices": ["가", "나", "다", "라"], "gold": 2}


def test_kobest_f1_weighs_classes_alike():
    pytest.importorskip("sklearn")
    assert functions_of("kobest").macro_f1([(0, 0), (0, 0), (0, 0), (1, 0)]) == pytest.approx((6 / 7 + 0) / 2)
