"""The settings of where results go, and what is said of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.settings import values as accepts
from proctor.settings.sampling_settings import SamplingSettings
from proctor.settings.setting import SAME, optional, pairs, switch, text

OUTPUT, REPORTERS = "output", "reporters"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSettings(SamplingSettings):
    """What :class:`proctor.settings.declarations.RunConfig` has of files, reporters and the log."""

    output_path: str | None = text(
        None,
        accepts.path,
        OUTPUT,
        "PATH",
        "where results are written: a folder or a .json file",
        short="-o",
        regrade=SAME,
    )
    log_samples: bool | str = optional(
        False,
        accepts.samples_form,
        OUTPUT,
        "FORM",
        "also write a samples file per task, with every prompt, response and score: JSON lines, or jsonl.gz or parquet",
        alone=True,
        short="-s",
        regrade=SAME,
    )
    predict_only: bool = switch(OUTPUT, "write the responses and compute no scores", short="-x")
    write_out: bool = switch(OUTPUT, "log the first prompt of each task", short="-w")
    show_config: bool = switch(OUTPUT, "print the content of the results file", command_line=True, regrade=SAME)
    verbosity: str | None = text(
        None,
        accepts.log_level,
        OUTPUT,
        "LEVEL",
        "log level: DEBUG, INFO, WARNING, ERROR; LMEVAL_LOG_LEVEL overrides it",
        short="-v",
        command_line=True,
    )
    wandb_args: Mapping[str, Any] = pairs(
        REPORTERS,
        "send results to Weights & Biases: arguments of wandb.init, as in project=NAME; and step=N",
        command_line=True,
        push="arguments of wandb.init, as in project=NAME; and step=N",
    )
    wandb_config_args: Mapping[str, Any] = pairs(
        REPORTERS, "more values for the configuration of the run there", command_line=True, push=SAME
    )
    trackio_args: Mapping[str, Any] = pairs(
        REPORTERS,
        "send results to Trackio: arguments of trackio.init, as in project=NAME; and step=N",
        command_line=True,
        push="arguments of trackio.init, as in project=NAME; and step=N",
    )
    hf_hub_log_args: Mapping[str, Any] = pairs(
        REPORTERS,
        "send results to a data set on the Hugging Face hub, as in hub_results_org=NAME,push_results_to_hub=True",
        command_line=True,
        push="which data set, as in hub_results_org=NAME,results_repo_name=NAME",
    )
    mlflow_args: Mapping[str, Any] = pairs(
        REPORTERS,
        "send results to MLflow, as in tracking_uri=ADDRESS,experiment_name=NAME",
        ours=True,
        command_line=True,
        push="as in tracking_uri=ADDRESS,experiment_name=NAME",
    )
    tensorboard_dir: str | None = text(
        None,
        accepts.path,
        REPORTERS,
        "FOLDER",
        "write scores for TensorBoard to this folder",
        ours=True,
        command_line=True,
        push="the folder of TensorBoard's runs (default: runs)",
    )
    strict_reporters: bool = switch(
        REPORTERS,
        "exit with 1 if results did not arrive where they were sent (default: a warning)",
        ours=True,
        command_line=True,
    )
