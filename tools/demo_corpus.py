"""What the demo model reads: an endless, seeded stream of short documents about the Lantern Isles.

Kept apart from the trainer because it is the part worth changing: which kinds of document there are, and
how often each comes up, decides what the model ends up good at. Everything goes through `demo_world.py`,
whose split of asked and never-asked facts keeps the exam's questions out of here.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence

import demo_world as world

# Weights were chosen so that no subject of the exam is at chance and none is perfect.
KINDS: dict[str, int] = {
    "telling": 20,
    "asking": 12,
    "lettering": 22,
    "sums": 24,
    "sequences": 10,
    "errands": 6,
    "tales": 4,
    "chat": 2,
}


# What follows from what stands before it, and not only from chance: the trainer weighs it more.
ANSWER = re.compile(r"(?<=Answer:) [^\n]+|(?<=Keeper:) [^\n]+|(?<== )\d+")


class Corpus:
    """Draws documents; two corpora of one seed tell the same stream."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.known = world.facts()
        self.fame = [fact.fame for fact in self.known]
        self.lore = world.lore(self.known)
        self.asked = [fact for fact in self.known if fact.asked]
        self.papers = [fact for fact in self.known if fact.asked or fact.practised]
        self.pairs, _ = world.sum_pairs()
        self.sequences, _ = world.sequences()
        self.makers: dict[str, Callable[[], str]] = {
            "telling": self.telling,
            "asking": self.asking,
            "lettering": self.lettering,
            "sums": self.sums,
            "sequences": self.sequence,
            "errands": self.errands,
            "tales": self.tale,
            "chat": self.chat,
        }

    def __iter__(self) -> Iterator[str]:
        kinds, weights = list(KINDS), list(KINDS.values())
        while True:
            yield self.makers[self.rng.choices(kinds, weights)[0]]()

    def telling(self) -> str:
        """A handful of facts, the famous ones more often."""
        told = self.rng.choices(self.known, self.fame, k=self.rng.randint(3, 6))
        return " ".join(fact.statement(self.rng.randrange(len(fact.relation.statements))) for fact in told)

    def _question(self) -> world.Question:
        fact = self.rng.choice(self.asked)
        return world.ask(fact, self.rng.randrange(len(fact.relation.questions)))

    def _skill(self) -> world.Question:
        if self.rng.random() < 0.6:
            a, b = self.rng.choice(self.pairs)
            return world.sum_question(a, b, self.rng.random() < 0.5, self.rng)
        return world.sequence_question(self.rng.choice(self.sequences), self.rng)

    def _plain(self, question: world.Question) -> str:
        return f"Question: {question.question}\nAnswer: {question.choices[question.answer]}"

    def _lettered(self, question: world.Question) -> str:
        return f"{world.lettered(question)} {world.LETTERS[question.answer]}"

    def _practice(self) -> world.Question:
        fact = self.rng.choice(self.papers)
        return world.ask(fact, self.rng.randrange(len(fact.relation.questions)) if fact.asked else 1)

    def asking(self) -> str:
        """Questions that are answered in words."""
        count = self.rng.randint(1, 4)
        return "\n\n".join(self._plain(self._question()) for _ in range(count))

    def lettering(self) -> str:
        """Practice papers: questions that are answered by a letter."""
        return "\n\n".join(self._lettered(self._practice()) for _ in range(self.rng.randint(1, 5)))

    def sums(self) -> str:
        """Sums and differences, as lines or as questions."""
        if self.rng.random() < 0.5:
            return "\n\n".join(self._plain(self._sum_question()) for _ in range(self.rng.randint(1, 4)))
        lines: list[str] = []
        for a, b in self.rng.choices(self.pairs, k=self.rng.randint(3, 8)):
            first, second = self.rng.sample((a, b), 2)
            lines.append(self.rng.choice((f"{first} + {second} = {a + b}", f"{a + b} - {b} = {a}")))
        return "\n".join(lines)

    def _sum_question(self) -> world.Question:
        a, b = self.rng.choice(self.pairs)
        return world.sum_question(a, b, self.rng.random() < 0.5, self.rng)

    def sequence(self) -> str:
        """What comes next."""
        drawn = self.rng.choices(self.sequences, k=self.rng.randint(1, 4))
        return "\n\n".join(self._plain(world.sequence_question(item, self.rng)) for item in drawn)

    def errands(self) -> str:
        """Word problems with their working."""
        made = [world.errand(a, b, self.rng) for a, b in self.rng.choices(self.pairs, k=self.rng.randint(1, 3))]
        return "\n\n".join(f"Question: {item.question}\nAnswer: {item.working}" for item in made)

    def tale(self) -> str:
        """A tale."""
        return world.tale(self.lore, self.rng)

    def chat(self) -> str:
        """A question and its answer in the words of the chat template."""
        question = self._question() if self.rng.random() < 0.7 else self._skill()
        return f"Guest: {question.question}\nKeeper: {question.choices[question.answer]}"


def sample(seed: int, count: int) -> Sequence[str]:
    """The first `count` documents of a stream."""
    stream = iter(Corpus(seed))
    return [next(stream) for _ in range(count)]
