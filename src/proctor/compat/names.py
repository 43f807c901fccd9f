"""Where everything that lm-eval's modules offer is: the one table from which ``lm_eval.*`` is served.

A row is a module of lm-eval (its name below ``lm_eval``) with its sources. ``"*"`` is a module of this package that is
served as it is, so that what a script replaces in it is replaced for its functions, too; of the other sources only the
names are served that stand beside them. ``theirs=ours`` is a name that is another one there. A source that begins with
a dot is in this package. A module without ``"*"`` has no code of its own: :mod:`proctor.compat.faces` makes it when
it is imported, and imports a source when one of its names is asked for.

Invariant: every name of the table can be imported, and no other name of lm-eval without a reason in
:mod:`proctor.compat.absent`; ``tests/compat/test_names.py`` goes through lm-eval's public names.
"""

# How a name is served
# --------------------
#   from lm_eval.utils import make_table
#     alias.Importer (task files) | serving.Finder (scripts)
#       -> faces.load_face("lm_eval.utils")      row "utils": is there one?
#            "*" source?  that module, as FaceModule       else a module without code
#       -> attribute "make_table"
#            the module has it | its row names a source: imported now | a submodule | absent.reason
#
# Why a table and not a package of the same tree: most of lm-eval's modules would be files of re-exports, and each would
# import all of its sources to give one name.

from __future__ import annotations

from collections.abc import Mapping

from proctor.compat.scripts.unsupported import ROWS as UNSUPPORTED

Sources = Mapping[str, str]

_SMALL = ".scripts.small_modules"
_FILTER: Sources = {"proctor.filters.base": "Filter", ".tasks.registry": "register_filter"}
_ENGINE: Sources = {
    "proctor.models.hf.load.load": "configure_pad_token=with_pad_token resolve_max_length=length_limit"
    " DEFAULT_MAX_LENGTH TOKENIZER_INFINITY=UNLIMITED",
    "proctor.models.hf.device": "clear_torch_cache=free_caches",
}
_BASES: Mapping[str, Sources] = {
    "LM": {".scripts.model": "LM"},
    "TemplateLM": {".scripts.model": "TemplateLM"},
    "HFLM": {".scripts.huggingface": "HFLM"},
    "object": {},
}

