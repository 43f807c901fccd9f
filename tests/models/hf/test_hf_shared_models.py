"""Literal numbers of lm-eval 0.4.13 on four small trained models (max_length 512, one request at a time)."""

from __future__ import annotations

import pytest

from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling

PAIRS = [
    ("Question: What is the capital of Korea?\nAnswer:", " Seoul"),
    ("Question: What is the capital of Korea?\nAnswer:", " the city of Seoul"),
    ("질문: 한국의 수도는?\n정답: ", "서울"),
    ("", "hello world"),
    ("trailing   ", "x y"),
    ("<s>a prompt that has it", " self"),
    ("word " * 700, "the end"),
]
TEXTS = ["The quick brown fox. 서울은 수도이다.", "word " * 700]
PROMPTS = [
    ("Question: What is the capital of Korea?\nAnswer:", {"until": ["\n\n"], "max_gen_toks": 12, "do_sample": False}),
    ("The cat", {"until": [" the"], "max_gen_toks": 12}),
    ("word " * 700, {"max_gen_toks": 6}),
]

SCORES = {
    ("llama-bos", "float32"): [-20.1859, -36.3103, -20.6458, -25.9529, -24.9569, -11.0213, -10.1113],
    ("llama-bos", "bfloat16"): [-20.25, -36.25, -20.625, -26.0, -25.0, -11.0, -10.125],
    ("neox", "float32"): [-24.0647, -39.2756, -15.8073, -29.1986, -23.9167, -10.4058, -11.2036],
    ("neox", "bfloat16"): [-24.0, -39.25, -15.8125, -29.25, -23.875, -10.375, -11.25],
    ("mistral-sp", "float32"): [-19.9405, -40.57, -14.387, -28.4134, -36.8197, -9.1852, -12.6184],
    ("mistral-sp", "bfloat16"): [-20.0, -40.5, -14.375, -28.375, -36.75, -9.1875, -12.625],
    ("t5", "float32"): [-26.836, -45.3377, -19.7317, -31.5154, -31.2805, -11.8775, -14.059],
    ("t5", "bfloat16"): [-26.875, -45.25, -19.75, -31.5, -31.25, -11.875, -14.0625],
}
ROLLED = {
    ("llama-bos", "float32"): [-103.316, -6745.123],
    ("llama-bos", "bfloat16"): [-103.5, -6752.0],
    ("neox", "float32"): [-78.885, -7475.848],
    ("neox", "bfloat16"): [-79.0, -7464.0],
    ("mistral-sp", "float32"): [-107.235, -6664.143],
    ("mistral-sp", "bfloat16"): [-107.0, -6676.0],
    ("t5", "float32"): [-108.013, -9175.843],
    ("t5", "bfloat16"): [-108.0, -9187.0],
}
GENERATED = {
    "llama-bos": [" D", " is a fan of", "unk> . The <unk"],
    "neox": [" A", "oard of", "ession of the following information"],
    "mistral-sp": ["C", "the", ". , , "],
}
# The float32 numbers are equal on any machine; a reduced sum may round the other way on another CPU.
TOLERANCE = {"float32": 2e-4, "bfloat16": 0.25}


def open_shared(folder, dtype, size=1):
    args = {"pretrained": str(folder), "dtype": dtype, "max_length": 512}
    return open_model("hf", args, batch_size=size, device="cpu", threads=1)


@pytest.mark.parametrize(("name", "dtype"), sorted(SCORES))
def test_lm_evals_log_likelihoods(shared_models, name, dtype):
    model = open_shared(shared_models / name, dtype)
    answers = dict(model.respond([Loglikelihood(context, (text,)) for context, text in PAIRS]))
    for index, expected in enumerate(SCORES[name, dtype]):
        ((value, greedy),) = answers[index].values
        assert value == pytest.approx(expected, abs=TOLERANCE[dtype])
        assert greedy is False


@pytest.mark.parametrize(("name", "dtype"), sorted(ROLLED))
def test_lm_evals_rolling_log_likelihoods(shared_models, name, dtype):
    model = open_shared(shared_models / name, dtype)
    answers = dict(model.respond([Rolling(text) for text in TEXTS]))
    for index, expected in enumerate(ROLLED[name, dtype]):
        assert answers[index].logprob == pytest.approx(expected, rel=1e-5 if dtype == "float32" else 5e-3)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("name", sorted(GENERATED))
def test_lm_evals_greedy_texts(shared_models, name, size):
    model = open_shared(shared_models / name, "float32", size)
    answers = dict(model.respond([Generate(prompt, kwargs) for prompt, kwargs in PROMPTS]))
    assert [answers[index].text for index in range(len(PROMPTS))] == GENERATED[name]


IDS = {
    "llama-bos": (
        [1, 2017, 987, 31, 2021, 1360, 399, 809, 664, 406, 36, 204, 673, 31],
        [2922, 568, 122],
        [1, 3381, 816, 289],
        [2154, 1192, 466],
    ),
    "neox": (
        [2017, 987, 31, 2021, 1360, 399, 809, 664, 406, 36, 204, 673, 31],
        [2922, 568, 122],
        [89, 87, 816, 289],
        [2154, 1192, 466],
    ),
    "mistral-sp": (
        [2, 425, 961, 708, 288, 425, 1105, 482, 907, 425, 802, 582, 3109, 17, 1520, 288],
        [425, 780, 890],
        [2, 425, 3900, 1641, 1191],
        [1163, 425, 350, 425, 351],
    ),
    "t5": (
        [425, 961, 708, 288, 425, 1105, 482, 907, 425, 802, 582, 3109, 17, 1520, 288],
        [3375, 890],
        [425, 3900, 1641, 1191],
        [1163, 1959, 425, 351],
    ),
}


@pytest.mark.parametrize("name", sorted(IDS))
def test_lm_evals_token_ids(shared_models, name):
    from proctor.models.hf.load.load import open_tokens

    tokens = open_tokens({"pretrained": str(shared_models / name)})
    assert (*tokens.encode_pair(*PAIRS[2]), *tokens.encode_pair(*PAIRS[4])) == IDS[name]
