"""Which names of settings and variables say that their value is a secret."""

from __future__ import annotations

import os

import pytest

from proctor.secret_names import is_secret, is_secret_variable


def test_names_of_settings():
    hidden = "auth pass pwd bearer connection_string webhook api_key apiKey X-Api-Key client-secret AccountKey dsn"
    shown = "author passage tokenizer max_tokens pass@1 pass_at_1 tokens keys authors compass pattern signal path"
    assert all(is_secret(name, "plumtree1") for name in hidden.split())
    assert not any(is_secret(name, "plumtree1") for name in shown.split())
    assert not is_secret("pass", 1)
    assert not is_secret("token", True)


def test_names_of_variables():
    hidden = (
        "PGPASSWORD MYSQL_PWD SSHPASS REDISCLI_AUTH DB_PASS TOKEN_HF AZURE_SAS SLACK_WEBHOOK_URL HF_TOKEN MYTOKEN "
        "AZURE_STORAGE_CONNECTION_STRING SENTRY_DSN OPENAI_API_KEY AWS_SECRET_ACCESS_KEY GITHUB_PAT SECRET_SAUCE"
    )
    shown = "PWD OLDPWD SSH_AUTH_SOCK TOKENIZERS_PARALLELISM PATH COMPASS GIT_ASKPASS KEYBOARD AUTHOR TOKEN_LIMIT"
    assert all(is_secret_variable(name, "plumtree-hill") for name in hidden.split())
    assert not any(is_secret_variable(name, "plumtree-hill") for name in shown.split())
    assert not is_secret_variable("SOME_KEY_PASS", os.path.expanduser("/usr"))


@pytest.mark.parametrize("name", ["openai_key", "apitoken", "dbpassword", "my_apikey", "GEMINI_KEY"])
def test_more_names_of_settings(name):
    assert is_secret(name, "plumtree1")
