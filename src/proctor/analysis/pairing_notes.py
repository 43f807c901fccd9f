"""What must be known of the documents of two runs that were paired: other prompts, other documents of one number."""

from __future__ import annotations

from collections.abc import Iterator

from proctor.analysis.comparison import PairComparison
from proctor.analysis.wording import named


def prompt_notes(pair: PairComparison) -> Iterator[str]:
    """Whether equal documents were asked with other prompts.

    Args:
        pair: Two runs.
    """
    counts = [(one.task, one.pairs.prompts_differ, len(one.pairs.keys)) for one in pair.tasks if one.pairs]
    different = [(task, count) for task, count, _ in counts if count]
    if different:
        total = sum(size for _, _, size in counts)
        number = sum(count for _, count in different)
        yield (
            f"Same documents, different prompts: {number:,} of {total:,} ({named([task for task, _ in different])}). "
            f"{'The model is the same.' if pair.same_model else 'Prompt and model are compared together.'}"
        )
    if any(count is None for _, count, _ in counts):
        yield "Whether prompts are the same is not known: a file has no prompt_hash."


def number_notes(pair: PairComparison) -> Iterator[str]:
    """That documents were paired by number, and whether they are the same documents.

    Args:
        pair: Two runs.
    """
    paired = [(one.task, one.pairs) for one in pair.tasks if one.pairs and one.pairs.by_number]
    if paired:
        yield "Documents were paired by number, not by their text."
    different = [(task, both.documents_differ) for task, both in paired if both.documents_differ]
    if different:
        total, count = sum(len(both.keys) for _, both in paired), sum(one or 0 for _, one in different)
        yield f"Different documents of one number: {count:,} of {total:,} ({named([task for task, _ in different])})."


def same_prompts(pair: PairComparison) -> bool:
    """Whether all documents are the same and were asked with the same prompts.

    Args:
        pair: Two runs.
    """
    known = [one.pairs for one in pair.tasks if one.pairs and one.pairs.keys]
    return bool(known) and all(one.prompts_differ == 0 and not one.documents_differ for one in known)
