"""Secrets in sentences and commands that an exception quotes."""

from __future__ import annotations

import pytest

from proctor.secrets import redact_text


@pytest.mark.parametrize(
    "text",
    [
        "login failed password: plumtree",
        "login failed, password: plumtree, user: me",
        "password: plum7tree for the user me",
        "The password is 'plumtree'.",
        'passphrase "plumtree"',
        "secret: plumtree\n",
        "client_secret -> plumtree",
        "token: plumtree1x9",
        "비밀번호: plumtree",
        "토큰: plumtree12",
        "Authorization: Bearer plumtree",
        "curl -u user:plumtree https://h/x",
        "curl --user 'me:plumtree' https://h/x",
        "mysql -u root -pplumtree db",
        "sshpass -p plumtree ssh h",
        "IDENTIFIED BY 'plumtree'",
        "<wsse:Password>plumtree</wsse:Password>",
        "auth=('me', 'plumtree')",
        "{'password': b'plumtree'}",
        *(
            f"x\n-----BEGIN {kind}-----\nplumtree\nplumtree=\n-----END {kind}-----\ny"
            for kind in ("RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "EC2 PRIVATE KEY")
        ),
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nplumtree\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    ],
)
def test_secrets_in_what_an_exception_says(text):
    assert "plumtree" not in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is no key 'password'. Did you mean 'pass'?",
        "password: required, token: 12 of 30",
        "doc_to_text: 'Password: {{q}}' renders nothing",
        "python -u script.py:3 and --user: who",
        "the token: it ended at 5; Passwords: they are long",
        "api key: sk, secret: {x}, the signature of f",
    ],
)
def test_sentences_about_secrets_stay(text):
    assert redact_text(text) == text


CREDENTIAL = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "head",
    [
        "AWS_SECRET_ACCESS_KEY ",
        "aws_secret_access_key\t",
        "export HF_TOKEN ",
        "set HF_TOKEN to ",
        "OPENAI_API_KEY is ",
        "Authorization ",
        "Authorization Bearer ",
        "authorization token ",
        "X-Api-Key  ",
        "password ",
        "the secret key ",
        "token ",
        "DB_PASS ",
    ],
)
@pytest.mark.parametrize(
    "value", [CREDENTIAL, "0123456789abcdef0123", "123e4567-e89b-12d3-a456-426614174000", "dXNlcjpw1YXNz3d29yZDEyMw=="]
)
def test_a_credential_after_a_name_and_blanks_is_hidden(head, value):
    assert redact_text(f"failed: {head}{value}\nrest") == f"failed: {head}***\nrest"


@pytest.mark.parametrize(
    "text",
    [
        "AWS_SECRET_ACCESS_KEY is not set",
        "the password requirements2023 of the exam",
        "password Internationalization",
        "the api_key parameter_of_the_model_is_missing",
        "the token model.layers.10.self_attn.q_proj.weight",
        "the token sentencepiece_tokenizer2 has",
        "token Qwen/Qwen2.5-7B-Instruct-1M",
        "secret tasks/mmlu_pro_2024/utils.py",
        "secret_key config_v2_final_version.yaml",
        "the key 9f86d081884c7d659a2f of the row",
        "author 9f86d081884c7d659a2feaa0c55ad015",
        "passage 9f86d081884c7d659a2feaa0c55ad015",
        "token_count 9f86d081884c7d659a2feaa0c55ad015",
        "Authorization Bearer of the prize in literature",
        "cookie 2024-01-01T00:00:00",
        "the password get_password1_from2(user)",
    ],
)
def test_prose_after_such_a_name_stays(text):
    assert redact_text(text) == text


def test_a_long_text_without_an_end_is_looked_at_once():
    text = "token " + "a" * 200_000
    assert redact_text(text) == text
    assert redact_text("secret " * 20_000) == "secret " * 20_000
