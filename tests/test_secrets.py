"""Secrets in texts: hidden in every form and quoting, and nothing else with them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from proctor import secrets
from proctor.secrets import redact_text

SECRET = "qu'ince\"tree"


@pytest.mark.parametrize(
    "quoted",
    [
        *(repr, json.dumps, quote, quote_plus, lambda text: text.replace("'", "'\"'\"'")),
        lambda text: base64.b64encode(text.encode()).decode(),
    ],
)
def test_a_secret_is_found_however_it_is_quoted(quoted):
    secrets.note({"api_key": SECRET})
    assert redact_text(f"x {quoted(SECRET)} y").replace("'", "").replace('"', "") == "x *** y"


@pytest.mark.parametrize(
    "text",
    [
        "pass@1=0.5 pass@10: 0.75 pass_at_k=0.5",
        "tokenizer=gpt2,max_tokens=256,max_new_tokens=5,num_tokens=99999999",
        "author=Bob Smith passage=some long text of it",
        "auth_type=basic token=True use_auth_token=false",
        "eos_token=</s> pad_token='<pad>' bos_token=<|begin_of_text|>",
        "https://host:8080/a@b hf://datasets/x@rev git+https://git@github.com/x/y",
        "Bad token: it ended at 5. The password: is missing. key=value",
        "monkey=banana keyboard=qwerty bypass=everything compass=northern",
        "https://host/v1?page=20&limit=10000000&sort=ascending",
        "Basic Traditional Chinese Medicine",
        "num_fewshot=5,signal=SIGTERM,patience=12345678,path=/usr/lib/python",
        "acc: 0.25, sampass: 3 doc_to_text={{passage}}",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Cookie: session=plumtree; theme=dark",
        "Set-Cookie: sid=plumtree; Path=/",
        "machine h login u password plumtree",
        "client --api-key plumtree --verbose",
    ],
)
def test_secrets_without_a_sign_of_assignment(text):
    assert "plumtree" not in redact_text(text)


@pytest.mark.parametrize("text", ["--key value", "the login page and password policy", "run --tasks secret_letters"])
def test_words_that_only_resemble_them_stay(text):
    assert redact_text(text) == text
