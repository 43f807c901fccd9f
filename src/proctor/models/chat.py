"""Messages to text: a tokenizer's chat template, rendered by transformers within proctor's bounds.

A chat template is a program that comes with a checkpoint. transformers runs it in jinja's sandbox, which does not
bound what it computes, so the template that transformers compiles is compiled anew in the same environment with
bounds (:mod:`proctor.template_environment`): same tags, filters and globals, so the same text. Everything else, such as
how a message is left open, stays transformers'. The compiled template is kept, so that a prompt costs no more.

transformers' own function that compiles is replaced once, by one that asks whether this thread is within
:func:`render_chat`: set and restored around each rendering, it would be the bounded one for other threads too, or the
original for this one.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from typing import Any

from proctor.errors import ModelError, ProctorError, UsageError, did_you_mean, error_line
from proctor.template_environment import bounded_like
from proctor.template_limits import budget
from proctor.template_sizes import TemplateTooLarge

log = logging.getLogger("proctor")
_MODULES = ("transformers.tokenization_utils_base", "transformers.utils.chat_template_utils")
"""Where the name is looked up that compiles: in the first of these that has it (the former in 4.48)."""
_COMPILE = "_compile_jinja_template"


class _Rendering(threading.local):
    """Whether this thread renders a chat."""

    bounded = False


_rendering = _Rendering()


def named_template(templates: Mapping[str, str], name: str | bool) -> str:
    """The chat template called ``name`` of a tokenizer with several; ``default`` where no name is given.

    Raises:
        UsageError: There is none of that name.
    """
    wanted = name if isinstance(name, str) else "default"
    if wanted not in templates:
        hint = did_you_mean(wanted, templates) or f"Its templates: {', '.join(sorted(templates))}."
        raise UsageError(f"The tokenizer has no chat template named {wanted!r}.", hint=hint)
    return templates[wanted]


def render_chat(tokenizer: Any, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
    """The text of ``messages`` by ``tokenizer.apply_chat_template(..., **options)``.

    Raises:
        jinja2.TemplateError: the template refuses the messages, or is not valid.
        ModelError: it fails in another way, computes without end, or gives no text.
    """
    check_template(tokenizer, options.get("chat_template"))
    _bound_templates()
    budget.renew()
    # A flag of this thread: other threads of the process may use transformers' templates without bounds.
    _rendering.bounded = True
    try:
        text = tokenizer.apply_chat_template([dict(message) for message in messages], tokenize=False, **options)
    # Bounds that are exceeded, and tokenizers of proctor's own, say what is wrong themselves.
    except ProctorError:
        raise
    except Exception as error:
        if _is_refusal(error):
            raise
        log.debug("Where the chat template failed:", exc_info=True)
        why = str(error) if isinstance(error, TemplateTooLarge) else error_line(error)
        raise ModelError(
            f"The chat template of {name_of(tokenizer)} cannot render this prompt: {why}{_line_of(error)}.",
            hint="LMEVAL_LOG_LEVEL=DEBUG shows where it failed.",
        ) from error
    finally:
        _rendering.bounded = False
    if not isinstance(text, str):
        raise ModelError(f"The chat template of {name_of(tokenizer)} gives no text, but {type(text).__name__}.")
    return text


def _is_refusal(error: Exception) -> bool:
    from jinja2.exceptions import TemplateError

    return isinstance(error, TemplateError)


def name_of(tokenizer: Any) -> str:
    """The tokenizer's name for a sentence."""
    return str(getattr(tokenizer, "name_or_path", "") or "this model")


def check_template(tokenizer: Any, given: Any = None) -> None:
    """Refuse a chat template that is no text, such as ``chat_template: 5`` in a checkpoint's settings."""
    template = getattr(tokenizer, "chat_template", None) if given is None else given
    if type(template) is str:
        return
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


def _bound_templates() -> None:
    """Let transformers compile with bounds what this module renders; other tokenizers render as they like."""
    loaded = [sys.modules[name] for name in _MODULES if name in sys.modules]
    # Only among loaded modules: a tokenizer that renders by other means needs no transformers.
    module = next((module for module in loaded if _COMPILE in vars(module)), loaded[-1] if loaded else None)
    if module is None:
        return
    original = getattr(module, _COMPILE, None)
    if original is None:
        _warn_of_no_bounds()
    elif not hasattr(original, "bounded_by_proctor"):
        setattr(module, _COMPILE, _bounded_compile(original))


@cache
def _warn_of_no_bounds() -> None:
    log.warning("The installed transformers compiles chat templates in another way: their work is not bounded.")


@cache
def _bounded_compile(original: Callable[[str], Any]) -> Callable[[str], Any]:
    @cache
    def compile_in_bounds(chat_template: str) -> Any:
        # Not the template itself: to compile it without bounds is to compute its constants.
        return bounded_like(original(""), chat_template)

    @wraps(original)
    def compile_template(chat_template: str) -> Any:
        return compile_in_bounds(chat_template) if _rendering.bounded else original(chat_template)

    setattr(compile_template, "bounded_by_proctor", True)  # noqa: B010 - a function has no such attribute
    return compile_template
