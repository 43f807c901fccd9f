"""A file for ``.eval_results/`` of a model's repository: the hub shows its scores on the model's page."""

# The form is the hub's (https://huggingface.co/docs/hub/eval-results): a list of entries, each with a data set, a task
# of that data set's own list, and a value. Which data set of the hub a task belongs to is what its file says
# (``dataset_path``); which name the data set gives the task is known to its owners alone, so what is taken here
# (``dataset_name``, or ``default``) is shown before anything is sent, and can be given.
#
# Invariant: nothing is sent that was not shown; it goes as a pull request, which the owner of the model accepts or not.

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from proctor.errors import UsageError
from proctor.lazy import need
from proctor.reporters.base import ReporterError, text_argument
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.reporters.hub_reporter import check_hub, token_of
from proctor.results.files import as_output_error, file_name, make_folder

_FLAG = "--hf_eval_results_args"
_FOLDER = ".eval_results"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


class EvalResultsReporter:
    """Writes the file, or proposes it to a model's repository.

    Args:
        arguments: ``repo_id`` of the model (default: its name), ``dataset`` and ``task_id`` (default: of the task
            file), ``metric`` (default: the first), ``source_url``, ``notes``; ``folder``: a clone of the repository,
            into which the file is written instead of being sent; ``token``.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        folder = text_argument(arguments, "folder")
        self._folder = None if folder is None else Path(folder).expanduser()

    def check(self) -> None:
        """Whether the file can be sent, if it is to be.

        Raises:
            UsageError: There is no token, or requests to the hub are switched off.
        """
        if self._folder is None:
            check_hub(token_of(self._arguments), _FLAG)

    @property
    def is_remote(self) -> bool:
        """Whether the file is sent to the hub, instead of being written into a clone."""
        return self._folder is None

    def preview(self, run: ReportedRun) -> str:
        """Where the file goes, and what stands in it.

        Args:
            run: What is sent.
        """
        place = self._repository(run) if self._folder is None else str(self._folder)
        return f"# {place}: {_path(run)}\n{eval_results(run, self._arguments)}"

    def begin(self, run: ReportedRun) -> None:
        """Nothing: there is no run to open."""

    def task(self, result: ReportedTask) -> None:
        """Nothing: the file is made of the whole run."""

    def end(self, run: ReportedRun) -> str:
        """Write or send the file."""
        text = eval_results(run, self._arguments)
        if self._folder is not None:
            file = self._folder / _path(run)
            with as_output_error(f"{file} cannot be written", f"{_FLAG} folder="):
                make_folder(file.parent)
                file.write_text(text, encoding="utf-8")
            return str(file)
        commit = need("huggingface_hub").HfApi(token=token_of(self._arguments)).upload_file(
            repo_id=self._repository(run),
            path_in_repo=_path(run),
            path_or_fileobj=text.encode(),
            commit_message=f"Add evaluation results of {run.name}",
            create_pr=True,
        )  # fmt: skip
        return str(commit.pr_url)

    def abandon(self) -> None:
        """Nothing is open."""

    def _repository(self, run: ReportedRun) -> str:
        name = text_argument(self._arguments, "repo_id") or run.name
        if not _REPOSITORY.fullmatch(name):
            raise UsageError(
                f"{_FLAG}: {name!r} is no repository of a model on the hub.",
                hint=f"Add {_FLAG} repo_id=ORGANIZATION/NAME.",
            )
        return name


def _path(run: ReportedRun) -> str:
    names = "_".join(_roots(run))
    return f"{_FOLDER}/{file_name(names)[:100]}.yaml"


def _roots(run: ReportedRun) -> list[str]:
    """Groups, and tasks of no group."""
    return [name for name, depth in run.stored.tree() if depth == 0 and run.stored.scores(name)]


def eval_results(run: ReportedRun, arguments: Mapping[str, Any]) -> str:
    """The file's text.

    Args:
        run: The run.
        arguments: The reporter's.

    Raises:
        ReporterError: The run has no such score, or it is not known which data set of the hub it belongs to.
    """
    entries = list(_entries(run, arguments))
    if not entries:
        raise ReporterError("the run has no scores.")
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)


def _entries(run: ReportedRun, arguments: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    names = _roots(run)
    if len(names) > 1 and (arguments.get("dataset") or arguments.get("task_id")):
        raise UsageError(
            f"{_FLAG}: dataset and task_id are of one task, and the run has {len(names)}: {', '.join(names)}."
        )
    for name in names:
        metric, value = _score(run, name, text_argument(arguments, "metric"))
        dataset, part = _dataset(run, name)
        dataset = text_argument(arguments, "dataset") or dataset
        if dataset is None or not _REPOSITORY.fullmatch(dataset):
            raise UsageError(
                f"{_FLAG}: it is not known which data set of the hub {name!r} belongs to.", hint="Add dataset=ORG/NAME."
            )
        entry: dict[str, Any] = {
            "dataset": {"id": dataset, "task_id": text_argument(arguments, "task_id") or part or "default"},
            "value": value,
        }
        if run.date is not None:
            entry["date"] = f"{run.date:%Y-%m-%dT%H:%M:%SZ}"
        if url := text_argument(arguments, "source_url"):
            entry["source"] = {"url": url}
        shots = run.stored.section("n-shot").get(name)
        said = [f"lm-evaluation-harness task {name}", metric, *([] if shots is None else [f"{shots}-shot"])]
        yield entry | {"notes": text_argument(arguments, "notes") or ", ".join(said)}


def _score(run: ReportedRun, name: str, wanted: str | None) -> tuple[str, float]:
    scores = run.stored.scores(name)
    for (metric, kind), value in scores.items():
        if wanted in (None, metric, f"{metric},{kind}"):
            return metric if kind == "none" else f"{metric} ({kind})", value
    known = ", ".join(sorted({metric for metric, _ in scores}))
    raise UsageError(f"{_FLAG}: {name!r} has no metric {wanted!r}; it has {known}.")


def _dataset(run: ReportedRun, name: str) -> tuple[str | None, str | None]:
    """The data set of a task or of all tasks of a group, and its part; None where they differ."""
    configs = [run.stored.config(task) for task in run.stored.leaves(name)]
    paths, parts = ({config.get(key) for config in configs} for key in ("dataset_path", "dataset_name"))
    path, part = (next(iter(values)) if len(values) == 1 else None for values in (paths, parts))
    return (str(path) if path else None), (str(part) if part else None)
