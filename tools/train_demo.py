"""Train the small Llama checkpoint that the bundled demo examines.

Makes `src/proctor/benchmarks/demo/model/`: a real checkpoint that `transformers` loads by its folder name,
with 1.27 million parameters in bfloat16 and a byte-level BPE tokenizer of 768 entries, under 3 MB in all. It
is trained from nothing on the stream of `demo_corpus.py`, with fixed seeds. The default of 2,400 steps takes
about 10 minutes on one core; the same threads on the same machine give the same weights.

    python tools/train_demo.py
"""

import argparse
import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from demo_corpus import ANSWER, Corpus, sample
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

OUT = Path(__file__).parent.parent / "src/proctor/benchmarks/demo/model"
END = "<|end|>"
PAD = "<|pad|>"
VOCABULARY = 768
CONTEXT = 512
LEARNING_RATE = 2e-3
WARMUP = 100
ANSWER_WEIGHT = 8.0  # whom a document asks about cannot be foretold; what the answer is can
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'user' %}{{ 'Guest: ' + message['content'] + '\\n' }}"
    "{% elif message['role'] == 'assistant' %}"
    "{{ 'Keeper: ' + message['content'] + ('' if loop.last and not add_generation_prompt else '\\n\\n') }}"
    "{% else %}{{ raise_exception('The demo model knows the roles system, user and assistant.') }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Keeper:' }}{% endif %}"
)

Batch = tuple[torch.Tensor, torch.Tensor]


def train_tokenizer(documents: Sequence[str]) -> PreTrainedTokenizerFast:
    """Learn the vocabulary; digits stay single, which is what makes sums learnable."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        pad_token=PAD,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )


def new_model(seed: int) -> LlamaForCausalLM:
    """An untrained model; a head size of 32 is one that every inference engine has kernels for."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=336,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=1,
    )
    return LlamaForCausalLM(config)


def encode(tokenizer: Tokenizer, text: str) -> tuple[list[int], list[float]]:
    """Tokens of a document and the weight of each in the loss."""
    tokens: list[int] = []
    weights: list[float] = []
    start = 0
    for found in ANSWER.finditer(text):
        for piece, weight in ((text[start : found.start()], 1.0), (found.group(), ANSWER_WEIGHT)):
            part = tokenizer.encode(piece).ids
            tokens += part
            weights += [weight] * len(part)
        start = found.end()
    rest = [*tokenizer.encode(text[start:]).ids, tokenizer.token_to_id(END)]
    return tokens + rest, weights + [1.0] * len(rest)


def batches(tokenizer: Tokenizer, seed: int, rows: int, width: int) -> Iterator[Batch]:
    """Rows of whole documents; a row starts with a document, as an exam's prompt does."""
    stream = iter(Corpus(seed))
    while True:
        tokens: list[list[int]] = []
        weights: list[list[float]] = []
        for _ in range(rows):
            row: list[int] = []
            row_weights: list[float] = []
            while len(row) < width:
                document, document_weights = encode(tokenizer, next(stream))
                row += document
                row_weights += document_weights
            tokens.append(row[:width])
            weights.append(row_weights[:width])
        yield torch.tensor(tokens), torch.tensor(weights)


def parameter_groups(model: torch.nn.Module) -> list[dict[str, object]]:
    """Weight decay is for matrices only."""
    matrices = [weight for weight in model.parameters() if weight.ndim >= 2]
    vectors = [weight for weight in model.parameters() if weight.ndim < 2]
    return [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]


def rate(step: int, progress: float) -> float:
    """Learning rate: a short warm-up, then a cosine down to a twentieth."""
    return LEARNING_RATE * min(1.0, (step + 1) / WARMUP) * (0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * progress)))


def weighted_loss(model: LlamaForCausalLM, tokens: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Mean surprise at the next token, by weight."""
    with torch.autocast("cpu", torch.bfloat16):  # one and a half times as fast, and as good
        logits = model(input_ids=tokens[:, :-1]).logits.reshape(-1, VOCABULARY)
    surprise = torch.nn.functional.cross_entropy(logits.float(), tokens[:, 1:].reshape(-1), reduction="none")
    weight = weights[:, 1:].reshape(-1)
    return (surprise * weight).sum() / weight.sum()


def train(
    model: LlamaForCausalLM,
    data: Iterator[Batch],
    *,
    steps: int,
    minutes: float | None,
    keep: Callable[[], None],
    report: int = 100,
) -> int:
    """Train for `steps`, or until `minutes` have passed; returns the number of steps taken.

    `keep` is called at every report, so that a run can be looked at, or cut short, while it goes on.
    """
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=LEARNING_RATE, betas=(0.9, 0.98))
    started, losses, step = time.monotonic(), [], 0
    model.train()
    while True:
        spent = (time.monotonic() - started) / 60
        progress = step / steps if minutes is None else spent / minutes
        if progress >= 1.0:
            return step
        for group in optimizer.param_groups:
            group["lr"] = rate(step, progress)
        loss = weighted_loss(model, *next(data))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % report == 0:
            print(f"step {step}: loss {sum(losses[-report:]) / report:.3f}, {spent:.1f} minutes", flush=True)
            keep()


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Write the checkpoint in bfloat16, with the chat template inside `tokenizer_config.json`."""
    out.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).bfloat16().save_pretrained(out)
    tokenizer.save_pretrained(out, save_jinja_files=False)
    path = out / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["tokenizer_class"] = "PreTrainedTokenizerFast"  # the name that older releases know as well
    del config["backend"]
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for path in out.iterdir():
        path.chmod(0o644)  # the weights are written for their owner only, which a wheel would keep


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Train the demo's small model.")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the checkpoint (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=2400, help="training steps (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="train for this long instead of a number of steps")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=8, help="rows in a batch (default: %(default)s)")
    parser.add_argument("--width", type=int, default=256, help="tokens in a row (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="seed of weights and documents (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Train the tokenizer, then the model, and save both."""
    args = arguments(argv)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(args.threads)
    tokenizer = train_tokenizer(sample(args.seed, 20_000))
    model = new_model(args.seed)
    disable_progress_bar()
    print(f"{model.num_parameters():,} parameters", flush=True)
    data = batches(tokenizer.backend_tokenizer, args.seed + 1, args.rows, args.width)
    steps = train(model, data, steps=args.steps, minutes=args.minutes, keep=lambda: save(model, tokenizer, args.out))
    save(model, tokenizer, args.out)
    print(f"{steps} steps; saved to {args.out}")


if __name__ == "__main__":
    main()
