"""Every setting of a run, declared once: a field of :class:`RunConfig`."""

# One declaration, many readers
# -----------------------------
#     limit: float | None = text(None, accepts.limit, _WHAT, "N", "number of documents", short="-L", preview="...")
#       name    its type         default  its check   group  shown   help of `run`        short flag  help elsewhere
#
# From these derive
#   - the flags of run, preview, validate and regrade (``cli.flags``),
#   - the keys of a configuration file and the keywords of Python, with the check of their values (``settings.config``),
#   - the values that a run carries: RunConfig itself.
# Tests compare the rest with it: the tables of docs/command-line.md and of its Korean page, docs/python.md, and the
# keywords that api.py shows to type checkers, which know no way to derive them.
#
# Why fields of a dataclass and not rows of a table beside it: the type and the default of a setting then stand in its
# declaration too, type checkers know every setting that code reads, and there is no second list to keep equal.
#
# Invariants: nothing heavy is imported here, since ``proctor run --help`` reads it. A flag has no default of its own:
# what is not given can come from the configuration file.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from proctor.settings import values as accepts
from proctor.settings.amounts import amount, error_limit
from proctor.settings.choice_settings import SECTION as _CHOICES
from proctor.settings.output_settings import OUTPUT, REPORTERS, OutputSettings
from proctor.settings.sampling_settings import SECTION as _SAMPLING
from proctor.settings.score_settings import SECTION as _SCORES
from proctor.settings.setting import SAME, Setting, names, optional, pairs, repeated, switch, text
from proctor.settings.values import Seeds

