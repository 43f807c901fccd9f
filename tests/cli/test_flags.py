"""The flags: lm-eval 0.4.13's, with its short forms and abbreviations, and what is ours."""

from __future__ import annotations

import pytest

from proctor.cli.flags import add_preview_flags, add_run_flags, add_validate_flags
from proctor.cli.values import SentenceParser
from proctor.errors import UsageError
from proctor.settings.config import build_config
from proctor.settings.declarations import SETTINGS
from proctor.settings.model_list import split_flags

LM_EVAL = {
    "config": "C", "tasks": "t", "model": "M", "model_args": "a", "apply_chat_template": "", "limit": "L",
    "use_cache": "c", "num_fewshot": "f", "batch_size": "b", "max_batch_size": "", "device": "", "gen_kwargs": "",
    "output_path": "o", "log_samples": "s", "samples": "E", "cache_requests": "", "check_integrity": "",
    "system_instruction": "", "fewshot_as_multiturn": "", "include_path": "", "verbosity": "v", "write_out": "w",
    "show_config": "", "wandb_args": "", "wandb_config_args": "", "trackio_args": "", "hf_hub_log_args": "",
    "metadata": "", "predict_only": "x", "seed": "", "trust_remote_code": "", "confirm_run_unsafe_code": "",
}  # fmt: skip
OURS = {name for name, setting in SETTINGS.items() if setting.ours}


def parser_with(add):
    parser = SentenceParser(prog="proctor run")
    add(parser)
    return parser


@pytest.fixture
def parse():
    return lambda *words: vars(parser_with(add_run_flags).parse(words))


def flags_of(parser):
    return {action.dest: action.option_strings for action in parser._actions if action.dest != "help"}


def test_every_flag_and_short_flag_of_lm_eval():
    flags = flags_of(parser_with(add_run_flags))
    assert set(flags) == set(LM_EVAL) | OURS == set(SETTINGS)
    for name, short in LM_EVAL.items():
        assert flags[name] == [f"--{name}"] + ([f"-{short}"] if short else [])


def test_every_abbreviation_of_lm_eval_still_means_the_same():
    parser = parser_with(add_run_flags)
    for name in LM_EVAL:
        for end in range(1, len(name)):
            start = name[:end]
            if start not in LM_EVAL and [other for other in [*LM_EVAL, "help"] if other.startswith(start)] == [name]:
                found = parser._get_option_tuples(f"--{start}")
                assert [match[0].dest for match in found] == [name], start


def test_a_line_as_its_users_write_it(parse):
    found = parse(
        *("--model", "hf", "--model_args", "pretrained=x,dtype=bfloat16", "--tasks", "mmlu_custom", "-f", "5"),
        *("--batch_size", "auto:4", "--output_path", "out", "--log_samples", "--seed", "42", "-L", "8"),
        *("--gen_kwargs", "until=['\\n'],temperature=0", "--include_path", "a", "--include_path", "b"),
    )
    (flags,) = split_flags(found)
    config = build_config(flags)
    assert config.model_args == {"pretrained": "x", "dtype": "bfloat16"}
    assert (config.tasks, config.num_fewshot, config.batch_size, config.limit) == (("mmlu_custom",), 5, "auto:4", 8.0)
    assert (config.log_samples, config.seed.fewshot, config.include_path) == (True, 42, ("a", "b"))
    assert config.gen_kwargs == {"until": ["\n"], "temperature": 0}


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (["--apply_chat_template"], "apply_chat_template", True),
        (["--apply_chat_template", "rag"], "apply_chat_template", "rag"),
        (["--fewshot_as_multiturn"], "fewshot_as_multiturn", True),
        (["--fewshot_as_multiturn", "false"], "fewshot_as_multiturn", "false"),
        (["--cache_requests"], "cache_requests", "true"),
        (["--cache_requests", "refresh"], "cache_requests", "refresh"),
        (["-sw"], "write_out", True),
        (["-b8"], "batch_size", "8"),
        (["--limit", "-5"], "limit", "-5"),
        (["--model", "x", "--model", "y"], "model", "y"),
        (["--verb", "debug"], "verbosity", "debug"),
        (["--samples", '{"a": [1]}'], "samples", '{"a": [1]}'),
    ],
)
def test_words(parse, words, key, value):
    assert parse(*words)[key] == value


def test_an_ambiguous_abbreviation_names_what_it_could_be(parse):
    with pytest.raises(UsageError, match="--model, --model_args"):
        parse("--m", "x")


def test_validate_takes_tasks_and_where_they_are():
    found = parser_with(add_validate_flags).parse(["--tasks", "a,b", "--include_path", "p", "--no_data"])
    assert vars(found) == {"tasks": ["a", "b"], "include_path": ["p"], "no_data": True}


@pytest.mark.parametrize("spelling", ["-n", "--n", "-L", "--limit"])
def test_preview_builds_the_same_configuration(spelling):
    words = ["--tasks", "a", spelling, "3", "-f", "2", "--model_args", "pretrained=x", "--apply_chat_template"]
    (flags,) = split_flags(vars(parser_with(add_preview_flags).parse(words)))
    config = build_config(flags)
    assert (config.limit, config.num_fewshot, config.apply_chat_template) == (3.0, 2, True)
    assert set(flags_of(parser_with(add_preview_flags))) <= {*SETTINGS, "plan", "estimate", "power"}
