"""``lm_eval.utils``: the helpers that scripts and research code take from there, and proctor has not elsewhere."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import hashlib
import importlib.util
import inspect
import json
import logging
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.compat.scripts import unsupported
from proctor.compat.tasks.helpers import eval_logger
from proctor.lazy import need
from proctor.models.tokens.windows import rolling_windows
from proctor.refs import Ref
from proctor.results.hashes import sha256
from proctor.results.table import ARROWS
from proctor.results.table import make_table as _make_table
from proctor.settings.kwargs import text_scalar

SPACING = " " * 47
HIGHER_IS_BETTER_SYMBOLS: dict[bool, str] = {flag: arrow for flag, arrow in ARROWS.items() if flag is not None}


# ---------------------------------------------------------------- logging


def setup_logging(verbosity: int | str = logging.INFO) -> None:
    """Show what proctor and ``lm_eval`` loggers say, from ``LMEVAL_LOG_LEVEL`` or ``verbosity`` on."""
    wanted = os.environ.get("LMEVAL_LOG_LEVEL", "").upper()
    level = logging.getLevelNamesMapping().get(wanted, verbosity)
    for logger in (logging.getLogger("proctor"), eval_logger):
        logger.setLevel(level)
        if not logger.handlers:
            handler = logging.StreamHandler()
            handler.setFormatter(
                logging.Formatter(
                    "%(asctime)s %(levelname)-8s [%(name)s:%(lineno)d] %(message)s", datefmt="%Y-%m-%d:%H:%M:%S"
                )
            )
            logger.addHandler(handler)
            logger.propagate = False


@functools.cache
def warning_once(logger: logging.Logger, msg: str, *args: Any) -> None:
    """Warn, the first time that these words are said."""
    logger.warning(msg, *args)


@functools.cache
def info_once(logger: logging.Logger, msg: str, *args: Any) -> None:
    """Inform, the first time that these words are said."""
    logger.info(msg, *args)


def maybe_warn(msg: str, verbose: bool = True) -> None:
    """Warn if ``verbose``."""
    if verbose:
        eval_logger.warning(msg)


def positional_deprecated(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that lm-eval has for a reminder; here the function stays as it is."""
    return fn


# ---------------------------------------------------------------- texts


def wrap_text(string: str, width: int = 140, **kwargs: Any) -> str:
    """A paragraph of lines of at most ``width``, the second and later ones indented."""
    return textwrap.fill(
        inspect.cleandoc(string),
        width=width,
        initial_indent="",
        subsequent_indent=" " * 8,
        break_long_words=False,
        break_on_hyphens=False,
        **kwargs,
    )


def escaped_split(text: str, sep_char: str, maxsplit: int = -1) -> Any:
    """Split at a character, where no backslash is before it."""
    if len(sep_char) != 1:
        raise AssertionError("the separator of escaped_split is one character")
    if maxsplit == 0:
        return text
    return re.split(r"(?<!\\)" + re.escape(sep_char), text, maxsplit=max(0, maxsplit))


def simple_parse_args_string(args_string: str | None) -> dict[str, Any]:
    """``key=value,key=value`` as a dictionary; lm-eval: a word alone has an empty text, and spaces stay in keys."""
    parts = [part.partition("=") for part in (args_string or "").strip().split(",") if part]
    return {key: text_scalar(value.strip()) for key, _, value in parts}


def sanitize_list(sub: Any) -> Any:
    """Lists and tuples, however nested, with texts in them."""
    if isinstance(sub, list):
        return [sanitize_list(item) for item in sub]
    return tuple(sanitize_list(item) for item in sub) if isinstance(sub, tuple) else str(sub)


def sanitize_task_name(task_name: str) -> str:
    """A task's name with only letters, digits and underscores."""
    return re.sub(r"\W", "_", task_name)


def sanitize_long_string(s: str, max_length: int = 40) -> str:
    """The beginning and the end of a text that is too long to be shown."""
    half = max_length // 2
    return s if len(s) <= max_length else f"{s[:half]}...{s[-half:]}"


# ---------------------------------------------------------------- lists


def pattern_match(patterns: str | Iterable[str], source_list: Sequence[str]) -> list[str]:
    """The names that match one of several patterns with wildcards, sorted."""
    wanted = [patterns] if isinstance(patterns, str) else patterns
    return sorted({name for pattern in wanted for name in fnmatch.filter(source_list, pattern)})


