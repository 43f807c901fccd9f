"""Which documents of a stored task belong together: as somebody named it, as the task declares it, or as is certain."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from proctor.analysis.clusters import column_value, declared_cluster
from proctor.analysis.guessed_clusters import ClusterGuess
from proctor.analysis.run_audit import ClusterSource
from proctor.analysis.task_scores import TaskScores, read_task
from proctor.errors import UsageError
from proctor.results.choice_view import choice_view
from proctor.results.stored_run import Identity, Sample, StoredRun


class TaskClusters:
    """The clusters of one task, found while its samples are read.

    Args:
        run: The run.
        task: The task.
        given: The column that somebody named; then nothing else is looked for.
    """

    def __init__(self, run: StoredRun, task: str, given: str | None) -> None:
        self._run, self._task, self._given = run, task, given
        self._declared = None if given else declared_cluster(run.config(task).get("metadata"))
        self._by_declaration: dict[Identity, Hashable] = {}
        self._guess = ClusterGuess()
        self._seen: set[Identity] = set()

    def visit(self, sample: Sample) -> None:
        """Look at a sample."""
        if self._given is not None or sample.identity in self._seen:
            return
        self._seen.add(sample.identity)
        if self._declared is not None:
            try:
                value = column_value(sample.line.get("doc"), self._declared, self._task, "metadata.cluster")
            except UsageError:
                # A task file of another version of the data: what it declares is not there.
                self._declared = None
            else:
                self._by_declaration[sample.identity] = value
        if self._declared is None:
            self._guess.add(sample)

    def put(self, scores: TaskScores, options: Callable[[Sample], Sequence[str]]) -> ClusterSource | None:
        """Give the documents their clusters.

        Args:
            scores: The task, read; documents have the clusters of a named column already.
            options: The texts of a document's options.

        Returns:
            Where the clusters are from; None: documents are independent, as far as is known.
        """
        if self._given is not None:
            return ClusterSource(self._given, "given") if scores.clustered else None
        if self._declared is not None and self._by_declaration:
            return _put(scores, self._by_declaration, ClusterSource(self._declared, "declared"))
        found = self._guess.found(self._run, self._task, options)
        return None if found is None else _put(scores, found.clusters, ClusterSource(found.by, "guessed"))


def read_with_clusters(
    run: StoredRun, task: str, *, cluster: str | None, by: str | None, metric: str | None
) -> TaskScores:
    """A task's scores; where no column of clusters is named, documents belong together that certainly do.

    Args:
        run: The run.
        task: One of its tasks.
        cluster: The column that somebody named, or that the task declares; None: none is known.
        by: As for :func:`~proctor.analysis.task_scores.read_task`.
        metric: The same.

    Raises:
        DataError: The samples file cannot be read.
    """
    clusters, config = TaskClusters(run, task, cluster), run.config(task)

    def options_of(sample: Sample) -> Sequence[str]:
        view = choice_view(sample, config)
        return view.texts if view else ()

    scores = read_task(run, task, cluster=cluster, by=by, metric=metric, visit=None if cluster else clusters.visit)
    clusters.put(scores, options_of)
    return scores


def _put(scores: TaskScores, clusters: Mapping[Identity, Hashable], source: ClusterSource) -> ClusterSource | None:
    if not scores.documents.keys() <= clusters.keys():
        return None
    for identity, document in scores.documents.items():
        document.cluster = clusters[identity]
    scores.clustered = True
    scores.guessed = source.by if source.origin == "guessed" else None
    return source
