"""proctor's command, as a launcher starts it, where rank 1 has less memory than the others.

``FREE_BYTES``: what it has for a batch. ``FULL_AFTER``: passes of shared scoring after which its memory runs out.
"""

from __future__ import annotations

import os
import sys

import torch

from proctor.cli.main import main
from proctor.models.hf import device
from proctor.models.hf.scoring import tree

if os.environ.get("RANK") == "1" and "FREE_BYTES" in os.environ:
    device.free_bytes = lambda _device: int(os.environ["FREE_BYTES"])

if os.environ.get("RANK") == "1" and "FULL_AFTER" in os.environ:
    left = int(os.environ["FULL_AFTER"])
    autocast = tree.autocast

    def full(*words):
        global left
        left -= 1
        if left < 0:
            raise torch.OutOfMemoryError("out of memory")
        return autocast(*words)

    tree.autocast = full

sys.exit(main())
