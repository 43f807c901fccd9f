#!/usr/bin/env python3
"""How fast requests become token ids: by what prompts share, text by text, and lm-eval's way; and whether all agree.

    OMP_NUM_THREADS=1 python bench/tokenise.py [--peer-python PYTHON] [--hub FOLDER] [--tokenizer FOLDER ...]

14,042 questions in the shape of MMLU (five fixed shots a subject, 4 letters) and of HellaSwag (0 shots, and 5 drawn
for each question; 4 endings). The texts are those of ``--hub`` where there is such a folder (questions are repeated
with a number if it has fewer) and generated sentences elsewhere. Tokenizers are trained on the texts, 32,000 tokens:
byte-level with Llama 3's way of splitting, and SentencePiece's way without any. CPU seconds of one thread. lm-eval
encodes every request by itself, context and whole; it does so for one document in ``--peer-every``, and its time is
scaled.
Exit status: 1 if an id differs or a ratio to lm-eval is under 5 with shots or under 2.5 without: there contexts are
short, share nothing, and every ending must be encoded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from side_by_side.standin import Writer, ending, question

Request = tuple[str, tuple[str, ...]]

DOCUMENTS = 14_042
SUBJECTS = 57
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PEER = """
import hashlib, json, sys, time
from transformers import AutoTokenizer
from lm_eval.models.huggingface import HFLM
job = json.load(open(sys.argv[1]))
model = HFLM.__new__(HFLM)
model.tokenizer, model.backend, model.add_bos_token = AutoTokenizer.from_pretrained(job["tokenizer"]), "causal", None
model.custom_prefix_token_id, pairs = None, [(context, text) for context, texts in job["requests"] for text in texts]
start = time.process_time()
found = [model._encode_pair(*pair) for pair in pairs]
seconds = time.process_time() - start
print(json.dumps([seconds, hashlib.sha256(json.dumps(found).encode()).hexdigest()]))
"""


# -- texts


def read_rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def mmlu(hub: Path | None) -> list[Request]:
    """Five shots a subject, the same for all its questions."""
    found: list[Request] = []
    for subject, shots, rows in _subjects(hub):
        head = f"The following are multiple choice questions (with answers) about {subject}.\n\n"
        head += "".join(f"{_asked(row)} {'ABCD'[row['answer']]}\n\n" for row in shots)
        found += [(head + _asked(row), (" A", " B", " C", " D")) for row in rows]
    return found[:DOCUMENTS]


def _subjects(hub: Path | None) -> Iterator[tuple[str, Sequence[Any], Sequence[Any]]]:
    if hub is not None:
        for folder in sorted(one for one in (hub / "cais" / "mmlu").iterdir() if one.is_dir()):
            yield folder.name.replace("_", " "), read_rows(folder / "dev.jsonl"), read_rows(folder / "test.jsonl")
        return
    writer = Writer(1)
    for number in range(SUBJECTS):
        shots, rows = ([question(writer) for _ in range(count)] for count in (5, 1 + DOCUMENTS // SUBJECTS))
        yield f"subject {number}", shots, rows


def _asked(row: Any) -> str:
    choices = "\n".join(f"{letter}. {choice}" for letter, choice in zip("ABCD", row["choices"], strict=True))
    return f"{row['question'].strip()}\n{choices}\nAnswer:"


def hellaswag(hub: Path | None, shots: int) -> list[Request]:
    """Shots drawn anew for every question."""
    chance, writer = random.Random(0), Writer(2)
    if hub is not None:
        train, rows = (read_rows(hub / "Rowan" / "hellaswag" / f"{name}.jsonl") for name in ("train", "validation"))
    else:
        train, rows = [ending(writer) for _ in range(500)], [ending(writer) for _ in range(DOCUMENTS)]
    found: list[Request] = []
    for number in range(DOCUMENTS):
        row = rows[number % len(rows)]
        mark = f"[{number}] " if number >= len(rows) else ""
        before = "".join(
            f"{_begun(one)} {one['endings'][int(one['label'])]}\n\n" for one in chance.sample(train, shots)
        )
        found.append((before + mark + _begun(row), tuple(f" {text}" for text in row["endings"])))
    return found


def _begun(row: Any) -> str:
    return f"{row['activity_label']}: {row['ctx_a']} {row['ctx_b'].capitalize()}"


# -- tokenizers


def train(folder: Path, kind: str, texts: Sequence[str]) -> Path:
    """A tokenizer of 32,000 tokens, ready to be opened."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import GPT2Config, PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>"]
    if kind == "byte-level":
        tokenizer = Tokenizer(models.BPE())
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), "isolated"), level])
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        special += [f"<0x{byte:02X}>" for byte in range(256)]
        alphabet = []
        texts = [f"▁{word}" for text in texts for word in text.split()]
    trainer = trainers.BpeTrainer(
        vocab_size=32_000, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    place = folder / kind
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(place)
    GPT2Config(n_positions=8192).save_pretrained(place)
    return place


# -- measuring


def digest(found: Sequence[tuple[Any, Sequence[list[int]]]]) -> str:
    pairs = [[ids.tolist(), tail] for ids, tails in found for tail in tails]
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def ours(tokenizer: Path, requests: Sequence[Request]) -> tuple[float, float, float, Any]:
    """CPU seconds to ids by what is shared, from there to a plan, and to ids text by text; and the ids."""
    from transformers import AutoTokenizer

    from proctor.models.base import WarningCounter
    from proctor.models.prefix.packs import Limits
    from proctor.models.prefix.plan import make_plan
    from proctor.models.prefix.rows import make_rows
    from proctor.models.tokens.spans import SpanMaker
    from proctor.models.tokens.tokenizer import Tokens
    from proctor.types import Loglikelihood

    opened = AutoTokenizer.from_pretrained(tokenizer)
    fast, plain = Tokens(opened, max_length=8192), Tokens(opened, max_length=8192)
    plain._shared.given_up = True
    fast.encode_requests(requests[:200])

    start = time.process_time()
    found = fast.encode_requests(requests)
    shared = time.process_time() - start
    start = time.process_time()
    spans, _ = SpanMaker(fast, WarningCounter()).scored([Loglikelihood(*request) for request in requests])
    rows = make_rows(spans, share=True)
    make_plan([row.lead.tokens[:-1] for row in rows], [row.lead.count for row in rows], Limits(256))
    planned = time.process_time() - start - shared
    start = time.process_time()
    whole = plain.encode_requests(requests)
    apart = time.process_time() - start
    if digest(whole) != digest(found):
        raise SystemExit("FAIL: the ids of parts are not those of the whole.")
    return shared, max(0.0, planned), apart, found


def peer(python: str, tokenizer: Path, requests: Sequence[Request], folder: Path) -> tuple[float, str]:
    job = folder / "job.json"
    job.write_text(json.dumps({"tokenizer": str(tokenizer), "requests": requests}), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([python, "-c", PEER, str(job)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"lm-eval failed:\n{done.stderr[-2000:]}")
    seconds, found = json.loads(done.stdout.strip().splitlines()[-1])
    return seconds, found


def measure(
    tokenizer: Path, case: str, requests: Sequence[Request], options: argparse.Namespace, folder: Path
) -> float:
    """Print a line; the ratio to lm-eval."""
    shared, planned, apart, found = ours(tokenizer, requests)
    count = sum(len(texts) for _, texts in requests)
    tokens = sum(len(ids) + len(tail) for ids, tails in found for tail in tails) / 1e6
    line = f"{tokenizer.name:<14} {case:<24} {count:>8,} {tokens:>6.1f} M {shared:>5.1f} s {planned:>4.1f} s"
    line += f" {apart:>5.1f} s {apart / shared:>5.1f}×"
    ratio = float("inf")
    if options.peer_python:
        some = slice(None, None, options.peer_every)
        seconds, same = peer(options.peer_python, tokenizer, requests[some], folder)
        if same != digest(found[some]):
            raise SystemExit(f"FAIL: {tokenizer.name}, {case}: lm-eval has other ids.")
        seconds *= len(requests) / len(requests[some])
        ratio = seconds / shared
        line += f" {seconds:>6.1f} s {ratio:>5.1f}×"
    print(line, flush=True)
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", type=os.path.abspath, help="a Python that has lm-eval installed")
    parser.add_argument("--peer-every", type=int, default=10)
    parser.add_argument("--hub", type=Path, help="a folder of data sets (default: shared/hub beside the repository)")
    parser.add_argument("--tokenizer", type=Path, action="append", help="a folder of one, instead of trained ones")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="fewer, for a try")
    options = parser.parse_args()
    hub = options.hub or Path(__file__).resolve().parents[2] / "shared" / "hub"
    hub = hub if hub.is_dir() else None
    print(f"texts: {'of a hub' if hub else 'generated'}")
    cases = {
        "MMLU 5-shot": mmlu(hub),
        "HellaSwag 0-shot": hellaswag(hub, 0),
        "HellaSwag 5-shot, drawn": hellaswag(hub, 5),
    }
    slow = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        some = [text for requests in cases.values() for context, texts in requests[::20] for text in (context, *texts)]
        tokenizers = options.tokenizer or [train(folder, kind, some) for kind in ("byte-level", "sentencepiece")]
        head = f"{'tokenizer':<14} {'case':<24} {'requests':>8} {'tokens':>8} {'shared':>7} {'+plan':>6} {'whole':>7}"
        print(f"{head} {'ratio':>6} {'lm-eval':>8} {'ratio':>6}")
        for tokenizer in tokenizers:
            for case, every in cases.items():
                requests = every[:: max(1, DOCUMENTS // options.documents)]
                slow |= measure(tokenizer, case, requests, options, folder) < (2.5 if "0-shot" in case else 5)
    if slow:
        print("FAIL: too slow")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
