"""``doc_to_text``, ``doc_to_target``, ``doc_to_choice`` and their kin as functions of a document.

A field is a column's name, a template, a constant or a function; which one is decided here,
once per task, and whatever goes wrong on a document becomes a sentence with task, key and line.
"""

# What a value of a task file is
# ------------------------------
#   column      the whole value is the name of a column          doc_to_text: question
#   template    any other text, also one without braces          doc_to_text: "{{question}} Answer:"
#   constant    a number, a list, a mapping                      doc_to_choice: [yes, no]
#   function    !function                                        doc_to_text: !function utils.prompt
#
# The kind is decided once for each task, by the columns of its evaluated split, and not for each document: a column
# that one document lacks is an error and never a template.
#
# Jinja gives text only. lm-eval makes values of some texts, by these rules, kept for equal numbers:
#   target      digits where there are options -> the position of an option; "[...]" -> a list of right texts
#   options     must spell a Python list
#   text        digits where there are options -> the number of the right option (options are contexts then)
#
# Invariant: whatever a template or a function of a task raises leaves here as a TaskError with key and line.

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import TaskError, did_you_mean, error_line, error_text, value_text
from proctor.foreign import ForeignExitError, no_exit, place_of
from proctor.refs import Ref
from proctor.regex_limits.bounded import SlowPatternError
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.spec import PromptSpec, TaskSpec
from proctor.tasks.templates import UNREADABLE, compile_template
from proctor.types import Doc

Getter = Callable[[Doc], Any]

_NO_LITERAL = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError)


@dataclass(frozen=True, slots=True)
class Fields:
    """The getters of one prompt: of the question, or of the few-shot examples.

    ``choice`` None: there are no choices. ``gen_prefix`` gives None where there is none.
    """

    text: Getter
    target: Getter
    choice: Getter | None
    gen_prefix: Getter


def bind(value: Any) -> Any:
    """Resolve a ``!function``; anything else stays as it is."""
    return value.resolve() if isinstance(value, Ref) else value


def bind_all(value: Any) -> Any:
    """A value with every ``!function`` in it resolved, in mappings and lists, however deep."""
    if isinstance(value, Mapping):
        return {key: bind_all(item) for key, item in value.items()}
    return [bind_all(item) for item in value] if isinstance(value, list) else bind(value)


def bind_document_fields(spec: TaskSpec, columns: Collection[str]) -> Fields:
    """Getters of the evaluated question. ``columns``: names of the processed evaluation split."""
    # lm-eval: a gen_prefix is a column of the split here, a key of the document in the examples.
    prefix = _column_or_template(spec, "gen_prefix", spec.prompt.gen_prefix, columns)
    return _bind(spec, spec.prompt, columns, frozenset(), prefix)


def bind_examples(spec: TaskSpec, columns: Collection[str]) -> Fields:
    """Getters of the few-shot examples; columns are those of the *evaluated* split (lm-eval)."""
    prefix = key_or_template(spec, "gen_prefix", spec.fewshot.prompt.gen_prefix)
    return _bind(spec, spec.fewshot.prompt, columns, (spec.raw.get("fewshot_config") or {}).keys(), prefix)


def _bind(
    spec: TaskSpec, prompt: PromptSpec, columns: Collection[str], examples_own: Collection[str], gen_prefix: Getter
) -> Fields:
    """``examples_own``: the keys that stand in fewshot_config, for the place of an error."""

    def field(key: str, value: Any) -> Getter:
        path = ("fewshot_config", key) if key in examples_own else (key,)
        return bind_field(spec, key, value, columns, path)

    return Fields(
        text=field("doc_to_text", prompt.text),
        target=field("doc_to_target", prompt.target),
        choice=None if not prompt.choice else field("doc_to_choice", prompt.choice),
        gen_prefix=gen_prefix,
    )


def bind_field(
    spec: TaskSpec, key: str, value: Any, columns: Collection[str], path: tuple[str, ...] | None = None
) -> Getter:
    """The getter of one of doc_to_text, doc_to_target and doc_to_choice; ``path``: where ``value`` stands."""
    path = path or (key,)
    if key == "doc_to_choice":
        return _choice(spec, path, value, columns)

    def names_choice(rendered: str) -> bool:
        # str.isdigit() as in lm-eval, which is true of "²" as well: literal_eval then fails, and the text stays.
        # lm-eval: digits name a choice where there are choices.
        return spec.prompt.choice is not None and rendered.isdigit()

    def is_target(rendered: str) -> bool:
        # lm-eval: a rendered list is a list of targets.
        return names_choice(rendered) or _looks_like_list(rendered)

    if key == "doc_to_target" and isinstance(value, str) and value not in columns and _keeps_text(spec):
        return _target_template(spec, path, value, names_choice)
    is_python = is_target if key == "doc_to_target" else names_choice
    return _column_template_or_call(spec, path, value, columns, is_python)


