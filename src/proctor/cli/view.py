"""Look at stored runs in a browser: a list of them, and a report of those that are chosen."""

from __future__ import annotations

import argparse

from proctor.cli.cache import add_store_flag
from proctor.cli.stop import acknowledge
from proctor.errors import UsageError

USAGE = "proctor view [PATH ...] [--port N] [--open] [--follow] [--language en|ko]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, and where the server listens."""
    parser.add_argument(
        "paths", nargs="*", default=["results"], metavar="PATH", help="folders, results files, archives or numbers of "
        "'proctor runs', of proctor or lm-eval (default: results)"
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=0, metavar="N", help="(default: any that is free)")
    parser.add_argument("--open", action="store_true", help="open the browser")
    parser.add_argument("--follow", action="store_true", help="show in the list what changes, every 2 seconds")
    parser.add_argument(
        "--language", choices=("en", "ko"), help="of the pages (default: the browser's, else the locale's)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="(default: 127.0.0.1, this machine alone)"
    )
    parser.add_argument(
        "--i_know_others_can_read_this", action="store_true", help="listen on an address that other machines reach"
    )
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from proctor.results.open_runs import open_path
    from proctor.view.catalog import Catalog
    from proctor.view.index_file import IndexFile, index_path
    from proctor.view.server import LOOPBACK, ViewServer

    if namespace.host not in LOOPBACK and not namespace.i_know_others_can_read_this:
        raise UsageError(
            f"On {namespace.host} other machines can try to read the exam and the responses, which are not encrypted.",
            hint="Leave --host out and forward the port (ssh -L), or add --i_know_others_can_read_this.",
        )
    if not 0 <= namespace.port <= 65535:
        raise UsageError(f"--port {namespace.port} is no port: give a number from 0 to 65535.")
    for path in namespace.paths:
        # A path that is wrong is an error now; a folder that is empty may have its first run later.
        if path != "results":
            open_path(path, store=namespace.store)
    catalog = Catalog(namespace.paths, namespace.store)
    index = IndexFile(index_path(namespace.paths))
    with ViewServer(
        catalog, index, namespace.host, namespace.port, namespace.language, follow=namespace.follow
    ) as server:
        server.indexer.start()
        print(f"{server.address}\nCtrl-C ends it.", flush=True)
        if namespace.open:
            import webbrowser

            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt as stop:
            acknowledge(stop)
            print("", flush=True)
    return 0
