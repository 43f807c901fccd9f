"""Does a chat template show the model what it is given? Tried with words that no template holds.

A template that renders nothing, or leaves the user's turn out, makes one prompt of all documents, and
the scores look like scores. So it renders a chat of probes before the model is asked anything.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from proctor.errors import ModelError, ProctorError
from proctor.tasks.prompt import ChatRenderer, PromptStyle
from proctor.tasks.spec import TaskSpec

log = logging.getLogger("proctor")

# Letters only: templates may strip, escape or split what looks like markup, and none rewrites letters.
SYSTEM, SHOT, ANSWER, QUESTION, OPENED = ("Qsystemx", "Qexamplex", "Qanswerx", "Qquestionx", "Qopenedx")


def check_style(style: PromptStyle, tasks: Sequence[TaskSpec]) -> None:
    """:func:`check_chat` for what the prompts of some tasks hold.

    Args:
        style: How prompts are rendered.
        tasks: The tasks.
    """
    check_chat(
        style,
        system=bool(style.system_instruction) or any(task.description for task in tasks),
        shots=any(task.n_shot for task in tasks),
        opened=any(task.prompt.gen_prefix for task in tasks),
    )


def check_chat(style: PromptStyle, *, system: bool, shots: bool, opened: bool) -> None:
    """Check what a chat template does with a prompt; warn of what it leaves out.

    Args:
        style: How prompts are rendered; without a template there is nothing to check.
        system: A system message is given, by the run or by a task's description.
        shots: Few-shot examples stand in turns of their own.
        opened: The assistant's turn is begun by a gen_prefix.

    Raises:
        ModelError: The template leaves the user's message out.
    """
    if style.chat is None:
        return
    shot = [_turn("user", SHOT), _turn("assistant", ANSWER)] if shots and style.multiturn else []
    head = [_turn("system", SYSTEM)] if system else []
    text = _rendered(style.chat, [*head, *shot, _turn("user", QUESTION)])
    if text is None:
        return
    if QUESTION not in text:
        shown = f"it renders {text[:80]!r}" if text.strip() else "it renders nothing"
        raise ModelError(
            f"The chat template leaves the user's message out: {shown} for every document.",
            hint="Without --apply_chat_template prompts are plain text; tokenizer_config.json or chat_template.jinja "
            "holds the template.",
        )
    for word, turns, what in ((SYSTEM, head, "the system message"), (SHOT, shot, "few-shot examples")):
        if turns and word not in text:
            log.warning("The chat template leaves %s out: the model does not see what is given there.", what)
    if shot and SHOT in text and ANSWER not in text:
        log.warning("The chat template leaves the answers of few-shot examples out.")
    if opened:
        begun = _rendered(style.chat, [_turn("user", QUESTION), _turn("assistant", OPENED)], opened=True)
        if begun is not None and OPENED not in begun:
            log.warning("The chat template leaves the beginning of the answer (gen_prefix) out.")


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _rendered(chat: ChatRenderer, messages: Sequence[Mapping[str, str]], *, opened: bool = False) -> str | None:
    """The text; None where the template refuses this chat, which it will say of the real ones."""
    try:
        return chat(messages, add_generation_prompt=not opened)
    except ProctorError:
        return None