def bind_text(spec: TaskSpec, path: tuple[str, ...], value: Any, columns: Collection[str]) -> Getter:
    """The getter of a text that is no field of the prompt: a column, a template or a function at ``path``."""
    return _column_template_or_call(spec, path, value, columns, lambda rendered: False)


def _looks_like_list(rendered: str) -> bool:
    return len(rendered) >= 2 and rendered[0] == "[" and rendered[-1] == "]"


def _keeps_text(spec: TaskSpec) -> bool:
    """Whether a generated answer is compared with the target, and lm-eval's reading of it is not asked for."""
    return output_type_of(spec).generates and spec.process_results is None and not spec.strict


# "{{ answer }}", "{{ row['answer'][0] }}": a template that is no more than a path, without a filter or an operator.
_PLAIN_PATH = re.compile(r"\s*\{\{-?\s*([A-Za-z_]\w*)((?:\.\w+|\[[^\]{}]*\])*)\s*-?\}\}\s*")


def _target_template(spec: TaskSpec, path: tuple[str, ...], source: str, names_choice: Callable[[str], bool]) -> Getter:
    """A target of a generated answer: text of the data that looks like a list of numbers stays text.

    lm-eval makes a list of right answers of whatever renders as a list. Of a list column, and of text that
    spells a list of texts (several right answers in a CSV cell), that is meant; numbers, which no
    generated text ever equals, are not: ``[3, 2, 1]`` is the answer itself.
    """
    render = _template(spec, path, source)
    plain = _PLAIN_PATH.fullmatch(source)

    def rendered(doc: Doc) -> Any:
        text = render(doc)
        if names_choice(text):
            return _literal(text)
        if not _looks_like_list(text):
            return text
        listed = _literal(text)
        of_texts = isinstance(listed, list) and bool(listed) and all(isinstance(one, str) for one in listed)
        # A list of texts is one of right answers. Else it depends on the data: a list column is one, too; a text column
        # that happens to spell a list of numbers is the answer itself. A template that computes is taken as lm-eval
        # takes it.
        return listed if of_texts or plain is None or not isinstance(_value_at(doc, plain), str) else text

    return _guard(spec, path, rendered)


def _value_at(doc: Doc, path: re.Match[str]) -> Any:
    """What a template that is no more than a path names in a document; None where that is not plain to see."""
    value: Any = doc.get(path[1])
    for name, index in re.findall(r"\.(\w+)|\[([^\]]*)\]", path[2]):
        try:
            value = value[name if name and isinstance(value, Mapping) else int(name or index)]
        except (LookupError, TypeError, ValueError):
            word = index.strip("'\" ")
            value = value.get(word) if isinstance(value, Mapping) else None
    return value


def key_or_template(spec: TaskSpec, key: str, value: str | None) -> Getter:
    """A field that is a key of the document itself, else a template; None where it is empty."""
    if not value:
        return lambda doc: None
    render = _guard(spec, (key,), _template(spec, (key,), value))
    # lm-eval: looked for in the document, not among the columns: a few-shot example may come from another split.
    return _text_or_nothing(spec, key, lambda doc: doc[value] if value in doc else render(doc))


def _column_or_template(spec: TaskSpec, key: str, value: str | None, columns: Collection[str]) -> Getter:
    if value is None:
        return lambda doc: None
    if value in columns:
        return _text_or_nothing(spec, key, _column(spec, (key,), value))
    return _guard(spec, (key,), _template(spec, (key,), value))


def _text_or_nothing(spec: TaskSpec, key: str, getter: Getter) -> Getter:
    def text(doc: Doc) -> str | None:
        value = getter(doc)
        if value is not None and not isinstance(value, str):
            raise TaskError(spec.error(f"{key} must give a text, but on a document it gave {value_text(value)}.", key))
        return value

    return text


