"""A hub whose name cannot be resolved: known at once, while every other network keeps the client's tries."""

from __future__ import annotations

import socket

import pytest
from huggingface_hub import constants

from proctor import hub_access
from proctor.hub_access import offline_if_unresolved


@pytest.fixture
def resolver(monkeypatch):
    """Names that were resolved; ``resolver.errors`` are raised in turn."""

    class Resolver(list):
        errors: list[Exception] = []  # noqa: RUF012

    calls = Resolver()

    def resolve(host, *_, **__):
        calls.append(host)
        if calls.errors:
            raise calls.errors.pop(0)
        return []

    for name in ("https_proxy", "http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(hub_access._SWITCH, "failed_at", float("-inf"))
    monkeypatch.setattr(hub_access, "AGAIN_AFTER", 0)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    calls.errors = []
    return calls


def unknown():
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def later():
    return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize(
    ("errors", "offline", "tries"),
    [
        ([], False, 1),
        ([unknown()], True, 1),
        ([later()], False, 2),
        ([later(), later()], True, 2),
        ([OSError()], False, 1),
    ],
    ids=["resolved", "no such name", "flaky", "no resolver", "odd"],
)
def test_the_client_is_offline_where_the_name_cannot_be_resolved(resolver, errors, offline, tries):
    resolver.errors = list(errors)
    with offline_if_unresolved("owner/name"):
        assert constants.HF_HUB_OFFLINE is offline
    assert constants.HF_HUB_OFFLINE is False
    assert len(resolver) == tries


def test_a_failure_is_believed_for_a_while_and_put_back_when_the_last_one_leaves(resolver):
    resolver.errors = [unknown()]
    with offline_if_unresolved("a/b"):
        with offline_if_unresolved("c/d"):
            pass
        assert constants.HF_HUB_OFFLINE is True
    assert constants.HF_HUB_OFFLINE is False
    assert len(resolver) == 1


@pytest.mark.parametrize("names", [(), (None,), ("",), (".",)])
def test_what_is_on_this_machine_is_opened_without_a_look_at_the_network(resolver, names):
    with offline_if_unresolved(*names):
        pass
    assert resolver == []


def test_behind_a_proxy_nothing_is_resolved(resolver, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    with offline_if_unresolved("a/b"):
        pass
    assert resolver == []


def test_who_is_offline_stays_offline(resolver, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with offline_if_unresolved("a/b"):
        pass
    assert constants.HF_HUB_OFFLINE is True
    assert resolver == []


def test_data_that_is_not_here_is_a_sentence_without_five_tries(resolver, tmp_path, capsys, monkeypatch):
    from datasets import config

    from proctor.cli.main import main

    # The tests run with the hub switched off, which would answer before anything of this is reached.
    monkeypatch.setattr(config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail(f"a pause of {seconds} s"))
    resolver.errors = [unknown()]
    (tmp_path / "far.yaml").write_text(
        "task: far\ndataset_path: nobody/nothing\ntest_split: test\ndoc_to_text: a\ndoc_to_target: b\n",
        encoding="utf-8",
    )
    assert main(["run", "--model", "dummy", "--tasks", str(tmp_path / "far.yaml"), "--no_store"]) == 1
    said = capsys.readouterr().err
    assert "is not on this machine and the hub cannot be reached" in said
    assert "Retrying" not in said
