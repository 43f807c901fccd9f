"""The files of a new task: YAML, data, and a README, as texts by their names in the folder."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import UsageError
from proctor.new.documents import NewDocument, as_line, uniform
from proctor.new.plan import TaskPlan
from proctor.new.readme import readme
from proctor.new.styles import Style, answer_letters, prompt_keys, question_template
from proctor.tasks.json_schema import task_schema

SCHEMA = "task.schema.json"
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA}"
"""Makes VS Code complete and check a task file."""

SETTINGS = "data/source.json"
"""The file that says how the source was read."""

_SCORES = {"letter": "acc", "text": "acc", "cloze": "acc", "chat": "exact_match"}


def task_files(plan: TaskPlan) -> dict[str, str]:
    """All files of the task's folder, by name.

    Args:
        plan: The task.

    Raises:
        UsageError: Two subjects would have one name.
    """
    _check_subjects([subject for subject in plan.documents if subject is not None])
    files: dict[str, str] = {}
    for style in plan.styles:
        files |= (
            _grouped(plan, style)
            if None not in plan.documents
            else {f"{task_name(plan, style)}.yaml": _single(plan, style)}
        )
    files |= _data(plan)
    files[SCHEMA] = json.dumps(task_schema(), ensure_ascii=False, indent=1) + "\n"
    files[SETTINGS] = _settings(plan, files)
    files["README.md"] = readme(plan, [task_name(plan, style) for style in plan.styles])
    return files


def _check_subjects(subjects: Sequence[str]) -> None:
    """Refuse subjects whose names differ only in what a task's name cannot have."""
    known: dict[str, str] = {}
    for subject in subjects:
        other = known.setdefault(slug(subject), subject)
        if other != subject:
            raise UsageError(f"The subjects {other!r} and {subject!r} would be one task.", hint="Rename one of them.")


def task_name(plan: TaskPlan, style: Style, subject: str | None = None) -> str:
    """The name of a task or a group.

    Args:
        plan: The task.
        style: How documents are put; a part of the name where several styles stand side by side.
        subject: One subject's; None: the whole.
    """
    parts = [plan.request.name, *([style] if len(plan.styles) > 1 else []), *([slug(subject)] if subject else [])]
    return "_".join(parts)


def slug(subject: str) -> str:
    """A subject as a part of a name: letters and digits of any script, else underscores."""
    return re.sub(r"\W+", "_", unicodedata.normalize("NFC", subject).lower()).strip("_") or "none"


def _single(plan: TaskPlan, style: Style) -> str:
    keys: dict[str, Any] = {"task": task_name(plan, style)}
    keys |= {"tag": plan.request.name} if len(plan.styles) > 1 else {}
    return _yaml([_about(plan), SCHEMA_LINE], {**keys, **_source(plan, None), **_common(plan, style)})


def _grouped(plan: TaskPlan, style: Style) -> dict[str, str]:
    name = task_name(plan, style)
    template = f"_{name}_template_yaml"
    above = [
        f"{_about(plan)} This is what all subjects share. It has no .yaml ending, so that it is no task by itself."
    ]
    files = {template: _yaml(above, _common(plan, style))}
    for subject in plan.documents:
        own = {"include": template, "task": task_name(plan, style, subject), "task_alias": str(subject)}
        files[f"{task_name(plan, style, subject)}.yaml"] = _yaml([SCHEMA_LINE], {**own, **_source(plan, subject)})
    members = [task_name(plan, style, subject) for subject in plan.documents]
    scores = [{"metric": _SCORES[style], "aggregation": "mean", "weight_by_size": True}]
    if style == "chat":
        scores[0]["filter_list"] = ["stated-answer", "last-letter"]
    group = {"group": name, "task": members, "aggregate_metric_list": scores, "metadata": {"version": 1}}
    files[f"_{name}.yaml"] = _yaml([f"{_about(plan)} Run it with --tasks {name}.", SCHEMA_LINE], group)
    return files


