"""``use_prompt``: a prompt that is written elsewhere and named in the task file.

``qa-basic:NAME`` is one of two built-in ones, ``FILE.yaml:NAME`` one of a file's ``prompts``,
``promptsource:NAME`` one of that package's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from proctor.encodings import read_text
from proctor.errors import UsageError, did_you_mean
from proctor.tasks.templates import compile_template
from proctor.tasks.yaml_limits import check_aliases
from proctor.tasks.yaml_parse import check_depth
from proctor.types import Doc

BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "qa-basic": {
        "question-newline-answer": "Question: {{question}}\nAnswer:",
        "q-newline-a": "Q: {{question}}\nA:",
    }
}
"""Category -> name -> template. Source: lm-eval's prompt registry."""


@dataclass(frozen=True, slots=True)
class VerbatimTemplate:
    """A template whose text is taken as it is: no column's name, and no number or list either."""

    source: str

    def __call__(self, doc: Doc) -> str:
        """The text for one document."""
        return compile_template(self.source)(doc)


@dataclass(frozen=True, slots=True)
class PromptsourceTemplate:
    """One part of a template of the package promptsource: 0 is the question, 1 the answer."""

    template: Any
    part: int

    def __call__(self, doc: Doc) -> str:
        """The text for one document."""
        # promptsource gives [""] where a template does not fit a document.
        made = self.template.apply(dict(doc))
        if len(made) != 2:
            raise ValueError(f"the template {self.template.name!r} does not apply to this document")
        return made[self.part]


@dataclass(frozen=True, slots=True)
class NamedPrompt:
    """What a name stands for; None is left to the task."""

    text: Any
    target: Any = None
    choice: Any = None


def named_prompt(name: str, dataset: str | None, subset: str | None, folder: str | None) -> NamedPrompt:
    """The prompt called ``name``, or a :class:`UsageError`. ``folder``: where a file is looked for first."""
    category, separator, own = name.partition(":")
    if not separator or not own:
        raise UsageError(
            f"use_prompt is written as CATEGORY:NAME, not {name!r}.", hint="Such as qa-basic:question-newline-answer."
        )
    if category == "promptsource":
        return _of_promptsource(own, dataset or "", subset)
    if category.endswith((".yaml", ".yml")):
        return _of_file(category, own, folder)
    prompts = BUILT_IN.get(category)
    if prompts is None:
        hint = did_you_mean(category, BUILT_IN) or "Known: qa-basic, promptsource, or a FILE.yaml."
        raise UsageError(f"use_prompt: there is no collection of prompts {category!r}.", hint=hint)
    if own not in prompts:
        hint = did_you_mean(own, prompts) or f"It has: {', '.join(prompts)}."
        raise UsageError(f"use_prompt: {category} has no prompt {own!r}.", hint=hint)
    return NamedPrompt(prompts[own])


def _of_file(file: str, name: str, folder: str | None) -> NamedPrompt:
    # Beside the task file, then in the working directory, as data files.
    path = next((one for one in (Path(folder or ".", file), Path(file)) if os.path.isfile(one)), None)
    if path is None:
        raise UsageError(f"use_prompt: there is no file {file!r} beside the task file or here.")
    prompts = _prompts_of(path, path.stat().st_mtime_ns)
    if name not in prompts:
        hint = did_you_mean(name, prompts) or f"It has: {', '.join(prompts)}."
        raise UsageError(f"use_prompt: {path} has no prompt {name!r}.", hint=hint)
    prompt = prompts[name]
    parts = [prompt.get(key) for key in ("doc_to_text", "doc_to_target")] if isinstance(prompt, Mapping) else [None]
    if not all(isinstance(part, str) for part in parts):
        raise UsageError(f"use_prompt: the prompt {name!r} of {path} needs doc_to_text and doc_to_target as texts.")
    # lm-eval: templates of such a file are always rendered, also where their text is the name of a column.
    return NamedPrompt(*(VerbatimTemplate(str(part)) for part in parts))


@cache
def _prompts_of(path: Path, stamp: int) -> Mapping[str, Any]:
    import yaml

    try:
        text = read_text(path)
        check_depth(text.encode("utf-8", "surrogatepass"))
        # Composed once only to be counted: prompts are strangers' YAML, too.
        check_aliases(yaml.compose(text, yaml.SafeLoader))
        content = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"use_prompt: {path} cannot be read: {error}") from error
    prompts = content.get("prompts") if isinstance(content, Mapping) else None
    if not isinstance(prompts, Mapping):
        raise UsageError(f"use_prompt: {path} has no mapping 'prompts'.")
    return {str(key): value for key, value in prompts.items()}


def _of_promptsource(name: str, dataset: str, subset: str | None) -> NamedPrompt:
    from proctor.lazy import need

    templates = need("promptsource.templates").DatasetTemplates(dataset, subset)
    if name not in templates.all_template_names:
        hint = did_you_mean(name, templates.all_template_names)
        raise UsageError(f"use_prompt: promptsource has no prompt {name!r} for {dataset}.", hint=hint)
    template = templates[name]
    choice = template.get_answer_choices_list if getattr(template, "answer_choices", None) else None
    return NamedPrompt(PromptsourceTemplate(template, 0), PromptsourceTemplate(template, 1), choice)
