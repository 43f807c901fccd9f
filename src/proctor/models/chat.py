"""Messages to text: a tokenizer's chat template, rendered by transformers within proctor's bounds.

A chat template is a program that comes with a checkpoint. transformers runs it in jinja's sandbox, which does not
bound what it computes, so the template that transformers compiles is compiled anew in the same environment with
bounds (:mod:`proctor.template_limits`): same tags, filters and globals, so the same text. Everything else, such as
how a message is left open, stays transformers'. The compiled template is kept, so that a prompt costs no more.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from proctor.errors import ModelError, ProctorError, error_line
from proctor.template_limits import TemplateTooLarge, bounded_like, budget

log = logging.getLogger("proctor")
_MODULES = ("transformers.tokenization_utils_base", "transformers.utils.chat_template_utils")
"""Where the name is looked up that compiles: in the first of these that has it (the former in 4.48)."""
_COMPILE = "_compile_jinja_template"


def render_chat(tokenizer: Any, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
    """The text of ``messages`` by ``tokenizer.apply_chat_template(..., **options)``.

    Raises:
        jinja2.TemplateError: the template refuses the messages, or is not valid.
        ModelError: it fails in another way, computes without end, or gives no text.
    """
    from jinja2.exceptions import TemplateError

    check_template(tokenizer, options.get("chat_template"))
    budget.renew()
    try:
        with _bounded_templates():
            text = tokenizer.apply_chat_template([dict(message) for message in messages], tokenize=False, **options)
    except (TemplateError, ProctorError):
        raise
    except Exception as error:
        log.debug("Where the chat template failed:", exc_info=True)
        why = str(error) if isinstance(error, TemplateTooLarge) else error_line(error)
        raise ModelError(
            f"The chat template of {name_of(tokenizer)} cannot render this prompt: {why}{_line_of(error)}.",
            hint="LMEVAL_LOG_LEVEL=DEBUG shows where it failed.",
        ) from error
    if not isinstance(text, str):
        raise ModelError(f"The chat template of {name_of(tokenizer)} gives no text, but {type(text).__name__}.")
    return text


def name_of(tokenizer: Any) -> str:
    """The tokenizer's name for a sentence."""
    return str(getattr(tokenizer, "name_or_path", "") or "this model")


def check_template(tokenizer: Any, given: Any = None) -> None:
    """Refuse a chat template that is no text, such as ``chat_template: 5`` in a checkpoint's settings."""
    template = getattr(tokenizer, "chat_template", None) if given is None else given
    texts = template.values() if isinstance(template, Mapping) else [template]
    wrong = next((text for text in texts if text is not None and not isinstance(text, str)), None)
    if wrong is not None:
        raise ModelError(
            f"The chat template of {name_of(tokenizer)} is {wrong!r:.60}, which is no text.",
            hint="Mend chat_template in its tokenizer_config.json.",
        )


def _line_of(error: BaseException) -> str:
    """The line of the template that failed: jinja puts it into the traceback."""
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return "" if line is None else f" (line {line} of the template)"


@contextmanager
def _bounded_templates() -> Iterator[None]:
    """Let transformers compile its templates with bounds; a tokenizer that is not its own renders as it likes."""
    loaded = [sys.modules[name] for name in _MODULES if name in sys.modules]
    module = next((module for module in loaded if hasattr(module, _COMPILE)), loaded[-1] if loaded else None)
    original = None if module is None else _original(module)
    if module is None or original is None:
        yield
        return
    setattr(module, _COMPILE, _bounded_compile(original))
    try:
        yield
    finally:
        setattr(module, _COMPILE, original)


@cache
def _original(module: Any) -> Callable[[str], Any] | None:
    """What compiles a template in the installed transformers; asked once, so that two threads restore the same."""
    found = getattr(module, _COMPILE, None)
    if found is None:
        log.warning("The installed transformers compiles chat templates in another way: their work is not bounded.")
    return found


@cache
def _bounded_compile(original: Callable[[str], Any]) -> Callable[[str], Any]:
    @cache
    def compile_in_bounds(chat_template: str) -> Any:
        # Not the template itself: to compile it without bounds is to compute its constants.
        return bounded_like(original(""), chat_template)

    return compile_in_bounds
