"""The encoder runs once a context: same scores, fewer runs, and the long way where it does not run by itself."""

from __future__ import annotations

import random

import pytest
import torch

from proctor.models import open_model
from proctor.models.hf import encoder as encoding
from proctor.models.hf.scoring.row_scorer import RowScorer
from proctor.models.prefix.rows import make_rows, make_span
from proctor.types import Loglikelihood

T5 = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
BART = {"vocab_size": 99, "d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "max_position_embeddings": 128}
BART |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
KINDS = {"t5": T5 | {"decoder_start_token_id": 0}, "bart": BART}


def build(kind: str):
    import transformers

    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **KINDS[kind])
    module = transformers.AutoModelForSeq2SeqLM.from_config(config).eval()
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return module


def rows(contexts: int = 5):
    chance = random.Random(3)
    pick = lambda count: [chance.randrange(3, 99) for _ in range(count)]  # noqa: E731
    owner = iter(range(1000))
    return make_rows(
        [
            make_span(next(owner), context, pick(count))
            for context in [pick(chance.randint(2, 20)) for _ in range(contexts)]
            for count in (1, 1, 3, 6)
        ],
        share=False,
    )


def scorer(module, **options) -> RowScorer:
    return RowScorer(module, torch.device("cpu"), backend="seq2seq", max_length=128, **options)


def scores(found, batch: int):
    results = {}
    work = rows()
    for start in range(0, len(work), batch):
        results |= {one.owner: (one.logprob, one.greedy) for one in found(work[start : start + batch])}
    return results


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("batch", [1, 3, 20])
def test_scores_are_those_of_whole_passes_and_contexts_are_encoded_once(kind, batch):
    module = build(kind)
    once, plain = scorer(module), scorer(module, encode_once=False)
    expected = scores(plain, 1)
    for owner, (logprob, greedy) in scores(once, batch).items():
        assert logprob == pytest.approx(expected[owner][0], abs=1e-4)
        assert greedy == expected[owner][1]
    assert once.encoder_facts["encoded_contexts"] == 5
    assert plain.encoder_facts == {}


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(encoding, "KEPT_BYTES", 32 * 4 * 20)
    found = scorer(build("t5"))
    expected = scores(scorer(build("t5"), encode_once=False), 1)
    for owner, (logprob, _) in scores(found, 2).items():
        assert logprob == pytest.approx(expected[owner][0], abs=1e-4)
    assert found.encoder is not None
    assert sum(states.nbytes for states in found.encoder._kept.values()) <= 32 * 4 * 20
    assert found.encoder_facts["encoded_contexts"] > 5


@pytest.mark.parametrize("finding", ["missing", "other"])
def test_an_encoder_that_does_not_run_by_itself_is_left_alone(monkeypatch, caplog, finding):
    module = build("t5")
    expected = scores(scorer(module, encode_once=False), 4)
    whole = module.get_encoder()
    if finding == "missing":
        monkeypatch.setattr(module, "get_encoder", lambda: None)
    else:
        monkeypatch.setattr(module, "get_encoder", lambda: lambda input_ids, **more: whole(input_ids * 0 + 5, **more))
    found = scorer(module)
    assert scores(found, 4) == expected
    assert found.encoder_facts == {}
    assert "once a choice" in caplog.text


def test_a_lack_of_memory_is_not_taken_for_a_model_that_cannot(monkeypatch):
    module = build("t5")

    def fails(*_, **__):
        raise torch.OutOfMemoryError("out of memory")

    found = scorer(module)
    monkeypatch.setattr(module, "get_encoder", lambda: fails)
    with pytest.raises(torch.OutOfMemoryError):
        found(rows())
    assert found.encoder is not None


def test_the_run_says_so(checkpoints):
    requests = [Loglikelihood("the quick brown", (" fox", " dog", " a b")), Loglikelihood("한국의", (" a", " b"))]
    facts = {}
    answers = {}
    for scoring in ("auto", "plain"):
        args = {"pretrained": str(checkpoints / "t5"), "dtype": "float32", "scoring": scoring}
        model = open_model("hf", args, batch_size=2, device="cpu")
        answers[scoring] = dict(model.respond(requests))
        facts[scoring] = model.report()["scoring"]
        model.close()
    assert facts["auto"]["encoder"] == "once a context"
    assert facts["auto"]["encoded_contexts"] == 2
    assert "encoder" not in facts["plain"]
    for index, response in answers["plain"].items():
        for (logprob, greedy), (other, other_greedy) in zip(
            response.values, answers["auto"][index].values, strict=True
        ):
            assert logprob == pytest.approx(other, abs=1e-4)
            assert greedy == other_greedy
