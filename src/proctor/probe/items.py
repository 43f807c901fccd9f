"""What a probe asks of a document: its options in several orders, and the second half of its question."""

# One document
# ------------
#   stem      "The capital of France is\nA. "                       what the prompt has before its first option
#   blocks    "Rome\nB. Paris\nC. Bern\nD. Oslo"                   the published order, then others: the continuations
#   halves    "The capital of"  ->  " France is"                    completion
#
# The labels stay where they are and the options move, as under --choice_orders, whose rendering is used: each order is
# rendered and compared before it is asked. What stands before the first option is the same in all orders, so that the
# log-likelihood of a block differs from that of the whole prompt by one number for all orders of a document.
#
# Only *free* documents are asked for orders: numbers that rise, and "none of the above" at the end, are likelier in
# their published order without any memory. They are counted. (Simulated, 200 documents of which 16 % have a natural
# order that is likelier by one standard deviation: 60 % false alarms where they stay in.)

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from proctor.analysis.orders import Order, OrderMode
from proctor.results.hashes import doc_hash
from proctor.run.selection import document_seed, selection_of
from proctor.settings.config import RunConfig
from proctor.tasks.choice_orders import ChoiceOrders
from proctor.tasks.class_task import AnyTask
from proctor.tasks.listed_options import OwnPrompt
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.prompt_pieces import joined
from proctor.tasks.reordering import Reordering
from proctor.tasks.task import Task

LEAST_WORDS = 8
"""A question with fewer words is not divided: its second half is what any model would write."""
FREE = "free"


@dataclass(frozen=True, slots=True)
class ProbeItem:
    """One document.

    Attributes:
        doc_id: Its number in the task.
        doc_hash: By which it is found for another model.
        kind: ``free``, ``sorted``, ``pinned`` or ``fixed``.
        stem: The prompt before its first option.
        blocks: The options with what stands between them, in the published order and others; of a document that is
            not free, none.
        halves: The two halves of its question; None: it is too short.
        question: The question alone.
    """

    doc_id: int
    doc_hash: str
    kind: str
    stem: str
    blocks: tuple[str, ...]
    halves: tuple[str, str] | None
    question: str = ""


def probe_items(task: AnyTask, config: RunConfig, orders: int) -> Iterator[ProbeItem] | None:
    """The documents of a task; None: its prompts list no options.

    Args:
        task: The task.
        config: Which documents, and the seed.
        orders: How many orders of a document are wanted; rounded up to whole blocks of rotations, at most all.

    Raises:
        TaskError: The prompts list options whose columns are not found, or a document cannot be shown in an order.
    """
    if not isinstance(task, Task):
        return None
    wanted = ChoiceOrders(OrderMode("sampled", orders), seed=document_seed(config))
    reordering = task.reordering(PromptStyle(orders=wanted))
    return None if reordering is None else _items(task, reordering, config)


def _items(task: Task, reordering: Reordering, config: RunConfig) -> Iterator[ProbeItem]:
    chosen = task.positions(selection_of(config, task.spec.name))
    for doc_id, doc in zip(chosen, task.documents.rows(chosen), strict=True):
        item, orders = reordering.of(doc_id, doc)
        own = reordering.own_prompt(doc)
        blocks = () if item.kind != FREE else tuple(_block(own, order) for order in orders)
        stem = own.pieces[0]
        yield ProbeItem(doc_id, doc_hash(doc), item.kind, stem, blocks, halves_of(stem), question_of(stem))


def _block(own: OwnPrompt, order: Order) -> str:
    """The options in an order, with what the prompt has between them and nothing behind the last one."""
    return joined(("", *own.pieces[1:-1], ""), [own.shown[number] for number in order])


def question_of(stem: str) -> str:
    """A question alone.

    Args:
        stem: The prompt before its first option. The last line is left out, where it holds the first label alone.
    """
    lines = stem.rstrip().splitlines()
    while len(lines) > 1 and len(lines[-1].split()) <= 1:
        lines.pop()
    return "\n".join(lines)


def halves_of(stem: str) -> tuple[str, str] | None:
    """A question in two halves, divided between words; None where it has fewer than eight.

    Args:
        stem: The prompt before its first option.
    """
    text = question_of(stem)
    places = [match.start() for match in re.finditer(r"\s+\S", text)]
    if len(places) + 1 < LEAST_WORDS:
        return None
    middle = places[len(places) // 2]
    return text[:middle], text[middle:]
