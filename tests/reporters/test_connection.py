"""Whether a server is there."""

from __future__ import annotations

import socket

import pytest

from proctor.reporters.base import ReporterError
from proctor.reporters.connection import check_server


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_only_an_address_is_connected_to():
    for place in ("sqlite:///x.db", "databricks", "./mlruns", ""):
        check_server(place)
    with pytest.raises(ReporterError, match=r"there is no server at http://127.0.0.1:99999"):
        check_server("http://127.0.0.1:99999")


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(ReporterError, match="there is no server at") as caught:
        check_server("http://joe:sesame77secret@127.0.0.1:99999")
    assert "sesame77" not in str(caught.value)


def test_a_proxy_is_left_to_the_package(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    check_server(address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(ReporterError, match="there is no server"):
        check_server(address)
