"""The setting of formulations as tasks take it."""

from __future__ import annotations

import pytest

from proctor.tasks.formulations import FORMULATIONS, Formulations, choices_only_name, generation_of


def test_a_message_names_the_flag_that_asked():
    assert Formulations(("text",), choices_only=True).flag == "--formulations"
    assert Formulations((), choices_only=True).flag == "--choices_only"


def test_without_the_question_the_own_formulation_has_the_plain_name():
    assert choices_only_name("task") == "choices_only"
    assert [choices_only_name(name) for name in FORMULATIONS[:2]] == ["choices_only_letter", "choices_only_hybrid"]


@pytest.mark.parametrize(
    ("delimiter", "chat", "until", "tokens"),
    [("\n\n", False, ["\n\n"], 64), ("", False, ["\n\n"], 64), (" ", False, ["\n\n"], 64), ("\n\n", True, [], 1024)],
)
def test_a_written_answer_ends_before_the_next_question_or_by_itself(delimiter, chat, until, tokens):
    settings = generation_of(Formulations(("generate",)), delimiter, chat=chat)
    assert settings == {"until": until, "do_sample": False, "temperature": 0.0, "max_gen_toks": tokens}


def test_settings_of_the_run_win_under_whichever_name():
    given = Formulations(("generate",), gen_kwargs={"max_new_tokens": 5, "until": ["."]})
    settings = generation_of(given, "\n\n", chat=False)
    assert settings == {"until": ["."], "do_sample": False, "temperature": 0.0, "max_new_tokens": 5}


@pytest.mark.parametrize(
    ("limit", "tokens"), [(None, 1024), (4096, 1024), (2047, 1024), (1024, 512), (512, 256), (100, 64), (2, 1), (1, 1)]
)
def test_a_reply_leaves_a_third_of_what_the_model_takes_to_the_prompt(limit, tokens):
    assert generation_of(Formulations(("generate",), limit=limit), "\n\n", chat=True)["max_gen_toks"] == tokens
    given = Formulations(("generate",), gen_kwargs={"max_gen_toks": 2000}, limit=limit)
    assert generation_of(given, "\n\n", chat=True)["max_gen_toks"] == 2000
