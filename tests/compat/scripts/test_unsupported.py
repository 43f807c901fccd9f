"""Models that proctor has no engine for can be imported and asked about; making one is refused in a sentence."""

import pytest

from proctor.alias import import_peer
from proctor.compat.scripts.huggingface import HFLM
from proctor.compat.scripts.model import LM, TemplateLM
from proctor.compat.scripts.small_modules import JsonChatStr
from proctor.errors import UsageError
from proctor.tasks.index import BUNDLED

CLASSES = {
    "vllm_causallms": ["VLLM"],
    "vllm_vlms": ["VLLM_VLM"],
    "sglang_causallms": ["SGLangLM"],
    "hf_vlms": ["HFMultimodalLM"],
    "hf_audiolm": ["HFAUDIOLMQWEN"],
    "api_models": ["TemplateAPI"],
    "openai_completions": [
        "LocalCompletionsAPI",
        "LocalChatCompletion",
        "OpenAICompletionsAPI",
        "OpenAIChatCompletion",
    ],
    "anthropic_llms": ["AnthropicLM", "AnthropicChat"],
    "gguf": ["GGUFLM"],
    "mamba_lm": ["MambaLMWrapper"],
    "nemo_lm": ["NeMoLM"],
    "megatron_lm": ["MegatronLMEval"],
    "neuron_optimum": ["NEURON_HF"],
    "hf_steered": ["SteeredModel"],
    "optimum_lm": ["OptimumLM"],
    "optimum_ipex": ["IPEXLM"],
    "optimum_habana": ["HabanaLM"],
    "trtllm_causallms": ["TRTLLM"],
    "_onnx_base": ["_ONNXLMBase"],
    "onnxruntime_genai": ["ONNXRuntimeGenAILM"],
    "onnxruntime_ort": ["ONNXRuntimeLM"],
    "winml": ["WindowsML"],
    "sglang_generate_API": ["SGLANGGENERATEAPI"],
    "litellm_llms": ["LiteLLMChatCompletion"],
    "textsynth": ["TextSynthLM"],
    "ibm_watsonx_ai": ["WatsonxLLM"],
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in CLASSES.items() for name in names])
def test_a_class_refuses_to_be_made(module, name):
    cls = getattr(import_peer(f"lm_eval.models.{module}"), name)
    assert issubclass(cls, LM)
    assert cls.__module__.endswith(module)
    assert not isinstance(object.__new__(HFLM), cls)
    for make in (cls, lambda: cls("x", model="y"), lambda: cls.create_from_arg_string("model=y")):
        with pytest.raises(UsageError, match=f"{name} is not supported yet: proctor has no ") as caught:
            make()
        assert ('model="vllm"' if name.startswith("VLLM") else "--model hf") in str(caught.value)


def test_a_class_derived_from_one_refuses_too():
    from proctor.compat.scripts.unsupported import TemplateAPI

    class Mine(TemplateAPI):
        pass

    with pytest.raises(UsageError, match="Mine is not supported yet: proctor has no models behind an API"):
        Mine()


def test_the_relations_are_those_of_lm_eval():
    hf_vlms, vllm_vlms = import_peer("lm_eval.models.hf_vlms"), import_peer("lm_eval.models.vllm_vlms")
    openai_completions = import_peer("lm_eval.models.openai_completions")
    vllm_causallms = import_peer("lm_eval.models.vllm_causallms")

    assert hf_vlms.HFLM is HFLM
    assert issubclass(hf_vlms.HFMultimodalLM, HFLM)
    assert issubclass(vllm_vlms.VLLM_VLM, vllm_causallms.VLLM)
    assert issubclass(openai_completions.OpenAIChatCompletion, openai_completions.LocalChatCompletion)
    assert issubclass(openai_completions.TemplateAPI, TemplateLM)


def test_mistral3_is_scored_by_its_text_part():
    from proctor.compat.scripts.huggingface import Mistral3LM

    lm = Mistral3LM(pretrained=str(BUNDLED / "demo" / "model"), backend="seq2seq", dtype="float32", device="cpu")
    assert (lm.backend, lm.engine() is not None) == ("causal", True)


def test_chats_as_json():
    chat = JsonChatStr('[{"role": "user"}]')
    assert (chat.prompt, chat.encode("utf-8")) == ('[{"role": "user"}]', b'[{"role": "user"}]')


NAMES = {
    "evaluator": ["eval_logger", "TaskManager"],
    "evaluator_utils": ["eval_logger"],
    "api.task": ["eval_logger", "get_aggregation", "get_metric", "get_metric_aggregation", "is_higher_better"],
    "api.model": ["eval_logger"],
    "models.huggingface": [
        *("eval_logger", "TemplateLM", "handle_stop_sequences", "normalize_gen_kwargs", "postprocess_generated_text"),
        *("Collator", "get_dtype", "configure_pad_token", "pad_and_concat", "clear_torch_cache", "_add_special_kwargs"),
    ],
    "models.utils": ["eval_logger", "_add_special_kwargs"],
    "loggers.utils": ["_handle_non_serializable"],
    "caching.cache": ["PATH"],
    "filters": ["FilterEnsemble", "filter_registry", "get_filter"],
    **{f"filters.{name}": ["Filter", "register_filter"] for name in ("custom", "extraction", "selection")},
    "filters.transformation": ["Filter", "register_filter"],
    "models.gguf": ["LM"],
    "models.api_models": ["TemplateLM"],
    "models.hf_steered": ["HFLM"],
    "models.winml": ["ONNXRuntimeGenAILM"],
    "models.sglang_generate_API": ["LocalCompletionsAPI"],
    "utils": ["eval_logger", "logging"],
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in NAMES.items() for name in names])
def test_a_name_is_where_others_import_it_from(module, name):
    assert getattr(import_peer(f"lm_eval.{module}"), name) is not None
