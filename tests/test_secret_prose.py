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
