"""Model arguments of API kinds: lm-eval's names, checked."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.models.http.arguments import read_arguments
from proctor.secrets import redact_text

URL = "http://localhost:1/v1/completions"


def test_lm_evals_names():
    args = {
        "model": "m",
        "base_url": URL,
        "num_concurrent": "8",
        "max_retries": "3",
        "tokenized_requests": "False",
        "verify_certificate": "False",
        "timeout": "30",
        "max_length": 4096,
        "header": '{"X-Team": "eval"}',
        "tokenizer_backend": "None",
        "batch_size": 4,
        "truncate": False,
    }
    found = read_arguments("local-completions", args)
    assert (found.num_concurrent, found.max_retries, found.timeout, found.max_length) == (8, 3, 30.0, 4096)
    assert not found.tokenized_requests
    assert not found.verify_certificate
    assert found.header == {"X-Team": "eval"}
    assert found.tokenizer_backend == "none"


def test_pretrained_stands_for_model_and_several_addresses():
    found = read_arguments("local-completions", {"pretrained": "m", "base_url": "http://a/v1|http://b/v1"})
    assert (found.model, found.base_url) == ("m", ("http://a/v1", "http://b/v1"))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"base_url": URL}, "needs model="),
        ({"model": "", "base_url": URL}, "needs model="),
        ({"model": "m"}, "needs base_url="),
        ({"model": "m", "base_url": "localhost:8000"}, "is no address"),
        ({"model": "m", "base_url": "http://"}, "is no address"),
        ({"model": "m", "base_url": "http://[::1"}, "is no address"),
        ({"model": "m", "base_url": "http://h:99999/v1"}, "is no address"),
        ({"model": "m", "base_url": f"{URL}|ftp://x"}, "is no address"),
        ({"model": "m", "base_url": URL, "num_concurrent": "0"}, "num_concurrent is '0'"),
        ({"model": "m", "base_url": URL, "num_concurrent": "many"}, "num_concurrent is 'many'"),
        ({"model": "m", "base_url": URL, "timeout": "nan"}, "timeout is 'nan'"),
        ({"model": "m", "base_url": URL, "timeout": "-1"}, "timeout is '-1'"),
        ({"model": "m", "base_url": URL, "tokenized_requests": "perhaps"}, "must be True or False"),
        ({"model": "m", "base_url": URL, "header": "X-Team: eval"}, "header must be an object"),
        ({"model": "m", "base_url": URL, "header": {"X": "a\r\nB: c"}}, "line end"),
        ({"model": "m", "base_url": URL, "scoring": "tree"}, "scoring is 'tree'"),
        ({"model": "m", "base_url": URL, "num_concurent": 4}, "'num_concurent' is unknown"),
        ({"model": "m", "base_url": URL, "max_length": 2}, "max_length is 2"),
    ],
)
def test_what_is_wrong_is_said(args, said):
    with pytest.raises(UsageError, match=said):
        read_arguments("local-completions", args)


def test_a_strange_name_is_warned_of(caplog):
    read_arguments("local-completions", {"model": "m", "base_url": URL, "zzz": 1})
    assert "'zzz' means nothing" in caplog.text


def test_every_value_of_a_header_is_a_secret():
    read_arguments("local-completions", {"model": "m", "base_url": URL, "header": {"X-Team-Id": "wordlike-value"}})
    assert "wordlike-value" not in redact_text("sent with wordlike-value to the server")


def test_secrets_are_in_no_representation():
    args = {"model": "m", "base_url": URL, "auth_token": "hunter2-hunter2", "header": {"Authorization": "Bearer hush"}}
    shown = repr(read_arguments("local-completions", args))
    assert "hunter2" not in shown
    assert "hush" not in shown
