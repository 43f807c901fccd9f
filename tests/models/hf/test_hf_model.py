"""Scores of a tiny model against the textbook way: one request, one forward pass, all logits."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_models import REQUESTS, close, open_tiny, textbook

from proctor.errors import ModelError, UsageError
from proctor.types import Loglikelihood, Rolling, Scores


@pytest.mark.parametrize("scoring", ["plain", "context", "tree"])
@pytest.mark.parametrize("size", [1, 3, 8, "auto", "auto:3"])
@pytest.mark.parametrize("name", ["llama", "sp"])
def test_any_batching_gives_the_textbook_scores(checkpoints, name, size, scoring):
    model = open_tiny(checkpoints / name, batch_size=size, args={"scoring": scoring})
    answers = dict(model.respond(REQUESTS))
    assert sorted(answers) == list(range(len(REQUESTS)))
    for index, request in enumerate(REQUESTS):
        expected = [textbook(model, request.context, text) for text in request.continuations]
        close(answers[index].values, expected)
    found = model.report()["scoring"]
    assert found["mode"] == scoring
    assert model._scorer.head_on_needed_rows
    assert found["forwarded_tokens"] == found.get("distinct_prefixes", found["forwarded_tokens"])


WORD = st.sampled_from(["the", "quick", "fox", "seoul", "서울", "one,", "two"])
WORDS = st.lists(WORD, min_size=1, max_size=6).map(" ".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pairs=st.lists(st.tuples(WORDS, st.lists(WORDS.map(" {}".format), min_size=1, max_size=3)), max_size=5),
    rows=st.integers(1, 6),
)
def test_batching_changes_nothing(llama, pairs, rows):
    from proctor.models.base import BatchSize

    requests = [Loglikelihood(context, tuple(texts)) for context, texts in pairs]
    llama._size = BatchSize(1)
    alone = dict(llama.respond(requests))
    llama._size = BatchSize(rows)
    together = dict(llama.respond(list(reversed(requests))))
    for index in range(len(requests)):
        close(alone[index].values, together[len(requests) - 1 - index].values)


def test_a_cut_is_counted_and_said_once(checkpoints, caplog):
    model = open_tiny(checkpoints / "llama")
    dict(model.respond([Loglikelihood("long " * 100, (" a", " b")), Loglikelihood("short", (" a",))]))
    assert model.report()["truncated"] == {"loglikelihood": 2}
    assert [record.message for record in caplog.records if "limit of 64" in record.message]
    assert len([record for record in caplog.records if record.name == "proctor"]) == 1


def test_exactly_as_long_as_the_limit_is_not_cut(checkpoints):
    model = open_tiny(checkpoints / "llama")
    word = next(text for text in (" a", " b", " the") if len(model.tokens.encode(text, False)) == 1)
    fits = Loglikelihood((word * 63).strip(), (word,))
    assert len(model.tokens.encode(fits.context)) == 64
    dict(model.respond([fits]))
    assert model.report()["truncated"] == {}
    dict(model.respond([Loglikelihood(fits.context + word, (word,))]))
    assert model.report()["truncated"] == {"loglikelihood": 1}


def test_a_continuation_longer_than_the_limit_is_scored_in_windows(checkpoints):
    model = open_tiny(checkpoints / "llama", args={"max_length": 8})
    text = " the quick brown fox jumps over the lazy dog and itself"
    ((_, answer),) = model.respond([Loglikelihood("question:", (text,))])
    left, right = model.tokens.encode_pair("question:", text)
    assert len(right) > 8
    assert model.report()["truncated"] == {"long_continuations": 1}
    total, start = 0.0, 0
    whole = [left[-1], *right]
    while start < len(right):
        stop = min(start + 8, len(right))
        window = whole[max(0, stop - 8) : stop + 1]
        with torch.no_grad():
            logprobs = model.module(torch.tensor([window[:-1]])).logits[0].log_softmax(-1)
        total += sum(logprobs[-(stop - place), whole[place + 1]].item() for place in range(start, stop))
        start = stop
    assert answer.values[0][0] == pytest.approx(total, abs=1e-4)


def test_empty_and_melted_continuations_count_as_certain(checkpoints, caplog):
    model = open_tiny(checkpoints / "llama")
    ((_, answer),) = model.respond([Loglikelihood("the fox", ("", " dog"))])
    assert answer.values[0] == (0.0, True)
    assert answer.values[1][0] < 0
    assert model.report()["unusual"] == {"empty_continuations": 1}
    assert "no tokens of its own" in caplog.text


def test_nan_is_counted(checkpoints, caplog):
    model = open_tiny(checkpoints / "llama")
    with torch.no_grad():
        model.module.model.norm.weight.fill_(float("nan"))
    ((_, answer),) = model.respond([Loglikelihood("the", (" fox",))])
    assert answer.values[0][0] != answer.values[0][0]
    assert model.report()["unusual"] == {"not_a_number": 1}
    assert "NaN" in caplog.text


def test_a_rolled_text_is_the_sum_of_its_windows(checkpoints):
    model = open_tiny(checkpoints / "llama", batch_size=3, args={"max_length": 16})
    texts = ["the quick brown fox jumps over the lazy dog and itself " * 3, "서울", ""]
    answers = dict(model.respond([Rolling(text) for text in texts]))
    for index, text in enumerate(texts):
        total = 0.0
        for context, scored in model.tokens.rolling(text):
            with torch.no_grad():
                logits = model.module(torch.tensor([[*context, *scored][:-1]])).logits[0].log_softmax(-1)
            total += logits[-len(scored) :].gather(1, torch.tensor(scored)[:, None]).sum().item()
        assert answers[index].logprob == pytest.approx(total, abs=1e-4)
    assert model.report()["truncated"] == {}


def test_an_empty_text_without_bos_is_certain(checkpoints):
    model = open_tiny(checkpoints / "llama", args={"add_bos_token": False})
    assert dict(model.respond([Rolling("")]))[0].logprob == 0.0


def test_a_batch_that_does_not_fit_is_halved_and_run_again(checkpoints, caplog):
    model = open_tiny(checkpoints / "llama", batch_size=8, args={"scoring": "plain"})
    expected = dict(model.respond(REQUESTS))
    scorer, seen = model._scorer, []

    def tight(rows):
        seen.append(len(rows))
        if len(rows) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return scorer(rows)

    model._scorer = tight
    tight.width, tight.head_on_needed_rows = scorer.width, True
    answers = dict(model.respond(REQUESTS))
    for index, answer in expected.items():
        close(answers[index].values, answer.values)
    assert seen[0] == 8
    assert all(size <= 4 for size in seen[1:])
    assert "Memory ran out on a batch of 8 rows" in caplog.text


def test_batch_invariant_texts_are_scored_one_by_one(checkpoints):
    texts = [Rolling("the quick brown fox jumps " * count + "dog") for count in (1, 2, 3, 5, 9, 20)]
    model = open_tiny(checkpoints / "llama", args={"batch_invariant": True}, batch_size=8)
    together = dict(model.respond(texts))
    alone = {place: dict(model.respond([text]))[0] for place, text in enumerate(texts)}
    assert together == alone
    assert set(model.report()["batch_sizes"]) <= {1}
    assert model._batches["rolling"][:3] == [1, 1, 1]


def test_batch_invariant_scores_do_not_depend_on_the_other_documents(checkpoints):
    args = {"batch_invariant": True}
    model = open_tiny(checkpoints / "llama", batch_size=8, args=args)
    whole = dict(model.respond(REQUESTS))
    assert model.report()["scoring"]["mode"] == "context"
    alone = [dict(model.respond([request]))[0] for request in REQUESTS]
    turned = dict(model.respond(REQUESTS[::-1]))
    for index in range(len(REQUESTS)):
        # To the bit, not nearly.
        assert whole[index] == alone[index] == turned[len(REQUESTS) - 1 - index]


@pytest.mark.parametrize("scoring", ["plain", "context", "tree"])
def test_the_same_run_twice_gives_the_same_bits(checkpoints, scoring):
    first, second = (
        dict(open_tiny(checkpoints / "llama", batch_size=4, args={"scoring": scoring}).respond(REQUESTS)) for _ in "ab"
    )
    assert first == second


def test_auto_reports_batch_sizes_at_the_points_asked_for(checkpoints):
    model = open_tiny(checkpoints / "llama", batch_size="auto:2", max_batch_size=2)
    dict(model.respond(REQUESTS))
    assert len(model.report()["batch_sizes"]) == 2
    fixed = open_tiny(checkpoints / "llama", batch_size=2)
    dict(fixed.respond(REQUESTS))
    assert fixed.report()["batch_sizes"] == []


@pytest.mark.parametrize("scoring", ["tree", "context", "plain"])
def test_batch_sizes_of_auto_are_the_requests_that_a_pass_answers(checkpoints, scoring):
    model = open_tiny(checkpoints / "llama", batch_size="auto:99", args={"scoring": scoring})
    dict(model.respond(REQUESTS))
    sizes = model.report()["batch_sizes"]
    assert max(sizes) > 4
    assert min(sizes) > 0
    assert sum(sizes) <= sum(len(request.continuations) for request in REQUESTS)


def test_an_encoder_decoder_scores_like_the_textbook(checkpoints):
    model = open_tiny(checkpoints / "t5", batch_size=4)
    requests = REQUESTS[:4]
    answers = dict(model.respond(requests))
    for index, request in enumerate(requests):
        for (value, greedy), text in zip(answers[index].values, request.continuations, strict=True):
            left, right = model.tokens.encode_pair(request.context, text)
            with torch.no_grad():
                logits = model.module(input_ids=torch.tensor([left]), labels=torch.tensor([right])).logits[0]
            logprobs, target = logits.log_softmax(-1), torch.tensor(right)
            assert value == pytest.approx(logprobs.gather(1, target[:, None]).sum().item(), abs=1e-4)
            assert greedy == bool((logprobs.argmax(-1) == target).all())


def test_a_continuation_too_long_for_an_encoder_decoder_is_a_sentence(checkpoints):
    model = open_tiny(checkpoints / "t5", args={"max_length": 4})
    with pytest.raises(ModelError, match="limit is 4"):
        dict(model.respond([Loglikelihood("the", (" quick brown fox jumps over",))]))


def test_thinking_refuses_to_be_scored(checkpoints):
    model = open_tiny(checkpoints / "llama", args={"enable_thinking": True, "think_end_token": "</think>"})
    with pytest.raises(UsageError, match="enable_thinking"):
        dict(model.respond([REQUESTS[1]]))


def test_a_closed_model_says_so(checkpoints):
    model = open_tiny(checkpoints / "llama")
    model.close()
    with pytest.raises(ModelError, match="closed"):
        dict(model.respond([REQUESTS[1]]))


def test_facts_of_the_results_file(llama, checkpoints):
    info = llama.info
    assert info["model_num_parameters"] == llama.module.num_parameters()
    assert (info["model_dtype"], info["model_revision"], info["model_sha"]) == ("torch.float32", "main", "")
    assert info["tokenizer"]["tokenizer_bos_token"] == ["<s>", "1"]
    assert info["tokenizer"]["max_length"] == 64
    assert info["device"] == "cpu"
    assert llama.name == str(checkpoints / "llama")
    assert isinstance(dict(llama.respond([REQUESTS[-1]]))[0], Scores)
