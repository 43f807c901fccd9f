"""Log-likelihoods of rows: the head gets needed rows only, whatever an architecture does to its logits."""

from __future__ import annotations

import random

import pytest
import torch
from tiny_models import REQUESTS, close, open_tiny, textbook

from proctor.models.hf.scoring.row_scorer import RowScorer
from proctor.models.prefix.rows import make_rows, make_span
from proctor.types import Loglikelihood

TINY = {
    "vocab_size": 99,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
GPT = {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}
GPT |= {"bos_token_id": 1, "eos_token_id": 2}
BART = {"vocab_size": 99, "d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "max_position_embeddings": 128}
BART |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
T5 = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
T5 |= {"decoder_start_token_id": 0}

CAUSAL = {
    "llama": TINY,
    "mistral": {**TINY, "sliding_window": 6},
    "gemma2": {**TINY, "sliding_window": 6, "query_pre_attn_scalar": 8},  # caps its logits
    "cohere": {**TINY, "logit_scale": 0.25},
    "granite": {**TINY, "logits_scaling": 3.0},
    "gpt2": GPT,
    "bloom": {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4},
    "mamba": {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4},
}
ENCODER_DECODER = {"t5": T5, "bart": BART}


def build(kind: str, settings: dict, auto: str):
    import transformers

    torch.manual_seed(0)
    module = getattr(transformers, auto).from_config(transformers.AutoConfig.for_model(kind, **settings)).eval()
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return module


def spans():
    chance = random.Random(3)
    pick = lambda count: [chance.randrange(3, 99) for _ in range(count)]  # noqa: E731
    contexts = [pick(chance.randint(2, 20)) for _ in range(4)]
    pairs = [(context, pick(count)) for context in contexts for count in (1, 1, 3)]
    return [make_span(owner, *pair) for owner, pair in enumerate(pairs)]


@pytest.mark.parametrize("kind", sorted(CAUSAL))
def test_causal_scores_are_the_textbooks(kind):
    module = build(kind, CAUSAL[kind], "AutoModelForCausalLM")
    scorer = RowScorer(module, torch.device("cpu"), backend="causal", max_length=128)
    found = {result.owner: result for result in scorer(make_rows(spans(), share=True))}
    assert scorer.head_on_needed_rows
    for span in spans():
        with torch.no_grad():
            logits = module(torch.tensor(span.tokens[None, :-1].astype("int64"))).logits[0, -span.count :]
        check(found[span.owner], logits, span)


@pytest.mark.parametrize("kind", sorted(ENCODER_DECODER))
@pytest.mark.parametrize("through_labels", [False, True])
def test_encoder_decoder_scores_are_the_textbooks(kind, through_labels):
    module = build(kind, ENCODER_DECODER[kind], "AutoModelForSeq2SeqLM")
    shift = module.prepare_decoder_input_ids_from_labels
    if through_labels:
        module.prepare_decoder_input_ids_from_labels = None
    scorer = RowScorer(module, torch.device("cpu"), backend="seq2seq", max_length=128)
    found = {result.owner: result for result in scorer(make_rows(spans(), share=False))}
    assert scorer.head_on_needed_rows is not through_labels
    for span in spans():
        context, scored = (torch.tensor(part[None].astype("int64")) for part in (span.context, span.scored))
        with torch.no_grad():
            logits = module(input_ids=context, decoder_input_ids=shift(labels=scored)).logits[0]
        check(found[span.owner], logits, span)


def check(result, logits, span):
    logprobs, target = logits.log_softmax(-1), torch.tensor(span.scored.astype("int64"))
    assert result.logprob == pytest.approx(logprobs.gather(1, target[:, None]).sum().item(), abs=1e-4)
    assert result.greedy == bool((logprobs.argmax(-1) == target).all())


def test_without_a_head_to_hook_all_rows_are_computed():
    module = build("llama", TINY, "AutoModelForCausalLM")
    hooked = RowScorer(module, torch.device("cpu"), backend="causal", max_length=128)
    module.get_output_embeddings = lambda: None
    plain = RowScorer(module, torch.device("cpu"), backend="causal", max_length=128)
    rows = make_rows(spans(), share=True)
    for one, other in zip(hooked(rows), plain(rows), strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
    assert plain.head_on_needed_rows is False


def test_a_large_vocabulary_is_reduced_piece_by_piece(monkeypatch):
    from proctor.models.hf.scoring import row_scorer

    module = build("llama", TINY, "AutoModelForCausalLM")
    scorer = RowScorer(module, torch.device("cpu"), backend="causal", max_length=128)
    rows = make_rows(spans(), share=True)
    whole = scorer(rows)
    monkeypatch.setattr(row_scorer, "SOFTMAX_BYTES", 99 * 4 * 2)
    assert scorer(rows) == whole


def test_greedy_is_seen(llama):
    context = "the quick brown"
    ids = torch.tensor([llama.tokens.encode(context)])
    with torch.no_grad():
        best = int(llama.module(ids).logits[0, -1].argmax())
    llama_rows = [[*llama.tokens.encode(context)], [best]]
    from proctor.models.prefix.rows import make_rows, make_span

    other = (best + 1) % 300
    spans = [make_span(0, *llama_rows), make_span(1, llama_rows[0], [other])]
    results = {result.owner: result for result in llama._scorer(make_rows(spans, share=True))}
    assert (results[0].greedy, results[1].greedy) == (True, False)


def test_equal_inputs_cut_at_different_places_are_scored_apart(llama):
    """Lm-eval's logits cache mixes these up; here each is the end of the same forward pass."""
    requests = [Loglikelihood("the quick", (" brown fox",)), Loglikelihood("the quick brown", (" fox", " dog"))]
    answers = dict(llama.respond(requests))
    for index, request in enumerate(requests):
        close(answers[index].values, [textbook(llama, request.context, text) for text in request.continuations])


@pytest.mark.parametrize("cache", [True, False])
def test_equal_inputs_are_forwarded_once(checkpoints, cache):
    model = open_tiny(checkpoints / "llama", batch_size=64, args={"logits_cache": cache, "scoring": "plain"})
    rows = []
    model.module.model.register_forward_pre_hook(
        lambda _, args, kwargs: rows.append(len(kwargs.get("input_ids", args[0] if args else ()))), with_kwargs=True
    )
    letters = tuple(f" {letter}" for letter in "abcd")
    question = "question: a b c d answer:"
    inputs = {tuple([*left, *right][:-1]) for left, right in (model.tokens.encode_pair(question, x) for x in letters)}
    assert len(inputs) < 4
    dict(model.respond([Loglikelihood(question, letters)]))
    assert sum(rows) == (len(inputs) if cache else 4)


def test_the_softmax_is_taken_and_summed_in_its_dtype(checkpoints):
    request = REQUESTS[0]
    halves = open_tiny(checkpoints / "llama", dtype="bfloat16")
    singles = open_tiny(checkpoints / "llama", dtype="bfloat16", args={"softmax_dtype": "float32"})
    low, high = (dict(model.respond([request]))[0].values for model in (halves, singles))
    left, right = halves.tokens.encode_pair(request.context, request.continuations[3])
    with torch.no_grad():
        logits = halves.module(torch.tensor([[*left, *right][:-1]])).logits[0, -len(right) :]
    target = torch.tensor(right)[:, None]
    assert low[3][0] == float(logits.log_softmax(-1).gather(1, target).sum())
    assert low[3][0] == float(torch.tensor(low[3][0], dtype=torch.bfloat16))
    assert high[3][0] == pytest.approx(logits.float().log_softmax(-1).gather(1, target).sum().item(), abs=1e-4)
    assert halves.info["model_dtype"] == "torch.bfloat16"


def test_mixed_precision_runs_the_pass_in_that_dtype(checkpoints):
    mixed = open_tiny(checkpoints / "llama", args={"mixed_precision_dtype": "bfloat16"})
    plain = open_tiny(checkpoints / "llama")
    one, other = (dict(model.respond([REQUESTS[1]]))[0].values for model in (mixed, plain))
    assert one != other
    assert one[0][0] == pytest.approx(other[0][0], rel=0.1)
