"""The kinds of reporters, one row each."""

# A row says what must be known before anything of a tracker is imported: which arguments it takes, so that a misspelt
# one is an error before the run and not an exception after it; which package it needs, and from which release on.
# lm-eval's arguments are among them and mean the same. wandb.init and trackio.init take more; they are listed as well.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReporterKind:
    """A tracker, or a place on the hub.

    Attributes:
        title: What messages call it.
        setting: The setting with its arguments.
        target: The class, as ``module:attribute``; it is made with the arguments.
        package: What must be installed; its module has the same name.
        oldest: Its oldest release that will do.
        arguments: The names of arguments; empty where the setting is one text.
        extra: The extra that brings the package; None where proctor itself needs it.
    """

    title: str
    setting: str
    target: str
    package: str
    oldest: str
    arguments: frozenset[str] = frozenset()
    extra: str | None = "trackers"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS: Mapping[str, ReporterKind] = {
    "wandb": ReporterKind(
        "Weights & Biases",
        "wandb_args",
        "proctor.reporters.wandb_reporter:WandbReporter",
        "wandb",
        "0.17",
        _names(
            "entity project dir id name notes tags config config_exclude_keys config_include_keys allow_val_change "
            "group job_type mode force anonymous reinit resume resume_from fork_from save_code tensorboard "
            "sync_tensorboard monitor_gym settings step"
        ),
    ),
    "mlflow": ReporterKind(
        "MLflow",
        "mlflow_args",
        "proctor.reporters.mlflow_reporter:MlflowReporter",
        "mlflow",
        "2.10",
        _names("tracking_uri experiment_name experiment_id run_name run_id description step"),
    ),
    "trackio": ReporterKind(
        "Trackio",
        "trackio_args",
        "proctor.reporters.trackio_reporter:TrackioReporter",
        "trackio",
        "0.5",
        _names(
            "project name group space_id space_storage dataset_id config resume settings private embed auto_log_gpu "
            "auto_log_cpu cpu_log_interval gpu_log_interval webhook_url webhook_min_level bucket_id server_url step"
        ),
    ),
    "tensorboard": ReporterKind(
        "TensorBoard",
        "tensorboard_dir",
        "proctor.reporters.tensorboard_reporter:TensorboardReporter",
        "tensorboard",
        "2.10",
        extra="tensorboard",
    ),
    "hub": ReporterKind(
        "the Hugging Face hub",
        "hf_hub_log_args",
        "proctor.reporters.hub_reporter:HubReporter",
        "huggingface_hub",
        "0.26",
        _names(
            "hub_results_org hub_repo_name details_repo_name results_repo_name push_results_to_hub push_samples_to_hub "
            "public_repo token leaderboard_url point_of_contact gated"
        ),
        extra=None,
    ),
    "hf-eval-results": ReporterKind(
        "the model's repository on the hub",
        "hf_eval_results_args",
        "proctor.reporters.eval_results:EvalResultsReporter",
        "huggingface_hub",
        "0.26",
        _names("repo_id dataset task_id metric source_url notes folder token"),
        extra=None,
    ),
}
"""Name -> kind, as ``proctor push --to`` has it."""
