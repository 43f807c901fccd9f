"""The addresses of a server from the one that the user gave."""

from __future__ import annotations

import pytest

from proctor.models.http.endpoints import endpoint


@pytest.mark.parametrize(
    ("address", "url", "api", "root"),
    [
        ("http://h:1/v1/completions", "http://h:1/v1/completions", "http://h:1/v1", "http://h:1"),
        ("http://h:1/v1", "http://h:1/v1/completions", "http://h:1/v1", "http://h:1"),
        ("http://h:1/v1/", "http://h:1/v1/completions", "http://h:1/v1", "http://h:1"),
        ("http://h:1", "http://h:1/v1/completions", "http://h:1/v1", "http://h:1"),
        ("http://h/proxy/v1", "http://h/proxy/v1/completions", "http://h/proxy/v1", "http://h/proxy"),
        ("http://h/api", "http://h/api/completions", "http://h/api", "http://h/api"),
        ("https://h/v1/completions?k=2", "https://h/v1/completions?k=2", "https://h/v1?k=2", "https://h?k=2"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions", "http://h/v1", "http://h"),
    ],
)
def test_addresses(address, url, api, root):
    found = endpoint(address, "/completions")
    assert (found.url, found.api, found.root) == (url, api, root)


@pytest.mark.parametrize("address", ["http://h:1/generate", "http://h:1", "http://h:1/v1"])
def test_addresses_of_sglang(address):
    found = endpoint(address, "/generate")
    assert (found.url, found.api, found.root) == ("http://h:1/generate", "http://h:1/v1", "http://h:1")
