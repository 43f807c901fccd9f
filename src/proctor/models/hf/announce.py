"""What is said while weights are read, which may take a minute: which model, how large, where to, how long it took.

The bars of transformers are switched off meanwhile: they would be drawn into proctor's own display.
Those of a download stay on a terminal, where nothing else says how far it is.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger("proctor")

WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")
"""Weights files; the first pattern that fits any of a folder's files is the one that is loaded."""


@contextmanager
def announce_loading(source: str, device: object) -> Iterator[dict[str, Any]]:
    """Say that a model is loaded and how long it took; put ``model_info`` into what this gives for the second line."""
    size = weights_size(Path(source))
    log.info("Loading model %s%s onto %s ...", source, f" ({size / 1e9:.1f} GB)" if size >= 1e8 else "", device)
    began = time.monotonic()
    info: dict[str, Any] = {}
    with _without_bars():
        yield info
    log.info("Model loaded in %.1f s%s.", time.monotonic() - began, _facts(info))


def weights_size(folder: Path) -> int:
    """Bytes of the weights in a folder; 0 for what is no folder."""
    for pattern in WEIGHTS:
        sizes = [file.stat().st_size for file in folder.glob(pattern) if file.is_file()]
        if sizes:
            return sum(sizes)
    return 0


def _facts(info: Mapping[str, Any]) -> str:
    count, dtype = info.get("model_num_parameters"), info.get("model_dtype")
    if not isinstance(count, int) or count <= 0:
        return ""
    shown = f"{count / 1e9:.2f}B" if count >= 1e9 else f"{count / 1e6:.1f}M"
    return f": {shown} parameters" + (f", {str(dtype).removeprefix('torch.')}" if dtype else "")


@contextmanager
def _without_bars() -> Iterator[None]:
    from huggingface_hub.utils import are_progress_bars_disabled, enable_progress_bars
    from transformers.utils import logging as bars

    shown, downloads = bars.is_progress_bar_enabled(), not are_progress_bars_disabled()
    bars.disable_progress_bar()
    if downloads and sys.stderr.isatty():
        enable_progress_bars()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
