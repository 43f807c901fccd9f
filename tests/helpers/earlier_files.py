"""A results file and its samples file, as short as they may be."""

from __future__ import annotations

import json

STAMP = "2026-11-23T18-11-17.771023"
DOCUMENT = {"results": {"t": {}}, "configs": {"t": {}}, "n-shot": {"t": 0}, "config": {"model": "hf"}}
LINE = {
    "doc_id": 0,
    "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": " a"}},
    "resps": [[["-1.0", "True"]]],
    "filter": "none",
}


def write(folder, document, line):
    file = folder / f"results_{STAMP}.json"
    file.write_text(json.dumps(document))
    (folder / f"samples_t_{STAMP}.jsonl").write_text(json.dumps(line) + "\n")
    return file
