"""SGLang's own form: scores and texts equal what the stub's distribution says, and its prefix cache is left in use."""

from __future__ import annotations

import pytest
from stub_api import StubTokenizer, distribution, stub_encode

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.models.http.sglang import completion_body, sglang_payload
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Generate, Loglikelihood, Rolling

LETTERS = Loglikelihood("one two three", (" A", " B", " C"))
ENDINGS = Loglikelihood("one two", (" three four", " five six seven", " A"))


def opened(stub, **args):
    model = open_model("sglang-generate", {"model": "tiny", "base_url": stub.url.replace("/v1", "/generate"), **args})
    vars(model)["tokens"] = Tokens(StubTokenizer(), max_length=510, add_bos_token=False)
    return model


def expected(request):
    values = []
    for text in request.continuations:
        ids, total, greedy = stub_encode(request.context), 0.0, True
        for token in stub_encode(text):
            row = distribution(ids)
            total, greedy = total + row[token], greedy and row[token] == max(row)
            ids = [*ids, token]
        values.append((pytest.approx(total), greedy))
    return tuple(values)


def scored(stub):
    return [payload for path, payload in stub.requests if path == "/generate"]


@pytest.mark.parametrize(
    ("faults", "counts"),
    [((), {"named_ids": 4, "echo": 2}), (("ids ignored",), {"top_logprobs": 4, "echo": 2})],
)
def test_scores(serve, faults, counts):
    stub = serve(faults=faults)
    model = opened(stub)
    responses = dict(model.respond([LETTERS, ENDINGS]))
    assert (responses[0].values, responses[1].values) == (expected(LETTERS), expected(ENDINGS))
    found = dict(model.report()["scoring"]["counts"])
    assert sum(found.values()) >= 6
    assert found["echo"] == counts["echo"]


def test_no_request_makes_the_server_compute_what_is_in_its_cache(serve):
    stub = serve()
    list(opened(stub, scoring="echo").respond([ENDINGS]))
    starts = [payload["logprob_start_len"] for payload in scored(stub) if "logprob_start_len" in payload]
    assert starts
    assert 0 not in starts
    context = len(stub_encode(ENDINGS.context))
    assert starts.count(context - 1) == 3


def test_whole_texts(serve):
    [(_, response)] = opened(serve()).respond([Rolling("a b c")])
    ids, total = [0], 0.0
    for token in stub_encode("a b c"):
        total += distribution(ids)[token]
        ids.append(token)
    assert response.logprob == pytest.approx(total)


def test_texts_and_their_arguments(serve):
    stub = serve()
    request = Generate("one two", {"max_gen_toks": 3, "until": ["zz"], "top_p": 0.5})
    [(_, response)] = opened(stub).respond([request])
    ids = stub_encode("one two")
    for _ in range(3):
        row = distribution(ids)
        ids.append(max(range(len(row)), key=row.__getitem__))
    assert response.text == "".join(f"<{token}>" for token in ids[2:]).split("<0>")[0]
    assert (response.finish, response.usage.new, response.usage.cached) == ("length", 3, 1)
    [sent] = scored(stub)
    assert sent["input_ids"] == ids[:2]
    assert sent["sampling_params"] == {
        "max_new_tokens": 3, "temperature": 0, "stop": ["zz", "<0>"], "top_p": 0.5
    }  # fmt: skip


def test_a_server_without_values_ends_the_run(serve):
    with pytest.raises(ModelError, match="no log-probabilities that can be trusted"):
        list(opened(serve(faults={"no logprobs"})).respond([LETTERS]))


def test_texts_and_odd_replies():
    payload = {"model": "m", "prompt": "say", "max_tokens": 1, "temperature": 0, "seed": 3}
    assert sglang_payload(payload) == {"text": "say", "sampling_params": {"max_new_tokens": 1, "temperature": 0}}
    odd = {"meta_info": {"output_token_logprobs": [[0.1, "x"]], "finish_reason": "stop"}, "text": 5}
    body = completion_body(odd, {**payload, "logprobs": 1})
    assert body["choices"][0]["logprobs"] is None
    assert completion_body({}, payload)["choices"][0]["text"] is None
