"""What each setting of a run accepts, one small function per kind of value.

The command line, a configuration file and the Python API all go through these, so that a
wrong value is the same sentence everywhere. Each raises a ValueError whose text follows the
setting's name: ``--limit`` + ``must be ...``.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from proctor.errors import did_you_mean
from proctor.settings.amounts import number_or_nan
from proctor.settings.kwargs import parse_pairs

logger = logging.getLogger("proctor")

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
CACHE_MODES = ("true", "refresh", "delete")
EXCLUSIONS = ("lm_eval", "always")
MultipleChoice: TypeAlias = Literal["auto", "letters", "constrained", "text", "off"]
"""How a model without log-likelihoods chooses among options."""
CHOICES: tuple[MultipleChoice, ...] = get_args(MultipleChoice)


@dataclass(frozen=True, slots=True)
class Seeds:
    """One seed per source of chance; None leaves that source unseeded."""

    python: int | None = 0
    numpy: int | None = 1234
    torch: int | None = 1234
    fewshot: int | None = 1234


def text(value: Any) -> str:
    """Text; paths are taken too."""
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    raise ValueError(f"must be text, not {value!r}")


def path(value: Any) -> str:
    """The path of a file or a folder, which need not be there."""
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"must be a path, not {value!r}")
    return _some(os.fspath(value), "a path")


def word(value: Any) -> str:
    """A name."""
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"must be a name, not {value!r}")
    return _some(os.fspath(value), "a name")


def _some(value: str, what: str) -> str:
    # Mostly of a shell's variable that is not set: without a word, the default would be taken for what was meant.
    if not value.strip():
        raise ValueError(f"must be {what}, and is empty; leave it out to have the default")
    return value


def switch(value: Any) -> bool:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    lowered = str(value).strip().lower()
    if lowered in ("true", "yes", "1"):
        return True
    if lowered in ("false", "no", "0"):
        return False
    raise ValueError(f"must be true or false, not {value!r}")


def samples_form(value: Any) -> bool | str:
    """Whether samples are written, and in which form beside JSON lines."""
    lowered = str(value).strip().lower()
    if lowered in ("jsonl.gz", "parquet"):
        return lowered
    if lowered == "jsonl":
        return True
    try:
        return switch(value)
    except ValueError:
        raise ValueError(f"must be true, false, jsonl.gz or parquet, not {value!r}") from None


def _whole(value: Any, least: int) -> int:
    if not isinstance(value, bool) and isinstance(value, int | str):
        try:
            number = int(value)
        except ValueError:
            pass
        else:
            if number >= least:
                return number
    raise ValueError(f"must be a whole number of at least {least}, not {value!r}")


def count(value: Any) -> int:
    """A whole number, zero included."""
    return _whole(value, 0)


def size(value: Any) -> int:
    """A whole number from one on."""
    return _whole(value, 1)


def limit(value: Any) -> float:
    """A number of documents, or below 1 a share of them."""
    if 0 < (number := number_or_nan(value)) < math.inf:
        return number
    raise ValueError(
        f"must be a number above 0 (of documents; below 1, a share of them), not {value!r}; "
        "leave it out to use all documents"
    )


def batch_size(value: Any) -> int | str:
    """A number, ``auto`` or ``auto:N``; text stays text, as lm-eval's results files have it."""
    spelled = value.strip() if isinstance(value, str) else value
    head, colon, tail = spelled.partition(":") if isinstance(spelled, str) else ("", "", "")
    try:
        if head == "auto":
            if colon:
                size(tail)
        else:
            size(spelled)
    except ValueError:
        raise ValueError(f"must be a whole number of at least 1, 'auto' or 'auto:N', not {value!r}") from None
    return spelled


def mapping(value: Any) -> dict[str, Any]:
    """A mapping, or ``key=value,...`` text."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, str):
        try:
            return parse_pairs(value)
        except ValueError as error:
            raise ValueError(f"is not understood: {error}") from None
    raise ValueError(f"must be a mapping or 'key=value,...' text, not {value!r}")


def names(value: Any) -> tuple[str, ...]:
    """Names in a list or in one text, separated by commas either way."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"must be names separated by commas, or a list of names, not {value!r}")
    # Duplicates go, the first mention keeps its place: the order of names is that of results.
    return tuple(dict.fromkeys(name.strip() for item in items for name in item.split(",") if name.strip()))


def paths(value: Any) -> tuple[str, ...]:
    """One path or several: a list, or text with the system's path separator between them."""
    if value == "":
        raise ValueError("must be a path, and is empty")
    items = [value] if isinstance(value, str | os.PathLike) else value
    if not isinstance(items, Sequence) or not all(isinstance(item, str | os.PathLike) for item in items):
        raise ValueError(f"must be a path or a list of paths, not {value!r}")
    paths: list[str] = []
    for item in items:
        path = str(item)
        # A folder whose name holds the separator is taken as one, if it is there.
        paths += [path] if _exists(path) else [part for part in path.split(os.pathsep) if part]
    return tuple(dict.fromkeys(paths))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # a name that no file system takes
        return False


LARGEST_SEED = 2**32 - 1
"""numpy takes no larger one, nor one below 0; torch and Python would."""


