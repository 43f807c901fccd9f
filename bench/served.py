r"""Scores of a served model: server CPU, bytes and requests of proctor and of lm-eval, on the same server in one run.

    python bench/served.py --peer_python PEER/bin/python --url http://127.0.0.1:8000/v1 --model NAME \\
        --tokenizer FOLDER --server_pid PID [--tasks mmlu_anatomy,mmlu_astronomy] [--limit 10] [--num_fewshot 5]

The server is a real one (vLLM with ``VLLM_SERVER_DEV_MODE=1``, whose prefix cache is emptied before each program).
Both programs speak to it through a proxy of this script that counts requests and bytes. CPU seconds are those of the
server's process and its children, read from /proc. Run it where the data lies. What is compared at last are the
samples: the largest difference of a log-probability, and predictions that differ.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Traffic:
    """What went through the proxy: requests (by the heads of HTTP/1.1) and bytes of each way."""

    requests: int = 0
    sent: int = 0
    received: int = 0


class Proxy(threading.Thread):
    """Passes bytes on to a server, and counts them."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(daemon=True)
        self.target = (host, port)
        self.traffic = Traffic()
        self.port = 0
        self.ready = threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        await asyncio.gather(self._pass(reader, server_writer, out=True), self._pass(server_reader, writer, out=False))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, out: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if out:
                    self.traffic.sent += len(data)
                    self.traffic.requests += data.count(b" HTTP/1.1\r\n")
                else:
                    self.traffic.received += len(data)
                writer.write(data)
                await writer.drain()
        writer.close()


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its descendants."""
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
            for thread in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
    return total / TICKS


def samples_of(folder: Path) -> Mapping[tuple[str, int], list[tuple[float, bool]]]:
    """Per task and document the log-probabilities."""
    found: dict[tuple[str, int], list[tuple[float, bool]]] = {}
    for file in folder.rglob("samples_*.jsonl"):
        task = file.name.removeprefix("samples_").rsplit("_2", 1)[0]
        for line in file.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            pairs = [(float(response[0][0]), response[0][1] == "True") for response in sample["resps"]]
            found[task, sample["doc_id"]] = pairs
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("peer_python", "url", "model", "tokenizer"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--server_pid", type=int, required=True)
    parser.add_argument("--tasks", default="mmlu_anatomy,mmlu_astronomy")
    parser.add_argument("--limit", default="10")
    parser.add_argument("--num_fewshot", default="5")
    given = parser.parse_args()
    parts = urlsplit(given.url)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 80)
    proxy.start()
    proxy.ready.wait()
    base = f"http://127.0.0.1:{proxy.port}{parts.path}/completions"
    args = f"model={given.model},base_url={base},tokenizer={given.tokenizer},tokenizer_backend=huggingface"
    flags = ["--tasks", given.tasks, "--limit", given.limit, "--num_fewshot", given.num_fewshot, "--log_samples"]
    programs = {
        "lm-eval": [given.peer_python, "-m", "lm_eval", "--model_args", f"{args},num_concurrent=16,max_length=1024"],
        "proctor": [sys.executable, "-m", "proctor", "run", "--no_store", "--model_args", f"{args},max_length=1024"],
    }
    found: dict[str, tuple[float, Traffic]] = {}
    samples = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, command in programs.items():
            reset = urllib.request.Request(f"{given.url.removesuffix('/v1')}/reset_prefix_cache", method="POST")
            with suppress(OSError):
                urllib.request.urlopen(reset).read()
            proxy.traffic = Traffic()
            before = cpu_of(given.server_pid)
            output = Path(folder) / name
            words = [*command, "--model", "local-completions", *flags, "--output_path", str(output)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr[-2000:], file=sys.stderr)
                return 1
            found[name] = (cpu_of(given.server_pid) - before, proxy.traffic)
            samples[name] = samples_of(output)
    for name, (cpu, traffic) in found.items():
        print(f"{name:8} {traffic.requests:6,} requests  {cpu:8.2f} s server CPU  {traffic.received:12,} bytes back")
    (slow, much), (fast, little) = found["lm-eval"], found["proctor"]
    print(f"ratio    {slow / fast:.1f}x server CPU, {much.received / little.received:.0f}x bytes")
    pairs = [
        (one, two)
        for key in samples["lm-eval"]
        for one, two in zip(samples["lm-eval"][key], samples["proctor"][key], strict=True)
    ]
    largest = max(abs(one[0] - two[0]) for one, two in pairs)
    flips = sum(
        max(range(len(one)), key=lambda i: one[i][0])
        != max(range(len(one)), key=lambda i: samples["proctor"][key][i][0])
        for key, one in samples["lm-eval"].items()
    )
    greedy = sum(one[1] != two[1] for one, two in pairs)
    print(f"scores   largest difference {largest:.1e}, {greedy} greedy flags and {flips} predictions differ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
