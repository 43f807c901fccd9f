"""A prompt of multiple choice taken apart: the question alone, the block of options, the cue of the answer."""

# One prompt, three parts
# -----------------------
#   "Which is long?\nA. red\nB. blue\nAnswer:"    stem "Which is long?"  block "A. red\nB. blue"  tail "\nAnswer:"
#   "Question: Which is long?\nAnswer:"           stem "Question: Which is long?"  no block       tail "\nAnswer:"
#   "She pours the"                               stem "She pours the"  no block                  no tail
#
# Where the block begins is established and not guessed: each option is listed behind its own label (or all behind the
# same bullet), with nothing else between two of them. A line that announces options ("Choices:") belongs to the block.
# What stands behind the options must be one short line that is no question. Any other prompt has no stem that could be
# had without the task's word: metadata.choices.question.
#
# Invariant: of a prompt that lists options, ``stem + between + block + tail`` is the prompt, ``between`` being white
# space; so a formulation that lists them shows the very prompt of the task.

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.tasks.choose import cue_for, listed, put_labels, split_cue

_BULLET = re.compile(r"(?:^|\n)[ \t]*[-*•·][ \t]*$")
_HEADING = re.compile(
    r"(?:^|\n)[ \t]*(?:answer choices|choices|options|answers|보기|선택지|선지|选项|選項)[ \t]*[:：]?[ \t]*$",
    re.IGNORECASE,
)
LONGEST_TAIL = 60
"""Characters of a line behind the options that can still be the cue of the answer."""


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """A document's prompt, taken apart.

    Attributes:
        text: The prompt as the task makes it.
        stem: The question alone; None: it cannot be told from the rest.
        block: The options as the prompt lists them; None: it lists none, or not behind labels.
        tail: The cue of the answer with what stands before it; empty where there is none.
        labels: The label of each option.
        why: Why there is no stem.
    """

    text: str
    stem: str | None
    block: str | None
    tail: str
    labels: tuple[str, ...]
    why: str = ""


def listed_parts(text: str, pieces: Sequence[str], labels: Sequence[str] | None) -> QuestionParts:
    """The parts of a prompt that lists its options.

    Args:
        text: The prompt.
        pieces: What stands before, between and after its options.
        labels: The labels that the model chooses from; None: it chooses from the options themselves.
    """
    count = len(pieces) - 1
    tried = [tuple(labels)[:count]] if labels is not None else [put_labels(count), _numbers(count)]
    shown = next((one for one in tried if _labels_at_ends(pieces, one)), None)
    names = shown or tuple(labels or put_labels(count))[:count]
    head, tail = _head(pieces, shown), pieces[-1]
    if not _is_tail(tail):
        return QuestionParts(text, None, None, "", names, "more than a cue stands behind its options")
    if head is None:
        return QuestionParts(text, None, None, tail, names, "its options do not each stand behind a label")
    heading = _HEADING.search(head)
    stem = (head if heading is None else head[: heading.start()]).rstrip()
    # Bullets are no labels: the block cannot be shown where the model is to choose one.
    block = text[len(stem) : len(text) - len(tail)].strip() if shown else None
    return QuestionParts(text, stem, block, tail, names)


def _numbers(count: int) -> tuple[str, ...]:
    return tuple([str(number) for number in range(1, count + 1)])


def unlisted_parts(text: str, count: int) -> QuestionParts:
    """The parts of a prompt that lists no options.

    Args:
        text: The prompt.
        count: How many options there are.
    """
    stem, tail = split_cue(text)
    return QuestionParts(text, stem.rstrip(), None, text[len(stem.rstrip()) :] if tail else "", put_labels(count))


def _labels_at_ends(pieces: Sequence[str], labels: Sequence[str]) -> bool:
    return len(labels) >= len(pieces) - 1 and all(
        _label_at_end(piece, label) is not None for piece, label in zip(pieces[:-1], labels, strict=False)
    )


def _label_at_end(piece: str, label: str) -> re.Match[str] | None:
    name = re.escape(label.strip().strip("()[].:번"))
    return re.search(rf"(?:^|\s)[(\[]?{name}[)\].:번,、．]*[ \t]*$", piece, re.IGNORECASE) if name else None


def _head(pieces: Sequence[str], labels: Sequence[str] | None) -> str | None:
    """What stands before the first label or bullet; None: the options have neither."""
    if labels is not None:
        ends = [_label_at_end(piece, label) for piece, label in zip(pieces[:-1], labels, strict=False)]
    else:
        ends = [_BULLET.search(piece) for piece in pieces[:-1]]
    # Between two options stands nothing but white space and the next label: what else there is belongs to no part.
    if any(end is None for end in ends):
        return None
    if any(piece[: end.start()].strip(" \t\n,;/") for piece, end in zip(pieces[1:-1], ends[1:], strict=True) if end):
        return None
    return pieces[0][: ends[0].start()] if ends[0] is not None else None


def _is_tail(tail: str) -> bool:
    line = tail.strip()
    return "\n" not in line and len(line) <= LONGEST_TAIL and not line.endswith(("?", "？"))


def with_options(stem: str, tail: str, labels: Sequence[str], options: Sequence[str]) -> str:
    """A question with its options behind labels.

    Args:
        stem: The question; it may be empty.
        tail: The cue of the answer; empty: one in the language of the question is put.
        labels: The labels.
        options: The options' texts.
    """
    lines = listed(labels, options)
    cue = tail.strip("\n") or cue_for(stem + lines)
    # As ``--mc`` puts options: a prompt without a cue has its options apart from it.
    between = "\n" if tail.strip() else "\n\n"
    return f"{stem}{between}{lines}\n{cue}" if stem else f"{lines}\n{cue}"
