"""Modules of lm-eval that are a few names each; :mod:`proctor.compat.names` says which name is in which of them."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from proctor.compat.scripts.lm_model import tokenizer_facts
from proctor.compat.tasks.helpers import apply_template
from proctor.results.env import commit_of, environment, git_describe
from proctor.tasks.use_prompt import BUILT_IN, PromptsourceTemplate, VerbatimTemplate, named_prompt
from proctor.types import Doc

log = logging.getLogger("proctor")


# ---------------------------------------------------------------- lm_eval.defaults: where no other value is given

DEFAULT_MAX_LENGTH = 2048
DEFAULT_MAX_GEN_TOKS = 256
DEFAULT_RANDOM_SEED = 0
DEFAULT_OTHER_SEED = 1234

_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off", ""), False),
}


def _envbool(variable: str, default: bool) -> bool:
    word = os.environ.get(variable)
    if word is None:
        return default
    if word.lower() not in _WORDS:
        raise ValueError(f"{variable}={word!r} is neither true nor false")
    return _WORDS[word.lower()]


LOGGING_LEVEL = os.environ.get("LMEVAL_LOG_LEVEL", "INFO")
LMEVAL_HASHMM = _envbool("LMEVAL_HASHMM", True)
DISABLE_MULTIPROC = _envbool("LMEVAL_DISABLE_MULTIPROC", False)


def default_gen_kwargs(until: str | list[str] | None, max_gen_toks: int = DEFAULT_MAX_GEN_TOKS) -> dict[str, Any]:
    """Greedy generation up to ``until``."""
    stops = [until] if isinstance(until, str) else [] if until is None else until
    return {"temperature": 0.0, "do_sample": False, "max_gen_toks": max_gen_toks, "until": stops}


# ---------------------------------------------------------------- lm_eval.loggers.utils: facts of the environment


def remove_none_pattern(input_string: str) -> tuple[str, bool]:
    """A metric's name without the name of the filter that does nothing, and whether it had it."""
    return input_string.removesuffix(",none"), input_string.endswith(",none")


def get_commit_from_path(repo_path: Path | str) -> str | None:
    """The commit that is checked out in a folder."""
    return commit_of(Path(repo_path))


def get_git_commit_hash() -> str | None:
    """What git calls the state of the working directory."""
    return git_describe(Path.cwd())


def add_env_info(storage: dict[str, Any]) -> None:
    """Add the versions of what is installed, and the commit of the folder above."""
    facts = environment()
    keys = ("pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash")
    storage.update({key: facts[key] for key in keys})


def add_tokenizer_info(storage: dict[str, Any], lm: Any) -> None:
    """Add the special tokens of a model's tokenizer, if it has one."""
    storage.update(tokenizer_facts(lm))


# ---------------------------------------------------------------- lm_eval.evaluator_utils: for an own evaluation loop


def get_sample_size(task: Any, limit: int | float | None) -> int | None:
    """How many documents a limit stands for: below 1 a share of the task's."""
    if limit is None:
        return None
    return math.ceil(len(task.eval_docs) * limit) if limit < 1 else int(limit)


def print_writeout(task: Any) -> None:
    """Log prompt and target of the task's first document, once its requests are built."""
    first = next((one for one in task.instances if one.doc_id == 0), None)
    if first is not None:
        log.info("Task: %s\n--- prompt\n%s\n--- target\n%s", task, first.args[0], task.doc_to_target(first.doc))


# ---------------------------------------------------------------- lm_eval.prompts: the prompts that use_prompt names

PROMPT_REGISTRY: dict[str, dict[str, str]] = {category: dict(prompts) for category, prompts in BUILT_IN.items()}


class PromptString:
    """A prompt of a file: templates of the question and its answer."""

    def __init__(self, prompt_string: Mapping[str, str]) -> None:
        self.prompt_string = prompt_string

    def apply(self, doc: Doc) -> list[str]:
        """Question and answer of a document."""
        if "doc_to_choice" in self.prompt_string:
            raise NotImplementedError("a prompt with doc_to_choice gives no text and target")
        return [apply_template(self.prompt_string[key], doc) for key in ("doc_to_text", "doc_to_target")]


def get_prompt(prompt_id: str, dataset_name: str | None = None, subset_name: str | None = None) -> Any:
    """What ``CATEGORY:NAME`` stands for: a template, a :class:`PromptString`, or promptsource's own object."""
    prompt = named_prompt(prompt_id, dataset_name, subset_name, None)
    if isinstance(prompt.text, PromptsourceTemplate):
        return prompt.text.template
    if isinstance(prompt.text, VerbatimTemplate):
        return PromptString({"doc_to_text": prompt.text.source, "doc_to_target": prompt.target.source})
    return prompt.text


# ---------------------------------------------------------------- lm_eval.caching.cache: the cache of built requests

# proctor builds requests in no time and caches none, so none is ever there. Responses of models are cached elsewhere
# (proctor.store).

PATH = os.environ.get("LM_HARNESS_CACHE_PATH") or str(Path(__file__).with_name(".cache"))
"""Where lm-eval would cache requests; nothing is written there."""


def load_from_cache(file_name: str, cache: bool = False) -> None:
    """None: nothing is cached under any name."""


def save_to_cache(file_name: str, obj: Any) -> None:
    """Warn that it is not cached."""
    log.warning("lm_eval.caching.cache keeps nothing: '%s' is not saved.", file_name)


def delete_cache(key: str = "") -> None:
    """There is nothing to delete."""


# ---------------------------------------------------------------- lm_eval.models.api_models: a chat as text, constants

LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER = os.environ.get("LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER", "")
"""What lm-eval takes for the response where an API gave none."""
DEFAULT_IMAGE_PLACEHOLDER = "<image>"


class JsonChatStr(NamedTuple):
    """The messages of a chat as JSON."""

    prompt: str

    def encode(self, encoding: str) -> bytes:
        """The bytes of the JSON."""
        return self.prompt.encode(encoding)


# ---------------------------------------------------------------- lm_eval.result_schema: types for annotations

_SAMPLE = "doc_id doc target arguments resps filtered_resps filter metrics doc_hash prompt_hash target_hash"
_RESULTS = (
    "results groups group_subtasks configs versions n-shot higher_is_better n-samples samples config git_hash date"
    " pretty_env_info transformers_version lm_eval_version upper_git_hash"
)

SampleResult: Any = TypedDict("SampleResult", dict.fromkeys(_SAMPLE.split(), Any))  # pyright: ignore[reportArgumentType]
"""One document under one filter; scores stand beside these keys, under their own names."""

EvalResults: Any = TypedDict("EvalResults", dict.fromkeys(_RESULTS.split(), Any), total=False)  # pyright: ignore[reportArgumentType]
