"""Scores and texts of a served model equal what its distribution says, by every route, whatever goes wrong."""

from __future__ import annotations

import pytest
from aiohttp import web
from stub_api import VOCABULARY, distribution, error, stub_encode

from proctor.errors import ModelError, UsageError
from proctor.types import Generate, Loglikelihood, Refusal, Rolling, RollingScore

LETTERS = Loglikelihood("one two three", (" A", " B", " C"))
ENDINGS = Loglikelihood("one two", (" three four", " five six seven", " A"))


def expected(request):
    values = []
    for text in request.continuations:
        ids, scored = stub_encode(request.context), stub_encode(text)
        total, greedy = 0.0, True
        for token in scored:
            row = distribution(ids)
            total += row[token]
            greedy = greedy and row[token] == max(row)
            ids = [*ids, token]
        values.append((pytest.approx(total), greedy))
    return tuple(values)


@pytest.mark.parametrize(
    "faults", [(), ("ids ignored",), ("ids refused",), ("echo ignored",), ("biased values", "ids ignored")]
)
@pytest.mark.parametrize("scoring", ["auto", "echo", "logit_bias", "prompt_logprobs", "walk"])
def test_scores_by_every_route(serve, completions, faults, scoring):
    if (scoring == "echo" and "echo ignored" in faults) or (scoring == "logit_bias" and "biased values" in faults):
        pytest.skip("this route is struck out on this server")
    requests = [LETTERS, ENDINGS, LETTERS]
    responses = dict(completions(serve(faults=faults), scoring=scoring).respond(requests))
    assert len(responses) == 3
    for place, request in enumerate(requests):
        assert responses[place].values == expected(request)


def test_scores_of_a_server_that_scores_no_prompts(serve, completions):
    stub = serve(faults={"content form", "all values", "echo ignored", "ids ignored", "no prompt values"})
    model = completions(stub)
    responses = dict(model.respond([LETTERS, ENDINGS]))
    assert (responses[0].values, responses[1].values) == (expected(LETTERS), expected(ENDINGS))
    assert model.report()["scoring"]["counts"] == {"top_logprobs": 4, "walk": 2}


@pytest.mark.parametrize("faults", [("text names",), ("texts only", "text names")])
def test_scores_of_a_server_that_names_tokens_by_their_texts(serve, completions, faults):
    model = completions(serve(faults=faults))
    responses = dict(model.respond([LETTERS, ENDINGS, Rolling("a b c")]))
    assert (responses[0].values, responses[1].values) == (expected(LETTERS), expected(ENDINGS))
    assert isinstance(responses[2], RollingScore)
    assert model.report()["scoring"]["counts"] == {"echo": 7}


def test_scores_of_a_server_that_puts_bos_before_texts(serve, completions):
    faults = {"texts only", "text names", "bos before texts"}
    responses = dict(completions(serve(faults=faults), add_bos_token=True).respond([LETTERS]))
    ids = [0, *stub_encode(LETTERS.context)]
    for (value, _), text in zip(responses[0].values, LETTERS.continuations, strict=True):
        assert value == pytest.approx(distribution(ids)[stub_encode(text)[0]])
    with pytest.raises(ModelError, match="puts BOS before each text") as caught:
        list(completions(serve(faults=faults)).respond([LETTERS]))
    assert "add_bos_token=True" in caught.value.hint


def test_a_walk_that_is_wanted_is_taken(serve, completions):
    model = completions(serve(), scoring="walk")
    responses = dict(model.respond([LETTERS, ENDINGS]))
    assert (responses[0].values, responses[1].values) == (expected(LETTERS), expected(ENDINGS))
    assert model.report()["scoring"]["counts"] == {"walk": 6}


def test_the_letters_of_a_document_are_one_request(serve, completions):
    stub = serve()
    model = completions(stub)
    model.handshakes()
    before = len(stub.requests)
    model._get_ready()
    handshake = len(stub.requests) - before
    dict(model.respond([LETTERS, LETTERS]))
    assert len(stub.requests) - before - handshake == 1
    assert model.report()["scoring"]["counts"] == {"named_ids": 6}


def test_whole_texts(serve, completions):
    text = "a b c d e f g h"
    [(_, response)] = completions(serve(), max_length=6).respond([Rolling(text)])
    ids, total = stub_encode(text), 0.0
    # Windows of four inputs, the first begins with the prefix token.
    for place, token in enumerate(ids):
        window = place // 4
        if window == 0:
            before = [0, *ids[:place]]
        else:
            end = min(4 * window + 4, len(ids))
            before = ids[end - 5 : place]
        total += distribution(before)[token]
    assert isinstance(response, RollingScore)
    assert response.logprob == pytest.approx(total)


def test_prompts_are_truncated_at_the_left_to_lm_evals_limit(serve, completions):
    stub = serve()
    request = Loglikelihood(" ".join(f"w{number}" for number in range(50)), (" A",))
    [(_, response)] = completions(stub, max_length=20).respond([request])
    ids, [token] = stub_encode(request.context), stub_encode(" A")
    assert response.values == ((pytest.approx(distribution(ids[-18:])[token]), False),)