def seeds(value: Any) -> Seeds:
    """One seed for all, or four: Python, numpy, torch, few-shot; ``none`` leaves one unset."""
    if isinstance(value, Seeds):
        return value
    items = value.split(",") if isinstance(value, str) else list(value) if isinstance(value, Sequence) else [value]
    try:
        parsed = [_seed(item) for item in items]
    except ValueError:
        parsed = []
    wrong = [seed for seed in parsed if seed is not None and not 0 <= seed <= LARGEST_SEED]
    if wrong:
        raise ValueError(f"must be whole numbers from 0 to {LARGEST_SEED}, not {wrong[0]}")
    if len(parsed) == 1:
        # lm-eval: one number seeds all four.
        return Seeds(*parsed * 4)
    if len(parsed) == 3:
        default = Seeds().fewshot
        logger.warning("Three seeds are given; the fourth, for few-shot examples, is %s.", default)
        return Seeds(parsed[0], parsed[1], parsed[2], default)
    if len(parsed) == 4:
        return Seeds(*parsed)
    order = ", ".join(field.name for field in fields(Seeds))
    raise ValueError(f"must be one whole number or four ({order}), each of them a number or none, not {value!r}")


def _seed(item: Any) -> int | None:
    if item is None or (isinstance(item, str) and item.strip().lower() == "none"):
        return None
    if isinstance(item, bool) or not isinstance(item, int | str):
        raise ValueError
    return int(item)


def samples(value: Any) -> dict[str, tuple[int, ...]]:
    """Task names and the documents wanted of each: a mapping, JSON text, or the path of a JSON file."""
    chosen = _read_json(value) if isinstance(value, str) else value
    if not isinstance(chosen, Mapping):
        raise ValueError(
            f"must map task names to lists of document numbers, as in '{{\"mmlu\": [0, 1]}}', not {value!r}"
        )
    result: dict[str, tuple[int, ...]] = {}
    for name, ids in chosen.items():
        numbers = isinstance(ids, Sequence) and not isinstance(ids, str)
        if not numbers or not ids or not all(type(number) is int and number >= 0 for number in ids):
            raise ValueError(f"must list document numbers from 0 on for {name!r}, not {ids!r}")
        # Documents are read, prompted and numbered in ascending order; a request for one twice would count it twice.
        result[str(name)] = tuple(sorted(set(ids)))
    return result


def _read_json(value: str) -> Any:
    from proctor.encodings import read_text

    inline = value.lstrip().startswith(("{", "["))
    where = "text" if inline else value
    try:
        return json.loads(value if inline else read_text(value))
    except OSError as error:
        raise ValueError(
            f"must be a JSON object or the path of a JSON file; {value!r}: {error.strerror or error}"
        ) from None
    except ValueError as error:
        raise ValueError(f"is not valid JSON ({where}: {error})") from None
    except RecursionError:
        raise ValueError(f"nests too deep ({where[:100]})") from None


def cache_requests(value: Any) -> dict[str, bool]:
    """``true``, ``refresh`` or ``delete``, as lm-eval's three switches; the three may be given as well."""
    keys = ("cache_requests", "rewrite_requests_cache", "delete_requests_cache")
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in keys]
        if unknown:
            raise ValueError(f"knows {', '.join(keys)}, not {unknown[0]!r}")
        return {key: switch(value.get(key, False)) for key in keys}
    mode = "true" if value is True else value
    if value is False:
        return {}
    if mode not in CACHE_MODES:
        raise ValueError(f"must be one of {', '.join(CACHE_MODES)}, not {value!r}")
    return dict(zip(keys, (mode != "delete", mode == "refresh", mode == "delete"), strict=True))


def chat_template(value: Any) -> bool | str:
    """Whether to apply the model's chat template, or the name of one of its templates."""
    if isinstance(value, str) and value.strip().lower() not in ("", "true", "false"):
        return value
    try:
        return switch(value)
    except ValueError:
        raise ValueError(f"must be true, false or the name of a chat template, not {value!r}") from None


def ray(value: Any) -> bool | str:
    """Whether a Ray cluster is used, or the address of one."""
    if isinstance(value, str) and value.strip().lower() not in ("", "true", "false"):
        return value.strip()
    try:
        return switch(value)
    except ValueError:
        raise ValueError(f"must be true, false or the address of a Ray cluster, not {value!r}") from None


def fewshot_exclude(value: Any) -> str:
    """When a question is kept out of its own examples: by lm-eval's rule, or always."""
    if value not in EXCLUSIONS:
        raise ValueError(f"must be one of {', '.join(EXCLUSIONS)}, not {value!r}")
    return value


def multiple_choice(value: Any) -> MultipleChoice:
    """How a model without log-likelihoods chooses among options; YAML's off is false."""
    wanted = "off" if value is False else value
    if wanted not in CHOICES:
        raise ValueError(f"must be one of {', '.join(CHOICES)}, not {value!r}")
    return cast(MultipleChoice, wanted)


def log_level(value: Any) -> str:
    """A level of the log, in any case."""
    level = str(value).strip().upper()
    if level not in LOG_LEVELS:
        hint = did_you_mean(level, LOG_LEVELS)
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}, not {value!r}" + (f". {hint}" if hint else ""))
    return level
