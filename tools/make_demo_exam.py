"""Write the demo's exam: the JSON-lines files that the task files in `benchmarks/demo` point at.

The questions come from `demo_world.py` and are the ones that training never asks. Running this again
gives the same bytes; `--out` may point elsewhere to compare.
"""

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import demo_world as world

DATA = Path(__file__).parent.parent / "src/proctor/benchmarks/demo/data"
DEV_SIZE = 5
TALES = 24

Row = dict[str, object]


def fact_rows(topic: str, known: Sequence[world.Fact]) -> dict[str, list[Row]]:
    """Questions on one topic: the never-asked facts for the test, a few of the asked ones as examples."""
    rng = random.Random(f"{topic} {world.SEED}")
    own = [fact for fact in known if fact.relation.topic == topic]
    asked = rng.sample([fact for fact in own if fact.asked], DEV_SIZE)
    return {
        "dev": [asdict(world.ask(fact)) for fact in asked],
        "test": [asdict(world.ask(fact)) for fact in own if not fact.asked],
    }


def sum_rows() -> dict[str, list[Row]]:
    """Additions and subtractions of held-out pairs."""
    rng = random.Random(f"sums {world.SEED}")
    taught, held_out = world.sum_pairs()
    splits = {"dev": taught[:DEV_SIZE], "test": held_out}
    return {
        split: [asdict(world.sum_question(a, b, index % 2 == 1, rng)) for index, (a, b) in enumerate(pairs)]
        for split, pairs in splits.items()
    }


def sequence_rows() -> dict[str, list[Row]]:
    """Held-out sequences of numbers and of letters."""
    rng = random.Random(f"sequences {world.SEED}")
    taught, held_out = world.sequences()
    examples = rng.sample(taught, DEV_SIZE)
    return {
        "dev": [asdict(world.sequence_question(item, rng)) for item in examples],
        "test": [asdict(world.sequence_question(item, rng)) for item in held_out],
    }


def errand_rows() -> dict[str, list[Row]]:
    """Word problems over held-out pairs, with the working as the few-shot examples show it."""
    rng = random.Random(f"errands {world.SEED}")
    taught, held_out = world.sum_pairs()
    return {
        "dev": [asdict(world.errand(a, b, rng)) for a, b in taught[:DEV_SIZE]],
        "test": [asdict(world.errand(a, b, rng)) for a, b in held_out[:60]],
    }


def tale_rows(known: Sequence[world.Fact]) -> dict[str, list[Row]]:
    """Tales to measure perplexity on."""
    rng = random.Random(f"tales {world.SEED}")
    told = world.lore(known)
    return {"test": [{"title": f"Tale {number + 1}", "text": world.tale(told, rng)} for number in range(TALES)]}


def exam() -> dict[str, dict[str, list[Row]]]:
    """The whole exam, as subject to split to rows."""
    known = world.facts()
    subjects = {topic: fact_rows(topic, known) for topic in ("isles", "creatures", "folk")}
    return subjects | {
        "sums": sum_rows(),
        "sequences": sequence_rows(),
        "errands": errand_rows(),
        "tales": tale_rows(known),
    }


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as one JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """Write `SUBJECT.jsonl` and `SUBJECT_dev.jsonl` for every subject."""
    parser = argparse.ArgumentParser(description="Write the demo exam's questions.")
    parser.add_argument("--out", type=Path, default=DATA, help="folder for the .jsonl files (default: %(default)s)")
    out: Path = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
    for subject, splits in exam().items():
        for split, rows in splits.items():
            name = subject if split == "test" else f"{subject}_{split}"
            write_rows(out / f"{name}.jsonl", rows)
            print(f"{name}.jsonl: {len(rows)} rows")


if __name__ == "__main__":
    main()
