"""Data where there is none: data sets in the shape of the real ones, of generated sentences.

They lie in folders laid out like a hub, so that the stock task files load them by name. Contents mean
nothing; lengths are those of the real data where :data:`LENGTHS` has them, else near them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

ONSETS = ("b", "br", "c", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w")
VOWELS = ("a", "e", "i", "o", "u", "ea", "ou", "ai")
CODAS = ("", "", "n", "r", "s", "t", "l", "nd", "ck", "m")


def lexicon(size: int = 3000, seed: int = 0) -> list[str]:
    """Words that look like words."""
    chance = random.Random(seed)

    def syllable() -> str:
        return chance.choice(ONSETS) + chance.choice(VOWELS) + chance.choice(CODAS)

    return ["".join(syllable() for _ in range(chance.choice((1, 1, 2, 2, 3)))) for _ in range(size)]


SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
LENGTHS = {
    "mmlu question": (1, 7, 9, 12, 14, 17, 22, 31, 52, 75, 148, 222, 369, 900),
    "mmlu choice": (1, 1, 1, 2, 3, 4, 5, 7, 9, 13, 18, 23, 37, 181),
    "hellaswag context": (9, 11, 15, 20, 23, 27, 31, 39, 52, 60, 69, 75, 84, 94),
    "hellaswag ending": (2, 7, 8, 9, 11, 14, 17, 24, 31, 37, 44, 50, 59, 78),
    "gsm8k problem": (19, 27, 31, 36, 40, 45, 49, 55, 61, 70, 80, 89, 111, 126),
    "gsm8k solution": (27, 47, 52, 60, 70, 80, 90, 102, 114, 132, 154, 170, 219, 304),
}
"""Words and punctuation marks of the real texts: the quantiles at :data:`SHARES`. A tokenizer with a large vocabulary
has about a token for each, and the one that is trained on these sentences has 1.1 a word."""


class Writer:
    """Writes sentences of a lexicon; frequent words come first, as in a language."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._words = lexicon()
        # Summed once: a text is drawn in the time of its words, not of the lexicon.
        self._weights = list(accumulate(1.0 / (rank + 3) for rank in range(len(self._words))))

    def words(self, low: int, high: int) -> str:
        """Between ``low`` and ``high`` words."""
        return " ".join(self._chance.choices(self._words, cum_weights=self._weights, k=self._chance.randint(low, high)))

    def text(self, lengths: str) -> str:
        """As many words as a text of this kind has, drawn from :data:`LENGTHS`."""
        at, counts = self._chance.random(), LENGTHS[lengths]
        after = next(place for place, share in enumerate(SHARES) if share >= at and place)
        part = (at - SHARES[after - 1]) / (SHARES[after] - SHARES[after - 1])
        count = round(counts[after - 1] + part * (counts[after] - counts[after - 1]))
        return self.words(count, count)

    def sentence(self, low: int, high: int) -> str:
        """The same with a capital letter and a full stop."""
        return self.words(low, high).capitalize() + "."

    def number(self, stop: int) -> int:
        """A number below ``stop``."""
        return self._chance.randrange(stop)


def sentences(count: int, seed: int = 1) -> Iterator[str]:
    """Text to train a tokenizer on."""
    writer = Writer(seed)
    return (writer.sentence(5, 25) for _ in range(count))


def question(writer: Writer) -> Row:
    """A row of ``cais/mmlu``."""
    return {
        "question": writer.text("mmlu question").capitalize() + "?",
        "subject": "stand-in",
        "choices": [writer.text("mmlu choice") for _ in range(4)],
        "answer": writer.number(4),
    }


def ending(writer: Writer) -> Row:
    """A row of ``Rowan/hellaswag``."""
    first, second = writer.text("hellaswag context").capitalize() + ".", writer.words(1, 2)
    return {
        "ind": writer.number(10**6),
        "activity_label": writer.words(2, 3).capitalize(),
        "ctx_a": first,
        "ctx_b": second,
        "ctx": f"{first} {second}",
        "endings": [writer.text("hellaswag ending") + "." for _ in range(4)],
        "source_id": "stand-in",
        "split": "val",
        "split_type": "indomain",
        "label": str(writer.number(4)),
    }


def blank(writer: Writer) -> Row:
    """A row of ``allenai/winogrande``."""
    return {
        "sentence": f"{writer.words(6, 12).capitalize()} because _ {writer.words(2, 6)}.",
        "option1": writer.words(1, 1),
        "option2": writer.words(1, 1),
        "answer": str(1 + writer.number(2)),
    }


def passage(writer: Writer) -> Row:
    """A row of ``EleutherAI/lambada_openai``."""
    return {"text": f"{' '.join(writer.sentence(8, 18) for _ in range(5))} {writer.words(8, 14)}"}


def problem(writer: Writer) -> Row:
    """A row of ``openai/gsm8k``."""
    return {
        "question": writer.text("gsm8k problem").capitalize() + "?",
        "answer": f"{writer.text('gsm8k solution').capitalize()}.\n#### {writer.number(1000)}",
    }


MAKERS: dict[str, tuple[Callable[[Writer], Row], dict[str, int]]] = {
    "Rowan/hellaswag": (ending, {"train": 500, "validation": 500, "test": 10}),
    "allenai/winogrande/winogrande_xl": (blank, {"train": 500, "validation": 1000, "test": 10}),
    "EleutherAI/lambada_openai": (passage, {"test": 600}),
    "openai/gsm8k/main": (problem, {"train": 100, "test": 200}),
}
MMLU_SPLITS = {"dev": 5, "validation": 40, "test": 200}


def write_hub(root: Path, subjects: Iterable[str]) -> None:
    """Write all data sets; ``subjects`` are the configurations of ``cais/mmlu``."""
    for number, (place, (make, splits)) in enumerate(MAKERS.items()):
        organisation, name, *config = place.split("/")
        _write(root / organisation / name, {"".join(config) or "default": splits}, make, seed=number, flat=not config)
    _write(root / "cais" / "mmlu", dict.fromkeys(subjects, MMLU_SPLITS), question, seed=99, flat=False)


def _write(
    folder: Path, configs: Mapping[str, Mapping[str, int]], make: Callable[[Writer], Row], *, seed: int, flat: bool
) -> None:
    writer = Writer(seed)
    lines = ["---", "configs:"]
    for config, splits in configs.items():
        lines += [f'- config_name: "{config}"', "  data_files:"]
        for split, count in splits.items():
            path = f"{split}.jsonl" if flat else f"{config}/{split}.jsonl"
            lines += [f"  - split: {split}", f'    path: "{path}"']
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(json.dumps(make(writer)) + "\n" for _ in range(count)), encoding="utf-8")
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")