def get_rolling_token_windows(
    token_list: list[int], prefix_token: int, max_seq_len: int, context_len: int
) -> Iterator[tuple[list[int], list[int]]]:
    """``(inputs, scored tokens)`` windows over a text; the inputs end before the last scored token."""
    if not 1 <= context_len <= max_seq_len:
        raise AssertionError("context_len is between 1 and max_seq_len")
    windows = rolling_windows(token_list, prefix=prefix_token, max_length=max_seq_len, context=context_len)
    # lm-eval's windows hold inputs and targets that overlap; proctor's own hold the context and what is scored after
    # it.
    return ((context + scored[:-1], scored) for context, scored in windows)


def make_disjoint_window(pair: tuple[list[int], list[int]]) -> tuple[list[int], list[int]]:
    """Such a window with the scored tokens taken out of the inputs."""
    inputs, scored = pair
    return inputs[: len(inputs) - (len(scored) - 1)], scored


# ---------------------------------------------------------------- numbers and tables


def softmax(x: Any) -> Any:
    """Probabilities from scores."""
    import numpy as np

    powers = np.exp(x - np.max(x))
    return powers / powers.sum()


def make_table(result_dict: Mapping[str, Any], column: Any = "results", sort_results: bool = False) -> str:
    """The scores as the Markdown table that is shown after a run."""
    return _make_table(result_dict, column, by_name=sort_results)


class EnhancedJSONEncoder(json.JSONEncoder):
    """JSON of dataclasses too."""

    def default(self, o: Any) -> Any:
        """A dataclass as a dictionary."""
        if dataclasses.is_dataclass(o) and not isinstance(o, type):
            return dataclasses.asdict(o)
        return super().default(o)


# ---------------------------------------------------------------- files


def get_file_task_name(filename: str) -> str:
    """The task of a samples file."""
    return filename[filename.find("_") + 1 : filename.rfind("_")]


def get_file_datetime(filename: str) -> str:
    """The time stamp of a results or samples file."""
    return filename[filename.rfind("_") + 1 :].replace(".jsonl", "")


def get_latest_filename(filenames: Iterable[str]) -> str:
    """The file with the latest time stamp."""
    return max(filenames, key=get_file_datetime)


def get_results_filenames(filenames: Iterable[str]) -> list[str]:
    """Those that hold results."""
    return [name for name in filenames if "/results_" in name and ".json" in name]


def get_sample_results_filenames(filenames: Iterable[str]) -> list[str]:
    """Those that hold samples."""
    return [name for name in filenames if "/samples_" in name and ".json" in name]


def import_function(loader: Any, node: Any, yaml_path: Path) -> Any:
    """The object that a ``!function`` tag of a YAML file names."""
    return Ref(str(Path(yaml_path).parent), loader.construct_scalar(node), str(yaml_path)).resolve()


# ---------------------------------------------------------------- images and packages


def convert_pil_to_hash(value: Any) -> str:
    """SHA-256 of an image as PNG."""
    from io import BytesIO

    data = BytesIO()
    value.save(data, format="PNG")
    return hashlib.sha256(data.getvalue()).hexdigest()


def convert_bytes_to_hash(value: Any) -> str:
    """SHA-256 of how bytes are written in Python."""
    return sha256(str(value))


def hash_dict_images(data_dict: dict[str, Any]) -> dict[str, Any]:
    """A copy of a document with digests in the place of its images and bytes."""
    if not isinstance(data_dict, dict):
        raise TypeError("hash_dict_images takes a dictionary")
    return _without_images(data_dict) if importlib.util.find_spec("PIL") else data_dict


def _without_images(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return convert_bytes_to_hash(value)
    if isinstance(value, need("PIL.Image").Image):
        return convert_pil_to_hash(value)
    if isinstance(value, dict):
        return {key: _without_images(item) for key, item in value.items()}
    # Only plain lists and tuples: a named tuple takes no single argument.
    return type(value)(map(_without_images, value)) if type(value) in (list, tuple) else value


def is_torch_available() -> bool:
    """Whether torch is installed."""
    return importlib.util.find_spec("torch") is not None


def is_transformers_available() -> bool:
    """Whether transformers is installed."""
    return importlib.util.find_spec("transformers") is not None


def set_torch_seed(seed: int) -> None:
    """Seed torch, if it is installed."""
    if is_torch_available():
        need("torch").manual_seed(seed)


def check_remote_tokenizer_support(base_url: str, **kwargs: Any) -> bool:
    """Refuse: there are no models behind an API yet."""
    unsupported.__getattr__("RemoteTokenizer")(base_url)
    return False
