"""The kind ``vllm`` with the real engine, on the model that is bundled: `make engines` runs this.

One engine serves all tests. What each of them leaves in its prefix cache is part of what the others must stand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from tiny_models import MODEL, close, open_tiny

from proctor.errors import ModelError, UsageError
from proctor.lazy import is_installed
from proctor.models import open_model
from proctor.models.vllm.engine import Engine, EngineRefusal, EngineRequest
from proctor.models.vllm.plan import PLAIN
from proctor.models.vllm.routes import Part, Route, ScoringRequest
from proctor.models.vllm.scoring import Scorer
from proctor.types import Generate, Loglikelihood, Refusal, Rolling, Scores

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not is_installed("vllm"), reason="vLLM is not installed here; `make engines` runs this"),
]

LIMIT, BLOCK = 256, 32
SHOTS = "".join(
    f"Question: How many legs have {count} spiders?\nA. {count}\nB. {8 * count}\nC. 8\nD. none\nAnswer: B\n\n"
    for count in range(2, 5)
)


def question(number: int) -> str:
    return f"{SHOTS}Question: What is {number} + {number}?\nA. {number}\nB. 7\nC. {2 * number}\nD. none\nAnswer:"


LETTERS = [Loglikelihood(question(number), (" A", " B", " C", " D")) for number in range(6)]
SENTENCES = [
    Loglikelihood(f"{SHOTS}Spider number {number} walked", (" home.", " to the house of its friend.", " home again."))
    for number in range(6)
]
TEXTS = [Rolling(SHOTS * 3), Rolling("A short text."), Rolling("")]


@pytest.fixture(scope="module")
def model():
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    args = {"pretrained": str(MODEL), "dtype": "float32", "max_model_len": LIMIT, "enforce_eager": True}
    opened = open_model("vllm", {**args, "block_size": BLOCK})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reference():
    """The same model with transformers, with the limit that vLLM leaves for scored texts."""
    return open_tiny(MODEL, args={"max_length": LIMIT - 2})


def in_order(model, requests):
    found = dict(model.respond(requests))
    assert sorted(found) == list(range(len(requests)))
    return [found[index] for index in range(len(requests))]


def engine_of(model) -> Engine:
    return model.loaded()._engine


def of_length(model, size: int) -> str:
    """A context of so many tokens."""
    for begin in range(40):
        for end in range(begin + size, len(SHOTS)):
            text = SHOTS[begin:end].strip()
            if len(model.tokens.encode(text)) == size:
                return text
    raise AssertionError(f"no part of the text has {size} tokens")


@pytest.mark.parametrize("requests", [LETTERS, SENTENCES, TEXTS])
def test_scores_are_those_of_transformers(model, reference, requests):
    for one, other in zip(in_order(model, requests), in_order(reference, requests), strict=True):
        if isinstance(one, Scores):
            close(one.values, other.values)
        else:
            assert one.logprob == pytest.approx(other.logprob, abs=1e-3)


def test_routes_were_proven_and_the_cache_is_read(model):
    list(model.respond([*LETTERS, *SENTENCES]))
    facts = model.report()["scoring"]
    assert facts["probes"]["next_token"]["taken"]
    assert facts["probes"]["rows"]["taken"]
    assert facts["cached_tokens"] > facts["forwarded_tokens"]


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK])
@pytest.mark.parametrize("options", [(" A", " B"), (" walked home.", " walked to the house of its friend.")])
def test_a_cache_that_holds_the_same_prompts_moves_no_score(model, reference, size, options):
    """Rows of cached tokens are memory that nobody has written; a context that fills its blocks is the worst case."""
    request = Loglikelihood(of_length(model, size), options)
    engine_of(model).forget()
    [expected] = in_order(reference, [request])
    for _ in range(3):
        [found] = in_order(model, [request])
        close(found.values, expected.values)


def test_what_the_cache_hides_is_rubbish_and_is_seen_as_such(model):
    """What the conditions of a row are there for, on this release."""
    ids = tuple(model.tokens.encode(SHOTS)[: 3 * BLOCK + 5])
    part = Part(0, ids[BLOCK:], True, True)
    cached, whole = (ScoringRequest(route, ids, (part,)) for route in (Route.CACHED_ROWS, Route.PROMPT_ROWS))
    engine = engine_of(model)
    engine.forget()
    outputs = [engine.generate([EngineRequest(ids, request.settings)])[0] for request in (whole, cached)]
    assert outputs[1].num_cached_tokens == 3 * BLOCK
    assert whole.read(outputs[0]) != [None]
    assert cached.read(outputs[1]) == [None]


def test_named_ids_and_rows_of_prompts_go_in_one_call(model, reference):
    requests = [Loglikelihood(of_length(model, 2 * BLOCK), (" A", " walked home.", " B", " and walked on."))]
    before = dict(model.report()["scoring"]["requests"])
    engine_of(model).forget()
    close(in_order(model, requests)[0].values, in_order(reference, requests)[0].values)
    after = model.report()["scoring"]["requests"]
    assert after["named_ids"] == before["named_ids"] + 1
    assert after["rest_rows"] == before.get("rest_rows", 0) + 2


def test_the_cache_saves_most_of_the_prompts(model):
    """lm-eval's way on the same engine computes at least five times the tokens."""
    spans, _ = model.loaded()._spans.scored(LETTERS)
    tokens = {}
    for scoring in ("plain", "auto"):
        engine_of(model).forget()
        scorer = Scorer(engine_of(model), limit=LIMIT - 1, dtype="float32", scoring=scoring)
        list(scorer.score(spans))
        tokens[scoring] = scorer.counts.computed
    assert tokens["plain"] >= 5 * tokens["auto"]
    assert PLAIN.rows is None