def _column(spec: TaskSpec, path: tuple[str, ...], name: str) -> Getter:
    def column(doc: Doc) -> Any:
        try:
            return doc[name]
        except KeyError as error:
            hint = f"It has: {', '.join(map(str, doc))}."
            message = f"{'.'.join(path)} is the column {name!r}, which a document does not have."
            raise TaskError(spec.error(message, *path, hint=hint)) from error

    return column


def _template(spec: TaskSpec, path: tuple[str, ...], source: str) -> Getter:
    from jinja2 import TemplateSyntaxError

    try:
        return compile_template(source)
    except TemplateSyntaxError as error:
        raise TaskError(spec.error(f"{'.'.join(path)} is not a valid template: {error.message}", *path)) from error
    except UNREADABLE as error:
        what = error_line(error)
        raise TaskError(spec.error(f"{'.'.join(path)} is not a template that can be read: {what}.", *path)) from error


def _column_template_or_call(
    spec: TaskSpec, path: tuple[str, ...], value: Any, columns: Collection[str], is_python: Callable[[str], bool]
) -> Getter:
    """``is_python``: which rendered texts stand for the number or list that they spell."""
    if isinstance(value, str) and value in columns:
        return _column(spec, path, value)
    if isinstance(value, str):
        render = _template(spec, path, value)

        def rendered(doc: Doc) -> Any:
            text = render(doc)
            return _literal(text) if is_python(text) else text

        return _guard(spec, path, rendered)
    return _constant_or_call(spec, path, value)


def _choice(spec: TaskSpec, path: tuple[str, ...], value: Any, columns: Collection[str]) -> Getter:
    if isinstance(value, str) and value in columns:
        return _column(spec, path, value)
    if isinstance(value, str):
        return _guard(spec, path, _listed(spec, path, value, columns))
    if isinstance(value, Mapping):
        values = list(value.values())
        return lambda doc: values
    return _constant_or_call(spec, path, value)


def _listed(spec: TaskSpec, path: tuple[str, ...], value: str, columns: Collection[str]) -> Getter:
    """A template whose text is a Python list; a misspelt column is the usual reason why it is none."""
    render = _template(spec, path, value)

    def listed(doc: Doc) -> Any:
        rendered = render(doc)
        try:
            return ast.literal_eval(rendered)
        except _NO_LITERAL as error:
            hint = did_you_mean(value, columns) or f"The columns are: {', '.join(columns)}."
            message = f"{'.'.join(path)} must be a column or render to a list, but it gives {rendered!r}."
            raise TaskError(spec.error(message, *path, hint=hint)) from error

    return listed


def _constant_or_call(spec: TaskSpec, path: tuple[str, ...], value: Any) -> Getter:
    value = bind(value)
    if callable(value):
        return _guard(spec, path, value)
    return lambda doc: value


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except _NO_LITERAL:
        return text


def _guard(spec: TaskSpec, path: tuple[str, ...], getter: Getter) -> Getter:
    """Turn any exception of a template or a task function into a sentence."""

    def guarded(doc: Doc) -> Any:
        try:
            with no_exit():
                return getter(doc)
        except TaskError:
            raise
        except Exception as error:
            hint = _meant(error, doc)
            raise TaskError(spec.error(f"{'.'.join(path)} {describe(error, doc)}", *path, hint=hint)) from error

    return guarded


def _meant(error: Exception, doc: Doc) -> str | None:
    """The column that an undefined variable was probably meant to be."""
    from jinja2 import UndefinedError

    name = re.match(r"'(\w+)' is undefined$", error_text(error)) if isinstance(error, UndefinedError) else None
    return did_you_mean(name[1], map(str, doc)) if name else None


def describe(error: Exception, doc: Doc | None = None) -> str:
    """What an exception raised by a template or a task's function says, in a sentence."""
    from jinja2 import UndefinedError

    if isinstance(error, UndefinedError):
        columns = f" The document has: {', '.join(map(str, doc))}." if doc is not None else ""
        return f"uses a variable that a document does not have: {error.message}.{columns}"
    if isinstance(error, SlowPatternError):
        return f"failed{' on a document' if doc is not None else ''}: {error.message}"
    where = " on a document" if doc is not None else ""
    if isinstance(error, ForeignExitError):
        return f"failed{where}: it {error}."
    place = f" (at {found})" if (found := place_of(error)) else ""
    return f"failed{where}: {error_line(error)}{place}."
