"""Section 6: how the runs were made, side by side, so that what differs can be seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proctor.html_report.facts import ReportFacts
from proctor.html_report.language import Language
from proctor.html_report.markup import Html, element, isolated
from proctor.html_report.pieces import details, moment, run_label, section, table
from proctor.results.stored_run import StoredRun

_CONFIG = ("model", "model_args", "model_dtype", "model_num_parameters", "model_revision", "model_sha", "device",
           "batch_size", "limit", "gen_kwargs", "random_seed", "numpy_seed", "torch_seed", "fewshot_seed")  # fmt: skip
_TOP = ("max_length", "system_instruction", "fewshot_as_multiturn", "proctor_version", "lm_eval_version",
        "transformers_version", "git_hash")  # fmt: skip
_OWN = ("scoring", "generation", "truncated", "unusual", "model_digest")
_SHOWN = 400
_MOST_CONFIGS = 12
"""Different task settings that are shown."""
_OF_ONE_TASK = ("task", "task_alias", "dataset_name", "metadata", "description", "group", "tag")
"""Settings in which tasks of a group differ by nature."""


def about(facts: ReportFacts, language: Language) -> Html:
    """The section.

    Args:
        facts: What there is.
        language: Of the words.
    """
    headers = [language.text("setting"), *[run_label(place, run) for place, run in enumerate(facts.runs)]]
    rows = [
        _row(name, values)
        for name, values in _facts(facts.runs, language)
        if any(value not in ("", "—") for value in values)
    ]
    body = element("tbody", *rows)
    return section(
        "about",
        language.text("about"),
        table(headers, body, label=language.text("about"), class_="about"),
        *_templates(facts.runs, language),
        *_task_settings(facts.runs, language),
        _files(facts, language),
    )


def _row(name: str, values: Sequence[str]) -> Html:
    differs = len(set(values)) > 1
    mark = element("span", "≠", class_="differs", title="≠") if differs else None
    return element(
        "tr", element("th", name, mark, scope="row"), *[element("td", value, dir="auto") for value in values]
    )


def _facts(runs: Sequence[StoredRun], language: Language) -> Iterator[tuple[str, list[str]]]:
    yield language.text("fact_file"), [run.source for run in runs]
    yield language.text("date"), [moment(run.stamp) for run in runs]
    yield language.text("fact_shots"), [_shots(run) for run in runs]
    for name in _CONFIG:
        yield name, [_text(run.section("config").get(name)) for run in runs]
    for name in _TOP:
        yield name, [_text(run.document.get(name)) for run in runs]
    for name in _OWN:
        yield name, [_text(run.section("proctor").get(name)) for run in runs]
    yield language.text("fact_template"), [_short_hash(run.document.get("chat_template_sha")) for run in runs]
    yield language.text("fact_seconds"), [_seconds(run) for run in runs]


def _text(value: Any) -> str:
    if value in (None, "", {}, []):
        return ""
    if isinstance(value, Mapping):
        text = ", ".join(
            f"{key}={_text(one) if not isinstance(one, Mapping) else json.dumps(one)}" for key, one in value.items()
        )
    elif isinstance(value, int) and not isinstance(value, bool):
        text = f"{value:,}" if value > 99_999 else str(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def _shots(run: StoredRun) -> str:
    counts = sorted({count for count in run.section("n-shot").values() if isinstance(count, int)})
    return ", ".join(map(str, counts))


def _short_hash(value: Any) -> str:
    return value[:12] if isinstance(value, str) else ""


def _seconds(run: StoredRun) -> str:
    try:
        return f"{float(str(run.document.get('total_evaluation_time_seconds'))):,.1f} s"
    except ValueError:
        return ""


def _templates(runs: Sequence[StoredRun], language: Language) -> Iterator[Html]:
    """Each chat template and system instruction once."""
    for key in ("chat_template", "system_instruction"):
        texts: dict[str, list[int]] = {}
        for place, run in enumerate(runs):
            text = run.document.get(key)
            if isinstance(text, str) and text:
                texts.setdefault(text, []).append(place)
        for text, places in texts.items():
            marks = [run_label(place) for place in places] if len(runs) > 1 else []
            yield details([language.text(f"text_{key}"), " ", *marks], element("pre", text, dir="auto"))


def _task_settings(runs: Sequence[StoredRun], language: Language) -> Iterator[Html]:
    """Settings of tasks; those that differ in nothing but names are shown once."""
    kinds: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for run in runs:
        for task in run.tasks:
            config = run.config(task)
            plain = {key: value for key, value in config.items() if key not in _OF_ONE_TASK and value not in (None, "")}
            if plain:
                key = json.dumps(plain, sort_keys=True, default=str)
                kinds.setdefault(key, (plain, []))[1].append(task)
    if not kinds:
        return
    shown = list(kinds.values())[:_MOST_CONFIGS]
    parts = []
    for config, tasks in shown:
        names = list(dict.fromkeys(tasks))
        title = names[0] if len(names) == 1 else language.text("settings_of", first=names[0], n=len(names) - 1)
        parts.append(details(isolated(title), element("pre", _yaml(config), dir="ltr")))
    if len(kinds) > len(shown):
        parts.append(element("p", language.text("more_settings", n=len(kinds) - len(shown)), class_="note"))
    yield details(
        language.text("task_settings", n=len(kinds)), element("div", *parts, class_="inner"), class_="archive"
    )


def _yaml(config: Mapping[str, Any]) -> str:
    """Settings as lines of a task file; functions and long texts as blocks."""
    lines = []
    for key, value in config.items():
        if isinstance(value, str) and "\n" in value:
            lines += [f"{key}: |", *[f"  {line}" for line in value.rstrip("\n").split("\n")]]
        else:
            text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
            lines.append(f"{key}: {text}")
    return "\n".join(lines)


def _files(facts: ReportFacts, language: Language) -> Html:
    """The files of each run, and those that were left out."""
    counts = [len(run.samples_files) for run in facts.runs]
    items = [
        element("li", element("code", run.source), " ", language.text("and_samples", n=count) if count else None)
        for run, count in zip(facts.runs, counts, strict=True)
    ]
    inner = [element("ul", *items, class_="files")]
    if facts.unread:
        left = [element("li", element("code", one.place), ": ", one.reason) for one in facts.unread]
        inner += [element("p", language.text("files_left", n=len(facts.unread))), element("ul", *left, class_="files")]
    total = len(facts.runs) + sum(counts)
    return details(language.text("files_read", n=total), *inner, open_=bool(facts.unread), class_="archive")