@pytest.mark.parametrize(
    "kwargs",
    [
        {"until": ["\n\n"], "max_gen_toks": 24, "do_sample": False},
        {"until": ["Answer", "B"], "max_gen_toks": 24},
        {"until": [], "max_new_tokens": 5, "temperature": 0.9, "do_sample": False},
    ],
)
def test_texts_are_those_of_transformers(model, reference, kwargs):
    requests = [Generate(question(number), kwargs) for number in range(4)]
    for one, other in zip(in_order(model, requests), in_order(reference, requests), strict=True):
        assert one.text == other.text
        assert (one.finish, one.usage.prompt) == (other.finish, other.usage.prompt)


def test_long_prompts_are_truncated_and_counted(model, reference):
    request = Generate(SHOTS * 8, {"until": [], "max_gen_toks": 8})
    [text] = in_order(model, [request])
    assert text.usage.prompt == LIMIT - 8
    long = Loglikelihood(SHOTS * 8, (" A", " walked home."))
    close(in_order(model, [long])[0].values, in_order(reference, [long])[0].values)
    assert model.report()["truncated"]["loglikelihood"] >= 2


def test_sampled_texts_differ_and_arguments_reach_the_engine(model):
    kwargs = {"until": [], "max_gen_toks": 12, "do_sample": True, "temperature": 2.0, "top_p": 1.0}
    texts = {text.text for text in in_order(model, [Generate(question(1), kwargs)] * 6)}
    assert len(texts) > 1


@pytest.mark.parametrize("extra", [{"nonsense": 1}, {"top_p": 7}])
def test_generation_arguments_that_vllm_refuses_are_a_sentence(model, extra):
    with pytest.raises(UsageError, match="vLLM refuses these generation arguments"):
        list(model.respond([Generate("A", {"until": [], "max_gen_toks": 4, **extra})]))


def test_a_prompt_that_vllm_refuses_costs_no_other(model):
    outputs = engine_of(model).generate(
        [EngineRequest(ids, {"max_tokens": 1, "temperature": 0}) for ids in ([1, 2], [99999999], [3])]
    )
    assert [isinstance(output, EngineRefusal) for output in outputs] == [False, True, False]
    assert not any(isinstance(one, Refusal) for one in in_order(model, LETTERS[:1]))


def test_rows_by_name_need_another_runner(model):
    engine = engine_of(model)
    if engine.names_rows:
        pytest.skip("this runner can")
    with pytest.raises(ModelError, match="V2 model runner"):
        Scorer(engine, limit=LIMIT - 1, dtype="float32", scoring="named")


def test_what_the_model_says_of_itself(model):
    assert model.info["model_dtype"] == "float32"
    assert model.info["engine"].startswith("vllm")
    assert model.info["tokenizer"]["max_length"] == LIMIT
    assert model.identity["engine"] == model.info["engine"]


def run(script: str, tmp_path, **environment) -> subprocess.CompletedProcess:
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(script), encoding="utf-8")
    settings = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "PROCTOR_CACHE": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=settings,
        timeout=600,
        check=False,
    )


SCRIPT = f"""
    import proctor
    args = {{"pretrained": {str(MODEL)!r}, "dtype": "float32", "max_model_len": 256, "enforce_eager": True}}
    def evaluate(**more):
        return proctor.evaluate(model="vllm", model_args={{**args, **more}}, tasks=["demo_errands"], limit=2)
"""


def test_a_script_without_a_guard_needs_none_on_one_device(tmp_path):
    done = run(f"{SCRIPT}\n    print('scores', evaluate())\n", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "scores" in done.stdout


def test_a_script_without_a_guard_ends_in_a_sentence_where_the_engine_is_a_process(tmp_path):
    done = run(f"{SCRIPT}\n    evaluate()\n", tmp_path, VLLM_ENABLE_V1_MULTIPROCESSING="1")
    assert done.returncode != 0
    assert 'Put its code under `if __name__ == "__main__":`' in done.stderr
    assert "bootstrapping phase" not in done.stderr


def test_arguments_that_vllm_does_not_know_are_a_sentence(tmp_path):
    done = run(f"{SCRIPT}\n    evaluate(enforce_eagr=True)\n", tmp_path)
    assert "'enforce_eagr' is unknown" in done.stderr
    assert "enforce_eager" in done.stderr