def _about(plan: TaskPlan) -> str:
    return f"# Written by 'proctor new' from {plan.request.source}; see README.md."


def _source(plan: TaskPlan, subject: str | None) -> dict[str, Any]:
    splits = plan.documents[subject]
    files = {split: _data_file(subject, split) for split in splits}
    keys: dict[str, Any] = {"dataset_path": "json", "dataset_kwargs": {"data_files": files}}
    keys |= {f"{split}_split": split for split in ("test", "validation") if split in splits}
    if "dev" in splits:
        keys["fewshot_split"] = "dev"
    return keys


def _data_file(subject: str | None, split: str) -> str:
    return f"data/{split}.jsonl" if subject is None else f"data/{slug(subject)}/{split}.jsonl"


def _common(plan: TaskPlan, style: Style) -> dict[str, Any]:
    keys = dict(prompt_keys(style, plan.shape))
    if plan.examples:
        keys["fewshot_config"] = keys.get("fewshot_config", {"sampler": "first_n"})
    else:
        keys.pop("fewshot_config", None)
    shots = {"num_fewshot": min(plan.examples, 5)} if plan.examples else {}
    question = question_template(plan.shape)
    choices = {"options": "choices", "answer": "answer", "answer_form": "index", "question": question}
    return {**shots, **keys, "metadata": {"version": 1.0, "choices": choices}}


def _data(plan: TaskPlan) -> dict[str, str]:
    lists = plan.shape.several is not None
    every = [(subject, split, document) for subject, splits in plan.documents.items()
             for split, documents in splits.items() for document in documents]  # fmt: skip
    # All files together: a data set has one type for each column, in all of them.
    lines = uniform([_line(plan, document, number, lists=lists) for number, (_, _, document) in enumerate(every, 1)])
    files: dict[str, list[str]] = {}
    for (subject, split, _), line in zip(every, lines, strict=True):
        files.setdefault(_data_file(subject, split), []).append(json.dumps(line, ensure_ascii=False))
    return {name: "\n".join(rows) + "\n" for name, rows in files.items()}


def _line(plan: TaskPlan, document: NewDocument, number: int, *, lists: bool) -> dict[str, Any]:
    line = as_line(document, number, lists=lists)
    if plan.shape.several is not None and "chat" in plan.styles:
        line["answer_letters"] = answer_letters(document.golds, plan.shape.several)
    return line


def _settings(plan: TaskPlan, files: Mapping[str, str]) -> str:
    """How the source was read, and the task files as they were written: what differs later was changed by hand."""
    tasks = {name: sha256_of(text) for name, text in files.items() if not name.startswith("data/")}
    read = [{"path": file.path, "sha256": file.sha256} for file in plan.source.files]
    document = {"settings": plan.request.as_document(), "files": read, "written": tasks}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def sha256_of(text: str) -> str:
    """The SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- YAML


def _yaml(comments: Sequence[str], keys: Mapping[str, Any]) -> str:
    """A task file. Texts are quoted as in JSON, which YAML reads alike, wherever YAML could read them otherwise."""
    return "\n".join([*comments, *_mapping(keys, "")]) + "\n"


def _mapping(keys: Mapping[str, Any], indent: str) -> list[str]:
    lines = list[str]()
    for key, value in keys.items():
        if isinstance(value, Mapping) and not _is_flat(value):
            lines += [f"{indent}{key}:", *_mapping(value, indent + "  ")]
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            lines.append(f"{indent}{key}:")
            for one in value:
                first, *rest = _mapping(one, indent + "    ")
                lines += [f"{indent}  - {first.strip()}", *rest]
        else:
            lines.append(f"{indent}{key}: {_scalar(value)}")
    return lines


def _is_flat(value: Mapping[str, Any]) -> bool:
    """Whether a mapping stands on one line, as JSON: from sign to sign, as in a filter."""
    return all(len(key) == 1 for key in value)


_PLAIN = re.compile(r"[A-Za-z가-힣_][\w가-힣./-]*")
_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if isinstance(value, list):
        return "[" + ", ".join(_scalar(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
