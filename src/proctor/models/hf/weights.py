"""Weights: plain, quantised, split over devices, with an adapter or a difference on top."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.models.auto import modeling_auto

from proctor.errors import ModelError
from proctor.lazy import need
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.device import gpu_count, is_processor
from proctor.models.hf.errors import as_sentences, check_folder
from proctor.models.hf.hooks import has_foreign_loader
from proctor.models.hf.light_loading import light_loading
from proctor.models.hf.missing import check_adapter, check_weights, split_info


def load_weights(
    arguments: HfArguments,
    *,
    backend: str,
    dtype: Any,
    device: torch.device,
    tokenizer: Any,
    config: Any,
    auto: Any = None,
) -> Any:
    """The module, in eval mode, on its device. ``auto``: the class that loads it; None: the usual for ``config``."""
    if not isinstance(arguments.pretrained, str):
        # A script may hand in anything with a config, a device and a forward.
        return arguments.pretrained.eval() if hasattr(arguments.pretrained, "eval") else arguments.pretrained
    auto = auto or pick_auto(config, backend)
    options = _options(arguments, device)
    with as_sentences("model", arguments.source, arguments, auto.__name__):
        if arguments.autogptq:
            module = _autogptq(arguments, options)
        elif arguments.gptqmodel:
            module = need("gptqmodel").GPTQModel.from_quantized(
                arguments.source, trust_remote_code=arguments.trust_remote_code, **options
            )
        else:
            module = _from_pretrained(auto, arguments.source, arguments, dtype, options)
    if arguments.peft:
        module = _with_adapter(module, arguments, tokenizer)
    elif arguments.delta:
        _add_difference(module, auto, arguments, dtype, options)
    if hasattr(module, "tie_weights"):
        module.tie_weights()
    if not _is_placed(module, options):
        with as_sentences("model", arguments.source, arguments):
            module = module.to(device)
    return module.eval()


def pick_auto(config: Any, backend: str) -> Any:
    """The class of transformers that loads a model: one that sees images only where none for text alone knows it.

    Such a model answers text by its language model, as long as it is shown no image.
    """
    if backend == "seq2seq":
        return transformers.AutoModelForSeq2SeqLM
    kind = getattr(config, "model_type", None)
    code = getattr(config, "auto_map", None) or {}
    if kind not in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and "AutoModelForCausalLM" not in code:
        for name, mapping in _WITH_IMAGES:
            if kind in getattr(modeling_auto, mapping, {}) or name in code:
                return getattr(transformers, name)
    return transformers.AutoModelForCausalLM


_WITH_IMAGES = (
    ("AutoModelForImageTextToText", "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES"),
    ("AutoModelForMultimodalLM", "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES"),
    ("AutoModelForVision2Seq", "MODEL_FOR_VISION_2_SEQ_MAPPING_NAMES"),
)
"""Classes for models of several media, and their tables; which there are depends on the version."""


def _from_pretrained(
    auto: Any, source: str, arguments: HfArguments, dtype: Any, options: dict[str, Any], *, delta: bool = False
) -> Any:
    """The module of a checkpoint, or of weights that are added to one, if all of its weights are there."""
    gguf = None if delta else arguments.gguf_file
    given = {
        "revision": arguments.revision,
        "trust_remote_code": arguments.trust_remote_code,
        "subfolder": arguments.subfolder,
        # A loader that a script has put in its place expects one module, as everybody else asks for it.
        **({} if has_foreign_loader(auto) else {"output_loading_info": True}),
        **({"gguf_file": gguf} if gguf else {}),
        **options,
    }
    # Under the other name releases before 4.56 fail in various places, and later ones warn.
    release = tuple(int(number) for number in transformers.__version__.split(".")[:2])
    given["dtype" if release >= (4, 56) else "torch_dtype"] = dtype
    with light_loading(alone="tp_plan" not in options):
        loaded = auto.from_pretrained(source, **given)
    module, info = split_info(loaded)
    if hasattr(module, "tie_weights"):
        module.tie_weights()
    what = "delta" if delta else "checkpoint"
    check_weights(module, info, source, what=what, allow=arguments.allow_missing_weights)
    return module


def _options(arguments: HfArguments, device: torch.device) -> dict[str, Any]:
    """What ``from_pretrained`` gets besides the arguments it shares with the tokenizer."""
    options = dict(arguments.extra)
    if arguments.tp_plan is not None:
        options["tp_plan"] = arguments.tp_plan
    elif arguments.parallelize:
        need("accelerate", package="accelerate")
        options.setdefault("device_map", "auto")
        options["max_memory"] = _max_memory(arguments)
        options["offload_folder"] = arguments.offload_folder
    elif options.get("device_map") is not None:
        need("accelerate", package="accelerate")
    elif not is_processor(device) and importlib.util.find_spec("accelerate"):
        # Straight onto the device: the weights never stand in host memory as a whole.
        options["device_map"] = {"": str(device)}
    return _quantised(options)


def _max_memory(arguments: HfArguments) -> dict[Any, Any]:
    if arguments.max_memory_per_gpu is not None:
        limits: dict[Any, Any] = dict.fromkeys(range(gpu_count()), arguments.max_memory_per_gpu)
    else:
        limits = dict(need("accelerate.utils").get_max_memory())
        limits.pop("cpu", None)
    if arguments.max_cpu_memory is not None:
        limits["cpu"] = arguments.max_cpu_memory
    elif not limits:
        limits = dict(need("accelerate.utils").get_max_memory())
    return limits


def _quantised(options: dict[str, Any]) -> dict[str, Any]:
    """``load_in_4bit``/``load_in_8bit`` and their ``bnb_*`` companions as the config that transformers wants."""
    if not (options.get("load_in_4bit") or options.get("load_in_8bit")):
        return {key: value for key, value in options.items() if key not in ("load_in_4bit", "load_in_8bit")}
    need("bitsandbytes")
    need("accelerate", package="accelerate")
    ours = ("load_in_", "bnb_4bit_", "llm_int8_")
    settings = {key: options.pop(key) for key in list(options) if key.startswith(ours)}
    options["quantization_config"] = transformers.BitsAndBytesConfig(**settings)
    return options


def _is_placed(module: Any, options: dict[str, Any]) -> bool:
    moved = options.get("device_map") is not None or options.get("tp_plan") is not None
    quantised = getattr(module, "is_quantized", False) or getattr(module, "quantization_method", None) is not None
    return moved or quantised or bool(getattr(module, "hf_device_map", None))


def _autogptq(arguments: HfArguments, options: dict[str, Any]) -> Any:
    which = arguments.autogptq
    return need("auto_gptq", package="auto-gptq").AutoGPTQForCausalLM.from_quantized(
        arguments.source,
        trust_remote_code=arguments.trust_remote_code,
        model_basename=Path(which).stem if isinstance(which, str) else None,
        use_safetensors=not isinstance(which, str) or which.endswith(".safetensors"),
        **options,
    )


def _with_adapter(module: Any, arguments: HfArguments, tokenizer: Any) -> Any:
    peft = need("peft", package="peft")
    source = str(arguments.peft)
    if os.path.sep in source and not os.path.isdir(source) and source.startswith((".", "/", "~")):
        raise ModelError(f"There is no folder '{source}'.", hint="Check peft= in --model_args.")
    config = getattr(module.config, "text_config", None) or module.config
    if config.vocab_size != len(tokenizer):
        # lm-eval: adapters may have been trained with tokens added.
        module.resize_token_embeddings(len(tokenizer))
    with as_sentences("adapter", source, arguments):
        adapted = peft.PeftModel.from_pretrained(module, source, revision=arguments.revision)
        held = peft.load_peft_weights(source, device="cpu", revision=arguments.revision)
        expected = peft.get_peft_model_state_dict(adapted, save_embedding_layers=False)
    check_adapter(adapted, held, expected, source, allow=arguments.allow_missing_weights)
    return adapted


def _add_difference(module: Any, auto: Any, arguments: HfArguments, dtype: Any, options: dict[str, Any]) -> None:
    """Add the weights of ``delta``, name by name."""
    source = str(arguments.delta)
    check_folder(source, "", weights=True)
    with as_sentences("delta weights", source, arguments):
        difference = _from_pretrained(auto, source, arguments, dtype, options, delta=True).state_dict()
    done: set[int] = set()
    with torch.no_grad():
        for name, parameter in module.state_dict().items():
            if name not in difference:
                raise ModelError(f"The delta weights '{source}' lack '{name}'.", hint="Are they made for this model?")
            if difference[name].shape != parameter.shape:
                raise ModelError(
                    f"The delta weights '{source}' have another shape for '{name}'.",
                    hint="Are they made for this model?",
                )
            if parameter.data_ptr() not in done:
                # Tied weights have two names and are one tensor.
                done.add(parameter.data_ptr())
                parameter.data += difference[name]
