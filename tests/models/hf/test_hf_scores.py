"""Scores of a tiny model against the textbook way: one request, one forward pass, all logits."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor.errors import ModelError, UsageError
from proctor.models import open_model
from proctor.models.hf import device as device_room
from proctor.models.hf.scoring.scoring_gate import ScoringDecision
from proctor.types import Loglikelihood, Rolling, Scores

REQUESTS = [
    Loglikelihood("question: what is the capital of korea? answer:", (" seoul", " a", " b", " the lazy dog")),
    Loglikelihood("the quick brown", (" fox", " fox jumps over")),
    Loglikelihood("", ("the lazy dog", "fox")),
    Loglikelihood("정답: ", ("서울", "서울이다.")),
    Loglikelihood("long " * 80, (" dog", " the lazy dog")),
    Loglikelihood("<s>the", (" fox",)),
    Loglikelihood("nothing to choose", ()),
]


def open_tiny(folder, **options):
    args = {"pretrained": str(folder), "dtype": options.pop("dtype", "float32"), **options.pop("args", {})}
    return open_model("hf", args, device="cpu", **options)


@pytest.fixture(scope="module")
def llama(checkpoints):
    return open_tiny(checkpoints / "llama")


def textbook(model, context: str, continuation: str) -> tuple[float, bool]:
    left, right = model.tokens.encode_pair(context, continuation)
    ids = [*left, *right][-(model.tokens.max_length + 1) :]
    with torch.no_grad():
        logprobs = model.module(torch.tensor([ids[:-1]])).logits[0].float().log_softmax(-1)[-len(right) :]
    target = torch.tensor(right)
    picked = logprobs.gather(1, target[:, None]).sum().item()
    return picked, bool((logprobs.argmax(-1) == target).all())


def close(left, right):
    for (one, greedy), (other, also) in zip(left, right, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
        assert greedy == also


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


# -- lengths


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


# -- whole texts


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


# -- dtypes


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


# -- memory


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


@pytest.mark.parametrize("scoring", ["tree", "context"])
def test_a_pass_that_does_not_fit_is_halved_and_nothing_is_asked_twice(checkpoints, caplog, monkeypatch, scoring):
    from proctor.models.hf.scoring.tree import TreeScorer

    model = open_tiny(checkpoints / "llama", batch_size=8, args={"scoring": scoring})
    expected = dict(model.respond(REQUESTS))
    forward, seen = TreeScorer._forward, []

    def tight(self, pack, *rest):
        seen.append(pack.tokens)
        if pack.tokens > 80:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, pack, *rest)

    monkeypatch.setattr(
        "proctor.models.hf.model.decide", lambda scorer, rows, wanted: ScoringDecision(scoring, "asked for")
    )
    monkeypatch.setattr(TreeScorer, "_forward", tight)
    answers = list(model.respond(REQUESTS))
    assert sorted(index for index, _ in answers) == sorted(expected)
    for index, answer in answers:
        close(expected[index].values, answer.values)
    assert max(seen) > 80
    assert "Memory ran out; going on with passes of at most" in caplog.text


def test_no_memory_at_all_is_a_sentence(checkpoints, monkeypatch):
    from proctor.models.hf.scoring.tree import TreeScorer

    def never(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    model = open_tiny(checkpoints / "llama", args={"scoring": "tree"})
    monkeypatch.setattr(
        "proctor.models.hf.model.decide", lambda scorer, rows, wanted: ScoringDecision("tree", "asked for")
    )
    monkeypatch.setattr(TreeScorer, "_forward", never)
    with pytest.raises(ModelError, match="smallest possible pass"):
        list(model.respond(REQUESTS))


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


@pytest.mark.parametrize("args", [{"scoring": "tre"}, {"scoring": "tree", "batch_invariant": True}])
def test_scoring_modes_are_checked(checkpoints, args):
    with pytest.raises(UsageError):
        open_tiny(checkpoints / "llama", args=args)


def test_one_request_too_large_for_memory_is_a_sentence():
    def never(_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    budget = device_room.Budget(tokens=1, heads=1)
    with pytest.raises(ModelError, match="single request of 7 tokens") as caught:
        list(device_room.run_batches(["x"], [7], [1], budget, never, []))
    assert "max_length" in str(caught.value.hint)


def test_another_error_is_not_taken_for_memory():
    def broken(_):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(device_room.run_batches(["x"], [7], [1], device_room.Budget(tokens=1, heads=1), broken, []))


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


# -- encoder-decoders, and the rest of the life of a model


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