_WHAT, _HOW, _CHAT = "what to evaluate", "how to evaluate", "chat"
_MORE = "more"
_SECTIONS = (_WHAT, _SAMPLING, _HOW, _CHOICES, _SCORES, _CHAT, OUTPUT, REPORTERS, _MORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig(OutputSettings):
    """The settings of a run.

    ``device`` None: none was given, the model takes what is there. ``batch_size`` keeps the text of the
    command line. ``metadata`` holds ``model_args`` under its own values. ``model_args`` never hold
    ``device``, ``batch_size`` or ``max_batch_size``: those are settings of their own.
    """

    model: str = text(
        "hf", accepts.word, _WHAT, "MODEL", "kind of model (default: hf)", short="-M", preview=SAME, doctor=SAME
    )
    model_args: Mapping[str, Any] = pairs(
        _WHAT,
        "arguments of the model, as in pretrained=NAME_OR_FOLDER,dtype=float32",
        short="-a",
        preview="the model whose tokenizer is used, as in pretrained=NAME_OR_FOLDER",
        doctor="the server, as in model=NAME,base_url=http://localhost:8000/v1/completions",
    )
    tasks: tuple[str, ...] = names(
        (),
        accepts.names,
        _WHAT,
        "TASK",
        "names of tasks, groups and tags, globs, paths of YAML files or folders; separated by commas or spaces. "
        "'proctor ls tasks' lists all names",
        short="-t",
        preview=SAME,
        validate=SAME,
        regrade=SAME,
    )
    include_path: tuple[str, ...] = repeated(
        (),
        accepts.paths,
        _WHAT,
        "FOLDER",
        "a folder of task files; may be given several times, later ones override earlier ones",
        preview=SAME,
        validate=SAME,
        regrade=SAME,
    )
    config: str | None = text(
        None,
        accepts.path,
        _WHAT,
        "FILE",
        "a YAML file with any of these settings; flags override it",
        short="-C",
        command_line=True,
        preview="a YAML file with settings of a run; flags override it",
    )
    limit: float | None = text(
        None,
        accepts.limit,
        _WHAT,
        "N",
        "number of documents of each task, or a fraction below 1",
        short="-L",
        preview="number of documents of each task (default: 1)",
    )
    samples: Mapping[str, tuple[int, ...]] | None = text(
        None,
        accepts.samples,
        _WHAT,
        "JSON",
        "document numbers instead of --limit, as '{\"task\": [0, 7]}' or a JSON file",
        short="-E",
        preview=SAME,
    )

    num_fewshot: int | None = text(
        None,
        accepts.count,
        _HOW,
        "N",
        "number of few-shot examples (default: the task's)",
        short="-f",
        preview=SAME,
        regrade="number of few-shot examples, if the results file does not have it",
    )
    batch_size: int | str = text(
        1,
        accepts.batch_size,
        _HOW,
        "N|auto|auto:N",
        "requests per batch (default: 1)",
        short="-b",
        preview="for --estimate, as for run",
    )
    max_batch_size: int | None = text(
        None, accepts.size, _HOW, "N", "the largest batch that auto tries", preview="for --estimate, as for run"
    )
    fewshot_exclude: str = text(
        "lm_eval",
        accepts.fewshot_exclude,
        _HOW,
        "lm_eval|always",
        "when a document is excluded from its own few-shot examples (default: lm_eval, which misses some cases)",
        ours=True,
        preview=SAME,
    )
    strict_lm_eval: bool = switch(
        _HOW,
        "give lm-eval's scores also where proctor differs on purpose (docs/differences.md)",
        ours=True,
        preview=SAME,
        regrade=SAME,
    )
    batch_invariant: bool = switch(
        _HOW,
        "make scores independent of the other documents of the run (slower)",
        ours=True,
        preview="as for run; it changes --plan",
    )
    device: str | None = text(
        None,
        accepts.word,
        _HOW,
        "DEVICE",
        "cuda, cuda:0, mps, cpu (default: the best available)",
        preview="for --estimate, as for run",
    )
    threads: int | None = text(
        None,
        accepts.size,
        _HOW,
        "N",
        "number of CPU threads (default: chosen by the libraries)",
        ours=True,
        preview="for --estimate, as for run",
    )
    ray: bool | str = optional(
        False,
        accepts.ray,
        _HOW,
        "ADDRESS",
        "let copies of the model respond on a Ray cluster: that at the address (auto: the one that runs here), that of "
        "RAY_ADDRESS, or a new one on this machine; num_workers, gpus_per_worker and cpus_per_worker in --model_args "
        "say how many",
        alone=True,
        ours=True,
    )
    gen_kwargs: Mapping[str, Any] = pairs(
        _HOW,
        "generation settings, as in temperature=0.8,max_gen_toks=64; they override the task's",
        preview="generation settings, as for run",
    )
    seed: Seeds = text(  # noqa: RUF009 - a field that makes it for each run
        Seeds,
        accepts.seeds,
        _HOW,
        "N[,N,N,N]",
        "one seed for all, or four: Python, numpy, torch, few-shot (default: 0,1234,1234,1234)",
        preview="seeds, as for run",
    )

    apply_chat_template: bool | str = optional(
        False,
        accepts.chat_template,
        _CHAT,
        "NAME",
        "apply the model's chat template, or the one with this name",
        alone=True,
        preview=SAME,
    )
    system_instruction: str | None = text(
        None, accepts.text, _CHAT, "TEXT", "a system message before every prompt", preview=SAME
    )
    fewshot_as_multiturn: bool | None = optional(
        None,
        accepts.switch,
        _CHAT,
        "true|false",
        "few-shot examples as chat turns (default: true with a chat template)",
        alone=True,
        preview=SAME,
    )

    metadata: Mapping[str, Any] = pairs(
        _MORE,
        "metadata for tasks that need some; overrides model_args. A JSON object works, too",
        preview="metadata for tasks that need some, as for run",
        validate="metadata for tasks that need some, as for run",
    )
    env_file: str | None = text(
        None,
        accepts.path,
        _MORE,
        "FILE",
        "a .env file with environment variables such as HF_TOKEN; variables that are set already stay",
        ours=True,
        command_line=True,
        preview="a .env file with environment variables such as HF_TOKEN",
        doctor="a .env file with environment variables such as OPENAI_API_KEY",
    )
    trust_remote_code: bool = switch(
        _MORE,
        "allow models and data sets to run their own code",
        preview="allow tokenizers and data sets to run their own code",
    )
    fail_fast: bool = switch(_MORE, "stop at the first document that cannot be scored", ours=True, regrade=SAME)
    confirm_run_unsafe_code: bool = switch(_MORE, "allow tasks that run code written by the model", regrade=SAME)
    batch: bool = switch(
        _MORE,
        "send texts of chat APIs as batch jobs: cheaper, and up to a day later; the same command finds its job again",
        ours=True,
    )
    max_errors: float = text(
        0.01,
        error_limit,
        _MORE,
        "N|N%",
        "stop when the model refuses more requests than this number or share (default: 1 percent, but at least 20)",
        ours=True,
    )
    prices: str | None = text(
        None,
        accepts.path,
        _MORE,
        "FILE",
        "a YAML or JSON file with what a million tokens of a served model cost",
        ours=True,
        preview="a YAML or JSON file with what a million tokens cost, for --estimate",
    )
    max_cost: float | None = text(
        None,
        amount,
        _MORE,
        "AMOUNT",
        "send no more requests once the responses of this run have cost so much, by --prices",
        ours=True,
    )
    store: str | None = text(
        None,
        accepts.path,
        _MORE,
        "PATH",
        "the file of cached responses (default: in the user's cache folder)",
        ours=True,
        regrade="the file of cached responses (default: as for run)",
    )
    no_store: bool = switch(
        _MORE,
        "neither read nor write cached responses",
        ours=True,
        regrade="read the responses from the samples files beside RESULTS",
    )
    use_cache: str | None = text(
        None, accepts.path, _MORE, "PREFIX", "the same as --store PREFIX.sqlite; lm-eval's name for it", short="-c"
    )
    cache_requests: Mapping[str, bool] = optional(
        dict,
        accepts.cache_requests,
        _MORE,
        "true|refresh|delete",
        "has no effect: building prompts takes seconds, so they are not cached",
        alone="true",
        command_line=True,
    )
    check_integrity: bool = switch(_MORE, "has no effect: use 'proctor validate'", command_line=True)


SETTINGS: Mapping[str, Setting] = {
    one.name: one.metadata["setting"]
    for section in _SECTIONS
    for one in fields(RunConfig)
    if one.metadata["setting"].section == section
}
"""Name -> :class:`Setting`, in the order of ``run --help``."""