_OWN: Mapping[str, Sources] = {
    "": {".": "__version__", ".scripts.evaluator": "evaluate simple_evaluate"},
    "__main__": {".__main__": "*"},
    "api": {},
    "api.filter": {".tasks.filters": "Filter FilterEnsemble"},
    "api.group": {".tasks.group": "*"},
    "api.instance": {".tasks.instance": "*"},
    "api.metrics": {
        ".tasks.metrics": "*",
        "proctor.metrics.aggregate": "acc_all acc_all_stderr bits_per_byte brier_score bypass_agg=bypass median nanmean"
        " perplexity weighted_mean weighted_perplexity",
        "proctor.metrics.corpus": "bleu chrf chrfpp=chrf_plus_plus ter",
        "proctor.metrics.labels": "f1_score=f1 matthews_corrcoef",
        "proctor.metrics.text": "bypass exact_match_fn=exact_match exact_match_hf_evaluate=exact_match"
        " acc_fn=pass_on acc_norm_fn=pass_on acc_mutual_info_fn=pass_on acc_bytes_fn=pass_on likelihood_fn=pass_on"
        " brier_score_fn=pass_on perplexity_fn=pass_on word_perplexity_fn=pass_on byte_perplexity_fn=pass_on"
        " bits_per_byte_fn=pass_on mcc_fn=pass_on f1_fn=pass_on bleu_fn=pass_on chrf_fn=pass_on chrfpp_fn=pass_on"
        " ter_fn=pass_on",
        "proctor.stats.bootstrap": "bootstrap_stderr _bootstrap_internal_no_mp=bootstrap_replicates",
        "proctor.stats.standard_errors": "mean_stderr pooled_sample_stderr=pooled_stderr sample_stddev=sample_std"
        " unweighted_mean_stderr=unweighted_stderr",
    },
    "api.model": {".scripts.model": "*", ".scripts.response_file": "hash_args"},
    "api.registry": {
        ".tasks.registry": "*",
        ".scripts.registry": "MODEL_REGISTRY freeze_all get_model model_registry register_model",
    },
    "api.samplers": {".tasks.samplers": "*"},
    "api.task": {
        ".tasks.task_types": "*",
        ".tasks.registry": "AGGREGATION_REGISTRY DEFAULT_METRIC_REGISTRY get_aggregation get_metric"
        " get_metric_aggregation is_higher_better",
        ".tasks.configurable": "ConfigurableTask",
        ".tasks.task_config": "TaskConfig",
        ".tasks.helpers": "eval_logger",
        ".tasks.instance": "OutputType",
    },
    "api.utils": {".tasks.messages": "*"},
    "caching": {},
    "caching.cache": {_SMALL: "PATH delete_cache load_from_cache save_to_cache"},
    "config": {".tasks.group": "GroupConfig", ".tasks.task_config": "TaskConfig"},
    "config.group": {".tasks.group": "AggMetricConfig GroupConfig"},
    "config.task": {".tasks.task_config": "*"},
    "decontamination": {},
    "decontamination.janitor": {".scripts.janitor": "*"},
    "defaults": {
        _SMALL: "DEFAULT_MAX_GEN_TOKS DEFAULT_MAX_LENGTH DEFAULT_OTHER_SEED DEFAULT_RANDOM_SEED DISABLE_MULTIPROC"
        " LMEVAL_HASHMM LOGGING_LEVEL default_gen_kwargs"
    },
    "evaluator": {".scripts.evaluator": "*"},
    "evaluator_utils": {_SMALL: "eval_logger=log get_sample_size print_writeout"},
    "filters": {
        ".tasks.filters": "FilterEnsemble build_filter_ensemble",
        ".tasks.registry": "filter_registry get_filter",
    },
    "filters.custom": {**_FILTER, "proctor.filters.change": "CustomFilter=Custom"},
    "filters.decontamination": {".tasks.decontamination_filter": "*"},
    "filters.extraction": {
        **_FILTER,
        "proctor.filters.change": "WhitespaceFilter=RemoveWhitespace",
        "proctor.filters.extract": "MultiChoiceRegexFilter=MultiChoiceRegex RegexFilter=Regex POSFilter=RegexPos",
    },
    "filters.selection": {
        **_FILTER,
        "proctor.filters.pick": "MajorityVoteFilter=MajorityVote TakeFirstFilter=TakeFirst TakeKFilter=TakeFirstK",
    },
    "filters.transformation": {
        **_FILTER,
        "proctor.filters.change": "SPANFilter=FormatSpan LowercaseFilter=Lowercase MapFilter=MapValues"
        " UppercaseFilter=Uppercase",
    },
    "loggers": {
        ".scripts.evaluation_tracker": "EvaluationTracker GeneralConfigTracker",
        ".scripts.tracker_loggers": "WandbLogger TrackioLogger",
    },
    "loggers.evaluation_tracker": {".scripts.evaluation_tracker": "*"},
    "loggers.trackio_logger": {".scripts.tracker_loggers": "TrackioLogger"},
    "loggers.utils": {
        _SMALL: "add_env_info add_tokenizer_info get_commit_from_path get_git_commit_hash remove_none_pattern",
        "proctor.results.encode": "_handle_non_serializable=fallback",
    },
    "loggers.wandb_logger": {".scripts.tracker_loggers": "WandbLogger"},
    "models": {".scripts.registry": "MODEL_MAPPING"},
    "models.api_models": {_SMALL: "DEFAULT_IMAGE_PLACEHOLDER JsonChatStr LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER"},
    "models.dummy": {".scripts.proctor_lm": "DummyLM"},
    "models.hf_vlms": {_SMALL: "DEFAULT_IMAGE_PLACEHOLDER"},
    "models.huggingface": {
        ".scripts.huggingface": "*",
        ".scripts.model": "TemplateLM",
        ".scripts.model_helpers": "Collator _add_special_kwargs"
        " handle_stop_sequences normalize_gen_kwargs postprocess_generated_text",
        ".scripts.torch_helpers": "get_dtype pad_and_concat",
        **_ENGINE,
    },
    "models.mistral3": {".scripts.huggingface": "HFLM Mistral3LM"},
    "models.openai_completions": {_SMALL: "JsonChatStr"},
    "models.utils": {".scripts.model_helpers": "*", **_ENGINE},
    "models.utils_hf": {".scripts.torch_helpers": "*", **_ENGINE},
    "prompts": {_SMALL: "PROMPT_REGISTRY PromptString get_prompt"},
    "result_schema": {_SMALL: "EvalResults SampleResult"},
    "tasks": {
        ".scripts.manager": "TaskDict TaskManager get_task_dict get_task_name_from_config",
        ".scripts.task_dicts": "get_task_name_from_object=name_of",
    },
    "tasks._index": {".scripts.manager": "Entry Kind"},
    "tasks._yaml_loader": {".tasks.yaml_loader": "*"},
    "tasks.manager": {".scripts.manager": "*", ".scripts.task_dicts": "get_task_name_from_object=name_of"},
    "utils": {
        ".tasks.helpers": "*",
        ".scripts.helpers": "SPACING EnhancedJSONEncoder check_remote_tokenizer_support convert_bytes_to_hash"
        " convert_pil_to_hash escaped_split get_file_datetime get_file_task_name get_latest_filename"
        " get_results_filenames get_rolling_token_windows get_sample_results_filenames hash_dict_images"
        " import_function info_once is_torch_available is_transformers_available make_disjoint_window"
        " make_table maybe_warn pattern_match positional_deprecated sanitize_list sanitize_long_string"
        " sanitize_task_name set_torch_seed setup_logging simple_parse_args_string softmax warning_once wrap_text"
        " HIGHER_IS_BETTER_SYMBOLS",
        ".tasks.messages": "random_name_id=random_task_id",
        ".scripts.model_helpers": "Reorderer group",
        "itertools": "join_iters=chain.from_iterable",
        "proctor.results.encode": "handle_non_serializable=fallback",
        "proctor.results.schema": "hash_string=sha256 sanitize_model_name=sanitize",
        "proctor.settings.kwargs": "handle_arg_string=text_scalar",
        "proctor.tasks.templates": "regex_replace",
    },
}


def _with_unsupported() -> Mapping[str, Sources]:
    """The table with each class that cannot be made, and with its base, which lm-eval's module has in sight."""
    faces = {name: dict(sources) for name, sources in _OWN.items()}
    for name, row in UNSUPPORTED.items():
        sources = faces.setdefault(row.module, {})
        base = _BASES.get(row.base, {".scripts.unsupported": row.base})
        for source, more in ((".scripts.unsupported", name), *base.items()):
            sources[source] = f"{sources.get(source, '')} {more}"
    return faces


FACES: Mapping[str, Sources] = _with_unsupported()
"""Module below ``lm_eval`` -> source -> names, for all that is served."""
