"""What ``proctor view`` costs with 100,000 samples: CPU seconds and memory to index them, milliseconds of each answer.

    python bench/view.py [--documents 100000] [--rounds 5]

One run is generated (57 tasks). Its index must take below 15 CPU seconds, 100 MB of memory and 100 MB of disk; each
page of rows, through the server, below 100 ms, and a search through all texts below 300. Processes that share
the cores make all of it longer, so the time of ten million additions is printed beside it. Exit status: 1 where a
promise is broken.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))

from large_exam import write_large_run

from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.indexing import Indexer
from proctor.view.server import ViewServer

SECONDS, MEGABYTES, DISK, MILLISECONDS, SEARCH = 15.0, 100, 100_000_000, 100, 300
PAGES = {
    "rows": "rows?run={a}",
    "rows, page 2": "rows?run={a}&after={after}",
    "wrong": "rows?run={a}&f=wrong",
    "surest first": "rows?run={a}&o=p-",
    "confident and wrong": "rows?run={a}&f=confident&o=margin",
    "one task": "rows?run={a}&t=mmlu_subject_40",
    "search, many": "rows?run={a}&s=ban",
    "search, none": "rows?run={a}&s=xyzzy",
    "one question": "question?run={a}&task=mmlu_subject_30&id=100",
}
OTHERS = {"columns of the page": "page?run={a}"}


def additions() -> float:
    """CPU seconds of ten million additions."""
    start, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - start


def index_of(folder: Path, file: Path) -> bool:
    """Index the run, and print what that took."""
    index = IndexFile(file)
    start = time.process_time()
    Indexer(Catalog([str(folder)]), index).update()
    seconds = time.process_time() - start
    megabytes, disk = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, os.path.getsize(file)
    print(f"index: {seconds:.1f} CPU s, {megabytes:.0f} MB of memory, {disk / 1e6:.0f} MB of disk")
    return seconds < SECONDS and megabytes < MEGABYTES and disk < DISK


def get(server: ViewServer, path: str) -> tuple[float, bytes]:
    """Milliseconds, and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": f"{server.cookie}={server.token}"})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body
    return 1000 * (time.perf_counter() - start), body


def pages_of(folder: Path, file: Path, rounds: int) -> bool:
    """Ask for each page several times; print the median and the longest."""
    good = True
    with ViewServer(Catalog([str(folder)]), IndexFile(file), "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = json.loads(get(server, "/api/runs")[1])["runs"][0]["id"]
        after = quote(json.loads(get(server, f"/api/rows?run={run}")[1])["after"])
        for name, path in {**PAGES, **OTHERS}.items():
            times = [get(server, f"/api/{path.format(a=run, after=after)}")[0] for _ in range(rounds)]
            print(f"{name:20} {statistics.median(times):6.0f} ms, at most {max(times):.0f}")
            most = SEARCH if name.startswith("search") else MILLISECONDS
            good = good and (name in OTHERS or statistics.median(times) < most)
        server.shutdown()
    return good


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pid = os.fork()
        if not pid:
            # In a process of its own: what it needs of memory is no part of the index's.
            write_large_run(Path(folder, "runs", "a"), "a", 1.3, documents=given.documents)
            os._exit(0)
        os.waitpid(pid, 0)
        file = Path(folder, "index.sqlite")
        print(f"load {os.getloadavg()[0]:.1f}, {additions():.2f} s for ten million additions")
        good = index_of(Path(folder, "runs"), file)
        good = pages_of(Path(folder, "runs"), file, given.rounds) and good
        print(f"load {os.getloadavg()[0]:.1f}, {additions():.2f} s for ten million additions")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