def test_a_reply_that_cannot_be_believed_goes_by_the_next_route(serve, completions):
    def script(path, payload):
        if payload.get("logprob_token_ids") and len(payload["logprob_token_ids"]) > 1:
            return web.json_response({"choices": [{"logprobs": {"tokens": ["token_id:1"]}}]})
        return None

    model = completions(serve(script=script))
    [(_, response)] = model.respond([LETTERS])
    assert response.values == expected(LETTERS)
    assert model.report()["scoring"]["counts"]["named_ids not believed"] == 1


def test_a_request_that_fails_is_one_refusal_and_the_others_go_on(serve, completions):
    broken = stub_encode("broken prompt here")

    def script(path, payload):
        if payload.get("prompt", [])[: len(broken)] == broken:
            return error(400, "something about this prompt")
        return None

    requests = [LETTERS, Loglikelihood("broken prompt here", (" A", " B C", " D")), ENDINGS]
    responses = list(completions(serve(script=script)).respond(requests))
    assert sorted(index for index, _ in responses) == [0, 1, 2]
    found = dict(responses)
    assert isinstance(found[1], Refusal)
    assert "something about this prompt" in found[1].why
    assert not found[1].retryable
    assert found[0].values == expected(LETTERS)
    assert found[2].values == expected(ENDINGS)


def test_without_a_proven_route_nothing_of_a_task_is_sent(serve, completions):
    stub = serve(faults={"no logprobs"})
    with pytest.raises(ModelError, match="no log-probabilities that can be trusted") as caught:
        list(completions(stub).respond([LETTERS]))
    assert "Nothing was sent" in caught.value.hint
    context = stub_encode(LETTERS.context)
    assert not any(payload.get("prompt") == context for _, payload in stub.requests)


def test_two_servers_share_the_work(serve, completions):
    one, two = serve(), serve()
    requests = [Loglikelihood(f"w{number} x", (" A", " B")) for number in range(20)]
    model = completions(one, base_url=f"{one.url}|{two.url}")
    responses = dict(model.respond(requests))
    assert [responses[place].values for place in range(20)] == [expected(request) for request in requests]
    both = [sum("logprob_token_ids" in payload for _, payload in stub.requests) for stub in (one, two)]
    assert both == [11, 11]


def test_texts(serve, completions):
    stub = serve()
    requests = [Generate("one two", {"max_gen_toks": 2, "until": []}), Generate("three", {"max_gen_toks": 3})]
    responses = dict(completions(stub).respond(requests))
    for place, (context, count) in enumerate((("one two", 2), ("three", 3))):
        ids, said = stub_encode(context), ""
        for _ in range(count):
            row = distribution(ids)
            ids.append(max(range(VOCABULARY), key=row.__getitem__))
            said += f"<{ids[-1]}>"
        assert (responses[place].text, responses[place].finish) == (said.split("<0>")[0], "length")
        assert responses[place].usage.new == count


def test_repeats_of_a_sampled_request_have_seeds_of_their_own(serve, completions):
    stub = serve()
    request = Generate("one", {"do_sample": True, "temperature": 0.5})
    list(completions(stub).respond([request, request, request, Generate("one", {})]))
    seeds = [payload["seed"] for path, payload in stub.requests if path.endswith("/completions")]
    assert sorted(seeds) == [1234, 1234, 1235, 1236]


def test_prompts_as_text_where_there_is_no_tokenizer(serve, completions):
    stub = serve()
    model = completions(stub, tokenizer_backend="none")
    [(_, response)] = model.respond([Generate("say it", {})])
    assert response.text == "echo say it"
    with pytest.raises(UsageError, match="needs token ids"):
        list(model.respond([LETTERS]))


def test_a_chat_without_a_tokenizer_is_no_prompt(serve, completions):
    with pytest.raises(UsageError, match="needs a tokenizer"):
        completions(serve(), tokenizer_backend="none").render(
            [{"role": "user", "content": "q"}], add_generation_prompt=True
        )


def test_a_prompt_without_room_is_an_error(serve, completions):
    with pytest.raises(UsageError, match="leaves no room"):
        list(completions(serve(), max_length=64).respond([Generate("one", {"max_gen_toks": 64})]))


def test_the_identity_holds_what_decides_about_responses(serve, completions):
    stub = serve()
    base = completions(stub).identity
    for args in ({"model": "other"}, {"add_bos_token": True}, {"max_length": 512}, {"seed": 5}, {"revision": "x"}):
        assert completions(stub, **args).identity != base
    for args in ({"num_concurrent": 5}, {"timeout": 5}, {"max_retries": 2}, {"scoring": "echo"}):
        assert completions(stub, **args).identity == base


def test_the_limit_that_results_name_is_lm_evals(serve, completions):
    # lm-eval: one less than max_length, since one token is generated.
    assert completions(serve(), max_length=64).info["tokenizer"]["max_length"] == 63
