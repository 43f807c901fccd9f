"""Every public name of lm-eval 0.4.13, and whether it is served."""

from __future__ import annotations

import json
from pathlib import Path

from proctor.alias import NotServedError, import_peer

NAMES = json.loads((Path(__file__).parents[1] / "compat" / "goldens" / "names.json").read_text(encoding="utf-8"))


def served(module: str, name: str | None = None) -> bool:
    try:
        found = import_peer(module)
    except NotServedError:
        return False
    return name is None or hasattr(found, name)
