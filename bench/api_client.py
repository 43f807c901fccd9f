"""What the HTTP client costs and how it keeps a rate limit, against a stub server in a process of its own.

    python bench/api_client.py [--requests 20000]

1. A stub that answers at once with 20 log-probabilities: CPU of this process per request, and peak memory.
2. A stub that takes 40 requests a second (burst 40, 0.3 s each): 600 requests, time against the ideal, refusals.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))


def serve(connection: Any, rate: float | None, delay: float) -> None:
    """A stub until the connection says stop; sends its address, then how many requests it refused."""
    from aiohttp import web
    from stub_api import Serving, Stub

    body = (
        b'{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}'
    )

    def script(path: str, payload: dict[str, Any]) -> web.Response | None:
        stub.requests.clear()
        stub.headers.clear()
        return web.Response(body=body, content_type="application/json") if payload else None

    stub = Stub(script=script, rate=rate, delay=delay)
    with Serving(stub):
        connection.send(stub.url)
        connection.recv()
        connection.send(stub.refused)


def respond(count: int, rate: float | None, delay: float) -> tuple[float, float, int, float]:
    """CPU and wall seconds, refusals, and the wall seconds without the first request."""
    from proctor.models import open_model
    from proctor.types import Generate

    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, rate, delay))
    process.start()
    model = open_model(
        "local-completions", {"model": "tiny", "base_url": here.recv(), "tokenizer_backend": "none", "timeout": 60}
    )
    requests = [Generate(f"say {number}", {}) for number in range(count)]
    cpu, wall = time.process_time(), time.perf_counter()
    answered = sum(1 for _ in model.respond(requests))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    here.send("stop")
    refused = here.recv()
    process.join()
    assert answered == count, f"{answered} of {count} were answered"
    return cpu, wall, refused, cpu / count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    count = parser.parse_args().requests
    respond(100, None, 0.0)  # imports
    for number in (count // 10, count):
        _, wall, _, each = respond(number, None, 0.0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{number:8,} requests  {1000 * each:.2f} ms CPU each  {number / wall:,.0f} a second  peak {peak:,.0f} MB"
        )
    _, wall, refused, _ = respond(600, 40.0, 0.3)
    ideal = (600 - 40) / 40
    print(f"     600 against 40 a second  {wall:.1f} s of {ideal:.1f} ({wall / ideal:.2f}x)  {refused} refusals")
    return 0


if __name__ == "__main__":
    sys.exit(main())
