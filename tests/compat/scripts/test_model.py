"""The classes that scripts derive their own models from: what they give, and what a class must bring along."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from proctor.compat.scripts.lm_model import LMModel
from proctor.compat.scripts.model import LM, CacheHook, CachingLM, TemplateLM
from proctor.compat.tasks.instance import Instance
from proctor.errors import DataError, ModelError


def asked(kind, *arguments):
    return Instance(kind, {}, arguments, 0)


class Plain(LM):
    """Counts what it is sent."""

    def __init__(self, size=1, **more):
        super().__init__()
        self.size, self.more, self.requests = size, more, []

    def loglikelihood(self, requests):
        self.requests += requests
        return [(-float(len(request.args[1])), True) for request in requests]

    def loglikelihood_rolling(self, requests):
        self.requests += requests
        return [-float(len(request.args[0])) for request in requests]

    def generate_until(self, requests):
        self.requests += requests
        return [f"{request.args[0]} {len(self.requests)}" for request in requests]


class Letters(TemplateLM):
    """A token is a letter; 0 is the end of text."""

    eot_token_id = 0

    def __init__(self, prefix=0):
        super().__init__()
        self.prefix = prefix
        self.encoded = []

    @property
    def prefix_token_id(self):
        return self.prefix

    def tok_encode(self, string, add_special_tokens=None, **kwargs):
        return [ord(letter) for letter in string]

    def _loglikelihood_tokens(self, requests, **kwargs):
        self.encoded += requests
        return [(-float(len(tail)), False) for _, _, tail in requests]

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        return []

    def generate_until(self, requests, disable_tqdm=False):
        return []


@pytest.mark.parametrize("missing", ["loglikelihood", "loglikelihood_rolling", "generate_until"])
def test_a_class_without_one_of_the_three_methods_cannot_be_made(missing):
    methods = {name: lambda self, requests: [] for name in LM.__abstractmethods__ if name != missing}
    with pytest.raises(TypeError, match=missing):
        type("Short", (LM,), methods)()


def test_a_model_is_made_from_arguments_and_what_the_run_says():
    said = {"batch_size": 3, "device": None}
    for made in (
        Plain.create_from_arg_string("size=2,name=x", said),
        Plain.create_from_arg_obj({"size": 2, "name": "x"}, said),
    ):
        assert (made.size, made.more) == (2, {"name": "x", "batch_size": 3})
    assert Plain.create_from_arg_string("").size == 1
    with pytest.raises(ValueError, match="expected key=value, got 'size'"):
        Plain.create_from_arg_string("size")


def test_there_is_one_process():
    model = Plain()
    assert (model.rank, model.world_size, model.all_gather([1]), model.gather_object("x")) == (0, 1, [1], ["x"])
    assert model.barrier() is None


@pytest.mark.parametrize("error", [ModelError, NotImplementedError])
def test_a_model_without_chats_says_so_in_both_languages(error):
    with pytest.raises(error, match="Plain has no chat template"):
        Plain().apply_chat_template([])
    with pytest.raises(error, match="Plain does not say its tokenizer_name"):
        _ = Plain().tokenizer_name
    assert Plain().chat_template() == ""


def test_responses_are_cached_in_a_file_and_only_the_others_requested(tmp_path):
    first, second = Plain(), Plain()
    requests = [asked("loglikelihood", "a", text) for text in ("b", "cc", "ddd")]
    whole = [asked("loglikelihood_rolling", "text")]
    cached = CachingLM(first, str(tmp_path / "cache.db"))
    expected = cached.loglikelihood(requests[:2]), cached.loglikelihood_rolling(whole)
    again = CachingLM(second, str(tmp_path / "cache.db"))
    assert again.loglikelihood(requests) == [*expected[0], (-3.0, True)]
    assert again.loglikelihood_rolling(whole) == expected[1]
    assert second.requests == requests[2:]
    assert again.size == 1
    with pytest.raises(AttributeError, match="nothing"):
        _ = again.nothing
    assert isinstance(again.as_proctor_model(), LMModel)


def test_a_sampled_text_is_another_one_each_time(tmp_path):
    model = Plain()
    cached = CachingLM(model, str(tmp_path / "cache.db"))
    greedy, sampled = (asked("generate_until", "p", {"do_sample": sample}) for sample in (False, True))
    assert cached.generate_until([greedy, sampled]) == ["p 2", "p 2"]
    assert cached.generate_until([greedy, sampled]) == ["p 2", "p 3"]


def test_a_hook_takes_responses_as_they_come(tmp_path):
    model = Plain()
    CacheHook(None).add_partial("loglikelihood", ("a", "b"), (-1.0, True))
    cached = CachingLM(model, str(tmp_path / "cache.db"))
    model.cache_hook.add_partial("loglikelihood", ("a", "b"), (-9.0, False))
    assert cached.loglikelihood([asked("loglikelihood", "a", "b")]) == [(-9.0, False)]
    assert model.requests == []


def test_a_file_of_another_form_is_a_sentence(tmp_path):
    (tmp_path / "cache.db").write_bytes(b"no database" * 100)
    with pytest.raises(DataError, match="cannot be used as a cache of responses"):
        CachingLM(Plain(), str(tmp_path / "cache.db"))


def test_white_space_at_the_boundary_belongs_to_what_follows():
    model = Letters()
    model.loglikelihood([asked("loglikelihood", "ab ", "c"), asked("loglikelihood", "ab", " c")])
    assert [(before, tail) for _, before, tail in model.encoded] == [([97, 98], [32, 99])] * 2
    # What the class gets as texts are those of the request.
    assert [texts for texts, _, _ in model.encoded] == [("ab ", "c"), ("ab", " c")]


def test_an_encoder_decoder_model_encodes_both_by_themselves():
    model = Letters()
    model.backend = "seq2seq"
    assert model._encode_pair("ab ", "c") == ([97, 98], [32, 99])


@pytest.mark.parametrize(
    ("prefix", "text", "expected"),
    [(0, "ab", ([0], [97, 98])), (97, "ab", ([97], [98])), (0, "", ([0], []))],
)
def test_a_text_without_context_stands_behind_the_prefix_token(prefix, text, expected):
    assert Letters(prefix)._encode_alone(text) == expected


def test_a_model_without_a_prefix_token_scores_no_text_alone():
    with pytest.raises(ModelError, match="Letters has no token to put before a text"):
        Letters(None).loglikelihood([asked("loglikelihood", "", "b")])


def test_the_chat_template_of_the_tokenizer(caplog):
    model = Letters()
    assert model.chat_template(True) == ""
    model.tokenizer = SimpleNamespace(chat_template="{{ messages }}")
    with caplog.at_level(logging.WARNING, "proctor"):
        assert model.chat_template(True) == "{{ messages }}"
        assert not caplog.messages
        assert model.chat_template("tools") == "{{ messages }}"
        assert model.chat_template(False) is None
    assert len(caplog.messages) == 2
    model.tokenizer = SimpleNamespace(chat_template={"default": "plain", "tools": "with tools"})
    assert (model.chat_template(True), model.chat_template("tools")) == ("plain", "with tools")
