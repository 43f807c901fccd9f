"""A data set on the Hugging Face hub: results file, samples by task, a card with the scores; private by default."""

# One commit for each repository
# ------------------------------
# lm-eval uploads the results, then a folder for each task, then a card: a push that breaks off leaves a part, and a
# card that speaks of what is not there. Here files and card are one commit, which is there whole or not at all. Names
# of repositories and files are lm-eval's, so that what reads its repositories reads these:
#
#     ORG/details_repo_name-private   (without -private where public_repo=True)
#         README.md                                        a configuration for each model and task; split "latest"
#         model__name/results_2026-11-28T10-00-00.123456.json
#         model__name/samples_arc_easy_2026-11-28T10-00-00.123456.jsonl
#
# Results and samples may go to two repositories, by lm-eval's arguments.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.errors import UsageError
from proctor.lazy import need
from proctor.reporters.base import ReporterError, text_argument
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.reporters.hub_card import card
from proctor.results.encode import dumps
from proctor.results.files import file_name, stamp_of
from proctor.results.schema import sanitize

_FLAG = "--hf_hub_log_args"
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no", "")


class HubReporter:
    """Sends one run to data sets of the hub.

    Args:
        arguments: Those of lm-eval's ``EvaluationTracker``.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self._public = self._switch("public_repo")
        self._push_results, self._push_samples = (
            self._switch("push_results_to_hub"),
            self._switch("push_samples_to_hub"),
        )
        self._api: Any = None
        self._organization = ""

    def _switch(self, name: str) -> bool:
        value = str(self._arguments.get(name) or "").lower()
        if value not in (*_TRUE, *_FALSE):
            raise UsageError(f"{_FLAG}: {name} is {self._arguments[name]!r}; it must be True or False.")
        return value in _TRUE

    def check(self) -> None:
        """Whether something is to be sent, and there is a token.

        Raises:
            UsageError: There is nothing to send, no token, or requests to the hub are switched off.
        """
        if not self._push_results and not self._push_samples:
            raise UsageError(
                f"{_FLAG}: nothing is to be sent.",
                hint="Add push_results_to_hub=True, push_samples_to_hub=True or both.",
            )
        check_hub(token_of(self._arguments), _FLAG)

    def begin(self, run: ReportedRun) -> None:
        """Log in: whose repositories they are."""
        if self._push_samples and not run.has_samples:
            raise ReporterError(
                "the run has no samples.", hint="--log_samples --output_path FOLDER writes samples that can be sent."
            )
        self._api = need("huggingface_hub").HfApi(token=token_of(self._arguments))
        # lm-eval: the owner of the token, where no organization is named.
        self._organization = text_argument(self._arguments, "hub_results_org") or self._api.whoami()["name"]

    def task(self, result: ReportedTask) -> None:
        """Nothing: samples are sent as their files have them."""

    def end(self, run: ReportedRun) -> str:
        """Send the files."""
        made = [f"{self._api.endpoint}/datasets/{self._send(run, name, files)}" for name, files in self._parts(run)]
        return " and ".join(made)

    def abandon(self) -> None:
        """Nothing: a commit is there whole or not at all."""

    def _parts(self, run: ReportedRun) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """The repositories, each with its files: path in the repository -> bytes, or a path on this machine."""
        details, results = repository_names(self._arguments)
        files: dict[str, dict[str, Any]] = {}
        folder, stamp = file_name(sanitize(run.name)), run.stored.stamp or _stamp(run)
        if self._push_results:
            text = dumps(run.document, indent=2)
            files.setdefault(results, {})[f"{folder}/results_{stamp}.json"] = text.encode("utf-8", "replace")
        if self._push_samples:
            for path in run.stored.samples_files.values():
                files.setdefault(details, {})[f"{folder}/{path.name}"] = path
        return list(files.items())

    def _send(self, run: ReportedRun, name: str, files: Mapping[str, Any]) -> str:
        repository = f"{self._organization}/{name}" + ("" if self._public else "-private")
        where: dict[str, Any] = {"repo_id": repository, "repo_type": "dataset"}
        self._api.create_repo(**where, private=not self._public, exist_ok=True)
        if self._switch("gated"):
            self._api.update_repo_settings(**where, gated="auto")
        there = self._api.list_repo_files(**where)
        contact = {key: text_argument(self._arguments, key) for key in ("leaderboard_url", "point_of_contact")}
        text = card(run, [*there, *files], {key: value for key, value in contact.items() if value})
        add = need("huggingface_hub").CommitOperationAdd
        content = {**files, "README.md": text.encode("utf-8", "replace")}
        operations = [
            add(path_in_repo=path, path_or_fileobj=str(data) if isinstance(data, Path) else data)
            for path, data in content.items()
        ]
        self._api.create_commit(**where, operations=operations, commit_message=f"Add results of {run.name}")
        return repository


def repository_names(arguments: Mapping[str, Any]) -> tuple[str, str]:
    """The names of the repositories of samples and of results, as lm-eval chooses them.

    Args:
        arguments: The reporter's.
    """
    if one := text_argument(arguments, "hub_repo_name"):
        return one, one
    details = text_argument(arguments, "details_repo_name") or "lm-eval-results"
    return details, text_argument(arguments, "results_repo_name") or details


def token_of(arguments: Mapping[str, Any]) -> str | None:
    """The token: of the arguments, of the environment, or of ``hf auth login``.

    Args:
        arguments: The reporter's.
    """
    return text_argument(arguments, "token") or need("huggingface_hub").get_token()


def check_hub(token: str | None, flag: str) -> None:
    """Whether requests to the hub can be made.

    Args:
        token: The token.
        flag: The flag, for messages.

    Raises:
        UsageError: They cannot.
    """
    if need("huggingface_hub.constants").HF_HUB_OFFLINE:
        raise UsageError(f"{flag}: HF_HUB_OFFLINE is set, so that nothing can be sent to the hub.", hint="Unset it.")
    if not token:
        raise UsageError(
            f"{flag}: there is no token for the Hugging Face hub.",
            hint="Run 'hf auth login', or set HF_TOKEN to a token that may write.",
        )


def _stamp(run: ReportedRun) -> str:
    from datetime import datetime

    return stamp_of((run.date or datetime.now()).replace(tzinfo=None))
