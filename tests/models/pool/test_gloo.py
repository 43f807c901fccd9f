"""Ranks meet, send each other bytes, and say who is missing or does not belong to them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from proctor.errors import ModelError
from proctor.models.pool import gloo as module
from proctor.models.pool.gloo import meet
from proctor.models.pool.launchers import Ranks


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def two(monkeypatch):
    """Two ranks of this machine, of which each may be a thread."""
    for name in ("MASTER_ADDR", "MASTER_PORT", "GLOO_SOCKET_IFNAME"):
        monkeypatch.setenv(name, "")  # so that what is set is put back
        monkeypatch.delenv(name)
    port = free_port()
    return [Ranks("torchrun", rank, 2, rank, 2, "127.0.0.1", port) for rank in range(2)]


def together(calls):
    """What each call gave or raised, all at once."""
    results = [None] * len(calls)

    def run(number):
        try:
            results[number] = calls[number]()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_bytes_go_both_ways_as_they_were_sent(two):
    pipes = together([lambda: meet(two[0]).pipe_to(1), lambda: meet(two[1]).pipe_to(0)])
    data = [b"x", bytes(range(256)) * 5000]
    got = together([lambda: [pipes[0].receive() for _ in data], lambda: [pipes[1].send(one) for one in data]])
    assert got[0] == data
    assert together([lambda: pipes[0].send(b"back"), pipes[1].receive])[1] == b"back"


def test_a_rank_that_does_not_come_is_named_in_time(two):
    with pytest.raises(ModelError, match=r"Rank 0 of 2 has not met the others within 2 s at 127\.0\.0\.1") as raised:
        meet(two[0], 2)
    assert "MASTER_ADDR" in raised.value.hint


def test_a_rank_that_waits_says_for_what(two, monkeypatch, caplog):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with pytest.raises(ModelError, match="has not met the others within 2 s"):
        meet(two[0], 2)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("Rank 0 of 2 waits for the others at 127.0.0.1")
    assert "variables of torchrun are left over in this shell: unset them" in line


def test_a_rank_that_waits_for_the_others_can_be_stopped(two):
    # In a process of its own, for the wait of torch cannot be ended.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from proctor.models.pool.gloo import meet; from proctor.models.pool.launchers import Ranks\n"
        f"print('waits', flush=True)\nmeet(Ranks('torchrun', 0, 2, 0, 2, '127.0.0.1', {two[0].port}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "waits\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in shown
    assert "terminate called" not in shown


class _Store(dict):
    """A store of torch.distributed, as far as it is used."""

    def set(self, key, value):
        self[key] = value

    def check(self, keys):
        return all(key in self for key in keys)


def test_a_rank_that_does_not_check_in_is_named(two):
    with pytest.raises(ModelError, match=r"Of 4 ranks, 2 did not arrive in time: 2, 3\."):
        module._check_in(_Store(rank1="{}"), {}, replace(two[0], size=4), time.monotonic())


def test_a_rank_of_another_job_is_refused(two):
    other = json.dumps({**module._about(two[1]), "number of processes": 4})
    with pytest.raises(ModelError, match="Rank 1 does not belong to this run: its number of processes is 4, that of"):
        module._check_in(_Store(rank1=other), module._about(two[0]), two[0], time.monotonic() + 5)


def test_a_rank_with_another_command_is_refused_by_both(two):
    calls = [
        lambda: meet(two[0], command="proctor run --tasks a"),
        lambda: meet(two[1], command="proctor run --tasks b"),
    ]
    errors = [str(error) for error in together(calls)]
    assert "Rank 1 does not belong to this run: its command is proctor run --tasks b, that of rank 0 is" in errors[0]
    assert "Rank 0 does not belong to this run: its command is proctor run --tasks a, that of rank 1 is" in errors[1]


def test_a_port_that_is_taken_is_no_matter_of_time(two):
    with socket.socket() as other:
        other.bind(("", two[0].port))
        other.listen()
        with pytest.raises(ModelError, match=r"Rank 0 of 2 has not met the others at 127\.0\.0\.1, port \d+: .*in use"):
            meet(two[0])


def test_port_0_is_refused(two):
    with pytest.raises(ModelError, match="MASTER_PORT is 0"):
        meet(replace(two[0], port=0))


def test_several_machines_that_do_not_know_where_to_meet(two):
    with pytest.raises(ModelError, match="does not say where they meet") as raised:
        meet(replace(two[0], address=None, launcher="mpirun"))
    assert "Set MASTER_ADDR" in raised.value.hint
