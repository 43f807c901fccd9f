"""The Python face of a run: the command line's settings as keywords, its result as values.

Every function raises the errors of :mod:`proctor.errors`: sentences for what a person can put right.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from proctor.errors import DataError, UsageError
from proctor.run_result import RunResult
from proctor.settings.keywords import RunSettings, TaskSettings

if TYPE_CHECKING:
    from proctor.analysis.comparison import Comparison
    from proctor.analysis.run_audit import RunAudit
    from proctor.results.stored_run import StoredRun
    from proctor.run.finish import FinishedRun
    from proctor.settings.config import RunConfig
    from proctor.tasks.class_task import AnyTask

__all__ = [
    "RunSettings",
    "TaskSettings",
    "audit",
    "compare",
    "evaluate",
    "load_tasks",
    "open_results",
    "regrade",
    "report",
]

log = logging.getLogger("proctor")


def evaluate(
    *,
    model: str | Any = "hf",
    model_args: Mapping[str, Any] | str | None = None,
    tokenizer: Any = None,
    tasks: str | Sequence[Any],
    bootstrap_iters: int = 100_000,
    **settings: Unpack[RunSettings],
) -> RunResult:
    """Evaluate a model and return tasks, groups and records.

    ``model``: a name for ``--model`` with its ``model_args``; or a model of transformers with its
    ``tokenizer``; or an object that answers requests (:class:`proctor.models.protocols.Model`), or one of a class
    derived from lm-eval's ``LM``. Objects stay open. ``tasks``: names, paths, configurations as
    mappings, what :func:`load_tasks` returned, objects with lm-eval's task methods. ``bootstrap_iters``:
    replicates for standard errors that have no formula; 0 leaves them out. Records are in the result;
    files are written where ``output_path`` says. That place is tried before the model is opened; if files
    cannot be written at the end, the result is returned all the same, with ``output_error``. Documents
    that cannot be graded are left out of the scores and listed in ``failed`` of the result; with
    ``fail_fast`` the first of them raises. Under a launcher (``torchrun`` and others) all ranks compute
    a model that is named, and ranks other than 0 do not come back: they end with rank 0.
    """
    from proctor.run.exam import gather
    from proctor.run.finish import check_output, complete_run
    from proctor.run.model_object import open_object
    from proctor.run.progress import Quiet
    from proctor.run.script_ranks import ranks_opener
    from proctor.run.seeds import seed_everything
    from proctor.run.session import evaluate as run
    from proctor.run.status_file import watched_progress

    items = _items(tasks)
    _check_resamples(bootstrap_iters)
    names = _plain_names(items)
    config = _config(settings, model, model_args, names)
    # Before the place for results is tried: of several ranks one alone writes.
    opener = ranks_opener(config) if isinstance(model, str) else None
    check_output(config.output_path, config)
    opened = open_object(model, tokenizer, model_args, config)
    exam = None
    if names is None:
        # Before tasks are loaded: process_docs may draw from the global generators, as in a run from the command line.
        seed_everything(config.seed)
        exam = gather(config, items, Quiet)
    graded = partial(run, config, bootstrap_iters=bootstrap_iters, keep_records=True)
    with watched_progress(config, Quiet) as progress:
        run_once = partial(graded, progress=progress, opened=opened, opener=opener, exam=exam)
        return _result_of(complete_run(config, lambda _: run_once()))


def _items(tasks: Any) -> list[Any]:
    if isinstance(tasks, str | Mapping):
        return [tasks]
    if not isinstance(tasks, Iterable):
        raise UsageError(f"tasks is {tasks!r}; it must be a name, a configuration, or a list of them.")
    return list(tasks)


def _check_resamples(bootstrap_iters: Any) -> None:
    """Refused before the model is asked: an error at the end would take the scores along."""
    if isinstance(bootstrap_iters, bool) or not isinstance(bootstrap_iters, int) or bootstrap_iters < 0:
        raise UsageError(f"bootstrap_iters is {bootstrap_iters!r}; it must be a whole number of at least 0.")


def regrade(
    source: int | str | Path,
    *,
    tasks: str | Sequence[str] = (),
    include_path: str | Path | Sequence[str | Path] = (),
    num_fewshot: int | None = None,
    exclude: str | Path | None = None,
    cluster: str | None = None,
    output_path: str | Path | None = None,
    log_samples: bool | str = False,
    store: str | None = None,
    no_store: bool = False,
    confirm_run_unsafe_code: bool = False,
    strict_lm_eval: bool = False,
    fail_fast: bool = False,
    bootstrap_iters: int = 100_000,
) -> RunResult:
    """Grade an earlier run again by today's task files, from its stored answers and without its model.

    ``source``: a number that ``proctor runs`` lists, or the path of a results file (of lm-eval, too, if
    its samples lie beside it). ``tasks`` and ``include_path``: others than the run's.
    ``exclude`` and ``cluster``: scores and errors beside the others, as of a run. Raises
    :class:`~proctor.errors.DataError` where answers are missing, because prompts have changed.
    """
    from proctor.replay.changes import Changes
    from proctor.replay.regrade import regrade as grade_again
    from proctor.run.progress import Quiet
    from proctor.settings.config import check_values

    _check_resamples(bootstrap_iters)
    given = {
        "num_fewshot": num_fewshot,
        "exclude": exclude,
        "cluster": cluster,
        "output_path": output_path,
        "log_samples": log_samples,
        "store": store,
        "no_store": no_store,
        "confirm_run_unsafe_code": confirm_run_unsafe_code,
        "strict_lm_eval": strict_lm_eval,
        "fail_fast": fail_fast,
    }
    words = {"tasks": _words("tasks", tasks), "include_path": _words("include_path", include_path)}
    changes = Changes(**words, **check_values(given, prefix=""))
    return _result_of(grade_again(str(source), changes, progress=Quiet, bootstrap_iters=bootstrap_iters))


def _result_of(finished: FinishedRun) -> RunResult:
    """The scores; what could not be written is an error in the log and ``output_error`` of the result."""
    if finished.failure is not None:
        log.error("%s", finished.failure)
    return finished.result


def _words(name: str, given: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    if isinstance(given, str | Path):
        return tuple(word for word in str(given).split(",") if word)
    if not isinstance(given, Sequence) or not all(isinstance(word, str | Path) for word in given):
        raise UsageError(f"{name} is {given!r}; it must be a text or a list of texts.")
    return tuple(map(str, given))


def _plain_names(items: Sequence[Any]) -> list[str] | None:
    """The items as names, if they are nothing else."""
    names = [item for item in items if isinstance(item, str)]
    return names if len(names) == len(items) else None


def _config(
    settings: Mapping[str, Any], model: Any, model_args: Mapping[str, Any] | str | None, names: Sequence[str] | None
) -> RunConfig:
    from proctor.run.model_object import kind_of_object
    from proctor.settings.config import build_config
    from proctor.settings.declarations import SETTINGS

    for key in settings:
        if key in SETTINGS and SETTINGS[key].command_line:
            log.warning("%s is a setting of the command line: it has no effect here.", key)
    named = isinstance(model, str)
    given = {**settings, "tasks": names}
    given |= {"model": model, "model_args": model_args or {}} if named else {"model": kind_of_object(model)}
    return build_config(given, needs_tasks=names is not None, prefix="")


def load_tasks(tasks: str | Sequence[Any], **settings: Unpack[TaskSettings]) -> list[AnyTask]:
    """Tasks under the settings of a run: documents, prompts, metrics; without a model.

    They can be given to :func:`evaluate` in the place of names.
    """
    from proctor.run.exam import gather
    from proctor.run.progress import Quiet
    from proctor.settings.config import build_config

    items = [name for name in tasks.split(",") if name] if isinstance(tasks, str) else _items(tasks)
    return list(gather(build_config({**settings}, needs_tasks=False, prefix=""), items, Quiet).tasks)


def open_results(path: str | Path) -> dict[str, Any]:
    """The content of a ``results_*.json``, of proctor or of lm-eval."""
    from proctor.results.read import read_document

    if not isinstance(path, str | Path):
        raise UsageError(f"path is {path!r}; it must be the path of a results file.")
    file = Path(path)
    document = read_document(file)
    results = document["results"]
    if not isinstance(results, dict) or not all(isinstance(scores, dict) for scores in results.values()):
        raise DataError(f"{file} is no results file: its 'results' are not scores by task.")
    return document


def audit(
    source: int | str | Path,
    *,
    metric: str | None = None,
    tasks: str | Sequence[str] = (),
    cluster: str | None = None,
    by: str | None = None,
    interval: Literal["wilson", "exact"] = "wilson",
    details: bool = False,
    exclude: str | Path | None = None,
    predictions: Sequence[int | str | Path] = (),
    draws: Sequence[int | str | Path] = (),
    store: str | None = None,
) -> RunAudit:
    """Look a stored run through: intervals, chance, baselines, positions, confidence, without a model.

    ``source``: what ``proctor audit`` takes; of a folder with several runs, the newest. ``details``: also the
    confidence of each task of a group, and temperatures. ``predictions``: runs of other models on all documents, from
    which the score of all is predicted where ``source`` asked a random part. ``draws``: runs of the same model with
    other prompts, examples or seeds. Raises
    :class:`~proctor.errors.UsageError` for what is not there, :class:`~proctor.errors.DataError` for what cannot be
    read.
    """
    from dataclasses import replace

    from proctor.analysis.audit import audit_run, check_some_score
    from proctor.analysis.predicted_score import predicted_scores
    from proctor.analysis.run_audit import AuditOptions
    from proctor.analysis.stored_draws import stored_draws

    without = None if exclude is None else str(exclude)
    options = AuditOptions(metric, _words("tasks", tasks), cluster, by, interval, details, exclude=without)
    found = check_some_score(audit_run(_newest(source, store), options))
    references, others = ([_newest(one, store) for one in ones] for ones in (predictions, draws))
    return replace(
        found,
        predicted=predicted_scores(found, references) if references else (),
        draws=stored_draws(found, others) if others else (),
    )


def compare(
    *sources: int | str | Path,
    metric: str | None = None,
    tasks: str | Sequence[str] = (),
    correction: Literal["holm", "bh", "by", "none"] = "holm",
    cluster: str | None = None,
    by: str | None = None,
    pair_tasks: str | Sequence[str] = "auto",
    margin: float | None = None,
    by_number: bool = False,
    interval: Literal["formula", "bootstrap"] = "formula",
    store: str | None = None,
) -> Comparison:
    """Compare stored runs on the documents that they have in common; of two, the second with the first.

    ``sources`` and keywords: as ``proctor compare`` has them. Raises :class:`~proctor.errors.UsageError` for what is
    not there, :class:`~proctor.errors.DataError` for documents that were changed between two runs.
    """
    from proctor.analysis.compare import compare_runs
    from proctor.analysis.comparison import CompareOptions

    names, pairs = _words("tasks", tasks), _words("pair_tasks", pair_tasks)
    options = CompareOptions(metric, names, correction, cluster, margin, by_number, interval, 0, by, pairs)
    return compare_runs([_newest(source, store) for source in sources], options)


def report(
    *sources: int | str | Path,
    output: str | Path = "report.html",
    language: Literal["en", "ko"] | None = None,
    max_size: float = 5.0,
    without: str | Sequence[str] = (),
    by: str | None = None,
    exclude: str | Path | None = None,
    canary: str | None = None,
    store: str | None = None,
) -> Path:
    """Write one HTML file of stored runs, which opens without a network; return its path.

    ``sources`` and keywords: as ``proctor report`` has them. Raises :class:`~proctor.errors.UsageError` for what is
    not there, :class:`~proctor.errors.DataError` for what cannot be read.
    """
    from proctor.html_report.facts import ReportOptions, report_parts, size_in_bytes
    from proctor.html_report.report import make_report, write_report
    from proctor.results.open_runs import open_runs

    opened = open_runs([str(source) for source in sources], store=store)
    parts, excluded = report_parts(_words("without", without)), None if exclude is None else str(exclude)
    options = ReportOptions(language, size_in_bytes(max_size), parts, canary, by, excluded)
    write_report(Path(output), make_report(opened.runs, options, unread=opened.unread, files=opened.files))
    return Path(output)


def _newest(source: int | str | Path, store: str | None) -> StoredRun:
    from proctor.results.open_runs import open_path

    opened = open_path(str(source), store=store)
    for one in opened.unread:
        log.warning("Left out: %s: %s", one.place, one.reason)
    return opened.runs[-1]
