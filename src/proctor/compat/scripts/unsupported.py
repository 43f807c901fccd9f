"""Classes of lm-eval that proctor has no engine for, or another way to it: they can be imported, not made.

Scripts import them to ask ``isinstance(lm, VLLM)``, or import a whole list of models and use one. That must not stop
them; a class refuses when an object of it is made, in a sentence. Each class is made from its row when it is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from proctor.compat.errors import with_built_in
from proctor.errors import UsageError
from proctor.lazy import load_attribute

_MODELS = "proctor evaluates Hugging Face models (--model hf) and classes derived from lm_eval.api.model.LM."
_BASES = {
    "LM": "proctor.compat.scripts.model:LM",
    "TemplateLM": "proctor.compat.scripts.model:TemplateLM",
    "HFLM": "proctor.compat.scripts.huggingface:HFLM",
    "object": "builtins:object",
}


class Row(NamedTuple):
    """A class: its module in lm-eval, the class it derives from, and what proctor has not."""

    module: str
    base: str
    lacking: str
    hint: str = _MODELS


_API = "models behind an API"
_VLLM = "class by which a script makes its vLLM engine", 'simple_evaluate(model="vllm", model_args=...) starts it.'
ROWS: Mapping[str, Row] = {
    "AnthropicLM": Row("models.anthropic_llms", "LM", _API),
    "AnthropicChat": Row("models.anthropic_llms", "LocalCompletionsAPI", _API),
    "TemplateAPI": Row("models.api_models", "TemplateLM", _API),
    "GGUFLM": Row("models.gguf", "LM", "engine for GGUF servers"),
    "HFAUDIOLMQWEN": Row("models.hf_audiolm", "HFLM", "models that hear"),
    "SteeredModel": Row("models.hf_steered", "HFLM", "steered models"),
    "HFMultimodalLM": Row("models.hf_vlms", "HFLM", "models that see"),
    "WatsonxLLM": Row("models.ibm_watsonx_ai", "LM", _API),
    "LiteLLMChatCompletion": Row("models.litellm_llms", "LocalChatCompletion", _API),
    "MambaLMWrapper": Row("models.mamba_lm", "HFLM", "engine for mamba_ssm"),
    "MegatronLMEval": Row("models.megatron_lm", "LM", "Megatron engine"),
    "NeMoLM": Row("models.nemo_lm", "LM", "NeMo engine"),
    "NEURON_HF": Row("models.neuron_optimum", "TemplateLM", "engine for Neuron devices"),
    "_ONNXLMBase": Row("models._onnx_base", "TemplateLM", "ONNX engine"),
    "ONNXRuntimeGenAILM": Row("models.onnxruntime_genai", "_ONNXLMBase", "ONNX engine"),
    "ONNXRuntimeLM": Row("models.onnxruntime_ort", "_ONNXLMBase", "ONNX engine"),
    "WindowsML": Row("models.winml", "ONNXRuntimeGenAILM", "ONNX engine"),
    "LocalCompletionsAPI": Row("models.openai_completions", "TemplateAPI", _API),
    "LocalChatCompletion": Row("models.openai_completions", "LocalCompletionsAPI", _API),
    "OpenAICompletionsAPI": Row("models.openai_completions", "LocalCompletionsAPI", _API),
    "OpenAIChatCompletion": Row("models.openai_completions", "LocalChatCompletion", _API),
    "AzureOpenaiChatCompletionsLM": Row("models.openai_completions", "OpenAIChatCompletion", _API),
    "HabanaLM": Row("models.optimum_habana", "HFLM", "engine for Habana devices"),
    "IPEXLM": Row("models.optimum_ipex", "HFLM", "IPEX engine"),
    "OptimumLM": Row("models.optimum_lm", "HFLM", "OpenVINO engine"),
    "SGLangLM": Row("models.sglang_causallms", "TemplateLM", "SGLang engine"),
    "SGLANGGENERATEAPI": Row("models.sglang_generate_API", "LocalCompletionsAPI", _API),
    "TextSynthLM": Row("models.textsynth", "LM", _API),
    "TRTLLM": Row("models.trtllm_causallms", "TemplateLM", "TensorRT-LLM engine"),
    "VLLM": Row("models.vllm_causallms", "TemplateLM", *_VLLM),
    "VLLM_VLM": Row("models.vllm_vlms", "VLLM", *_VLLM),
    "TaskIndex": Row("tasks._index", "object", "index of its own outside TaskManager, which has all_tasks"),
    "RemoteTokenizer": Row("utils", "object", _API),
}


def __getattr__(name: str) -> Any:
    if name not in ROWS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = _make(name, ROWS[name])
    return made


def _make(name: str, row: Row) -> type:
    base: Any = load_attribute(_BASES.get(row.base, f"{__name__}:{row.base}"))

    def refuse(cls: type, *args: Any, **kwargs: Any) -> Any:
        message = f"{cls.__name__} is not supported yet: proctor has no {row.lacking}."
        raise with_built_in(UsageError(message, hint=row.hint))

    text = f"Not supported yet: proctor has no {row.lacking}."
    return type(base)(name, (base,), {"__new__": refuse, "__module__": f"lm_eval.{row.module}", "__doc__": text})
