"""What a model reasons before its answer is cut off: by the text of a token, or by its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proctor.errors import UsageError
from proctor.models import open_model
from proctor.types import Generate

WORDS = ["<pad>", "</s>", "<s>", "<unk>", "ask", "<think>", "hmm", "x", "so", "</think>", "yes", "indeed", "never"]
THINK_END = WORDS.index("</think>")
SPOKEN = "<think> hmm x so </think> yes indeed"
TEMPLATE = (
    "{% for m in messages %}{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}"
    "{% if enable_thinking is defined and not enable_thinking %} </think>{% endif %}{% endif %}"
)


def build(folder: Path, *, special: bool) -> str:
    """A checkpoint that says the words in their order, whatever stands before them, and then ends."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks: Any = {"additional_special_tokens": ["</think>"]} if special else {}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="</s>", bos_token="<s>", pad_token="<pad>", unk_token="<unk>", **marks
    )
    tokenizer.chat_template = TEMPLATE
    size = 16
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=size,
        intermediate_size=size,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.zero_()
        # Each word is a direction of its own, and the output head maps it to the next one.
        for place in range(len(WORDS)):
            model.model.embed_tokens.weight[place, place] = 1.0
        for place in range(WORDS.index("ask"), WORDS.index("indeed")):
            model.lm_head.weight[place + 1, place] = 1.0
        model.lm_head.weight[1, WORDS.index("indeed")] = 1.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def thinkers(tmp_path_factory) -> dict[bool, str]:
    """The checkpoint, with ``</think>`` as a special token and as a plain one."""
    return {special: build(tmp_path_factory.mktemp("thinker"), special=special) for special in (False, True)}


def said(folder: str, *, until: tuple[str, ...] = (), **arguments: Any) -> str:
    model = open_model("hf", {"pretrained": folder, "dtype": "float32", **arguments}, device="cpu")
    answer: Any = dict(model.respond([Generate("ask", {"max_gen_toks": 20, "until": list(until)})]))[0]
    return answer.text


def test_without_the_argument_everything_is_the_answer(thinkers):
    assert said(thinkers[False]) == SPOKEN


@pytest.mark.parametrize("scoring", ["auto", "plain"])
@pytest.mark.parametrize("mark", ["</think>", THINK_END, str(THINK_END)])
def test_the_answer_begins_behind_the_mark(thinkers, mark, scoring):
    assert said(thinkers[False], think_end_token=mark, scoring=scoring) == "yes indeed"


def test_a_special_token_is_found_by_its_number_and_not_by_its_text(thinkers, caplog):
    assert said(thinkers[True], think_end_token=THINK_END) == "yes indeed"
    assert not caplog.text
    # lm-eval: special tokens are gone before the text is looked at.
    assert said(thinkers[True], think_end_token="</think>") == SPOKEN.replace("</think> ", "")
    assert f"'</think>' is a special token, which is not in the text: give its number, {THINK_END}" in caplog.text


def test_a_mark_that_never_comes_leaves_the_text_as_it_is(thinkers):
    assert said(thinkers[False], think_end_token="never") == SPOKEN
    assert said(thinkers[False], think_end_token=WORDS.index("never")) == SPOKEN


def test_stop_strings_hold_while_the_model_reasons_and_are_cut_from_the_answer(thinkers):
    # lm-eval: "so" ends the text before the mark is reached.
    assert said(thinkers[False], until=("so",), think_end_token="</think>") == "<think> hmm x "
    assert said(thinkers[False], until=("indeed",), think_end_token="</think>") == "yes "


def test_thinking_is_switched_in_the_chat_template(thinkers):
    rendered = {}
    for switch in (None, True, False):
        arguments = {} if switch is None else {"enable_thinking": switch, "think_end_token": "</think>"}
        model = open_model("hf", {"pretrained": thinkers[False], **arguments}, device="cpu")
        rendered[switch] = model.render([{"role": "user", "content": "ask"}], add_generation_prompt=True)
    assert rendered == {None: "ask", True: "ask", False: "ask </think>"}
    with pytest.raises(UsageError, match="enable_thinking=True needs think_end_token"):
        open_model("hf", {"pretrained": thinkers[False], "enable_thinking": True}, device="cpu")
