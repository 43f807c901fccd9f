"""What an audit says of columns of the documents: which make clusters, and whether scores differ by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.by_column import FEW, Cells
from proctor.analysis.run_audit import RunAudit, TaskAudit
from proctor.analysis.wording import named, p_value
from proctor.plurals import counted


def cluster_sentences(tasks: Sequence[TaskAudit]) -> Iterator[str]:
    """Which errors are by clusters that nobody named on the command line.

    Args:
        tasks: The tasks.
    """
    for origin, words in (("declared", "as the task declares"), ("guessed", "as their documents show")):
        facts = [
            f"{task.task} by {task.cluster.by} "
            f"({task.main.clusters.clusters:,} of {counted(task.main.n or 0, 'document')})"
            for task in tasks
            if task.cluster and task.cluster.origin == origin and task.main and task.main.clusters
        ]
        if facts:
            named_tasks = f"{named(facts, 8)}; --cluster names another column"
            yield f"Errors are for documents that belong together, {words}: {named_tasks}."


def without_clusters(audit: RunAudit) -> Iterator[str]:
    """Which tasks have few clusters, and which lack the column that was named on the command line.

    Args:
        audit: The run.
    """
    few = [one.task for one in audit.tasks if one.main and one.main.clusters and one.main.clusters.few_clusters]
    if few:
        yield f"Fewer than 20 clusters, so that errors are themselves uncertain: {named(few)}."
    if audit.options.cluster is not None:
        lacking = [task.task for task in audit.tasks if task.cluster is None and task.reason is None]
        if lacking:
            yield f"No column {audit.options.cluster}, so that documents count as independent: {named(lacking)}."


def cells_sentence(cells: Cells) -> str:
    """Whether scores differ between the values of a column.

    Args:
        cells: Of a task or group.
    """
    large = sum(not cell.few for cell in cells.cells)
    if cells.one_each:
        return f"By {cells.column}: every document has a value of its own, so that nothing can be compared."
    head = f"By {cells.column}: {counted(len(cells.cells), 'value')}"
    few = len(cells.cells) - large
    small = f"; {few:,} with fewer than {FEW} documents" if few else ""
    if cells.p is None:
        why = f": {cells.reason}" if cells.reason else ""
        return f"{head}{small}. Whether they differ cannot be tested{why}."
    found = "scores differ" if cells.p <= 0.05 else "scores differ no more than by chance, as far as can be seen"
    test = f"chi-square {cells.statistic:.1f} with {cells.freedom}, {p_value(cells.p)}"
    which = f"Of the {counted(large, 'other')} " if few else "Their "
    return f"{head}{small}. {which}{found} ({test}). Each interval is of its value alone."
