"""How documents are put, as keys that lm-eval reads too: rendered with its own environment of templates."""

import re

import pytest
from jinja2 import BaseLoader, Environment, StrictUndefined

from proctor.new.documents import NewDocument
from proctor.new.styles import STYLES, Shape, answer_letters, language_of, prompt_keys, shape_of

RENDER = Environment(loader=BaseLoader, undefined=StrictUndefined, keep_trailing_newline=True)
DOC = {"question": "Which is hot?", "choices": ["ice", "fire"], "answer": 1, "context": "Read."}
TWO = Shape(2, 2, "none", "en")
VARIED = Shape(2, 4, "some", "ko")


def rendered(template, doc=DOC):
    return RENDER.from_string(template).render(**doc)


def test_letter_shows_options_and_scores_their_letters():
    keys = prompt_keys("letter", TWO)
    assert rendered(keys["doc_to_text"]) == "Which is hot?\nA. ice\nB. fire\nAnswer:"
    assert (keys["doc_to_choice"], keys["doc_to_target"]) == (["A", "B"], "answer")
    assert [metric["metric"] for metric in keys["metric_list"]] == ["acc"]


def test_letters_follow_the_number_of_options():
    keys = prompt_keys("letter", VARIED)
    assert rendered(keys["doc_to_text"]) == "Read.\n\nWhich is hot?\nA. ice\nB. fire\n정답:"
    assert rendered(keys["doc_to_choice"]) == "['A', 'B']"
    assert rendered(keys["doc_to_text"], {**DOC, "context": ""}).startswith("Which is hot?")


def test_text_and_cloze_score_the_texts():
    assert "A. ice" in rendered(prompt_keys("text", TWO)["doc_to_text"])
    assert rendered(prompt_keys("cloze", TWO)["doc_to_text"]) == "Which is hot?\nAnswer:"
    for style in ("text", "cloze"):
        assert prompt_keys(style, TWO)["doc_to_choice"] == "choices"
        assert [metric["metric"] for metric in prompt_keys(style, TWO)["metric_list"]] == ["acc", "acc_norm"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_chat_is_sent_the_letters_and_states_one(language):
    for shape in (Shape(2, 2, "none", language), Shape(2, 4, "none", language)):
        keys = prompt_keys("chat", shape)
        text = rendered(keys["doc_to_text"])
        assert ("A, B" in text, "A, B, C" in text) == (True, False)
        assert rendered(keys["doc_to_target"]) == "B"
        assert rendered(keys["fewshot_config"]["doc_to_target"]) == {"en": "Answer: B", "ko": "정답: B"}[language]


def test_all_of_several_are_one_text_and_any_of_them_a_list():
    every = prompt_keys("chat", Shape(4, 4, "none", "en", "all"))
    assert every["doc_to_target"] == "answer_letters"
    ignored = every["metric_list"][0]["regexes_to_ignore"][0]
    assert re.sub(ignored, "", "**A** and C") == re.sub(ignored, "", answer_letters((0, 2), "all")) == "AC"
    assert answer_letters((0, 2), "any") == ["A", "C"]
    assert rendered(every["fewshot_config"]["doc_to_target"], {**DOC, "answer": [0, 1]}) == "Answer: A, B"


def document(question, options=("a", "b"), golds=(0,), context=""):
    return NewDocument("1", "line 2", 2, context, question, options, golds, None, None, {})


def test_the_shape_and_the_language_of_documents():
    documents = [document("수도는?"), document("날씨는?", ("a", "b", "c"), (0, 1), "비가 왔다.")]
    assert shape_of(documents, "ko", "any") == Shape(2, 3, "some", "ko", "any")
    assert shape_of(documents[:1], "ko", "any") == Shape(2, 2, "none", "ko", None)
    assert language_of(documents) == "ko"
    assert language_of([document("What is the capital of 한국?")]) == "en"


def test_no_style_needs_python():
    for style in STYLES:
        assert "!function" not in str(prompt_keys(style, VARIED))
