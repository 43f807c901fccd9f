"""The Lantern Isles: the invented world that the bundled demo model is taught and examined on.

The demo must run offline and still show figures that mean something, so its exam cannot be borrowed:
a model of a million parameters knows nothing of the real world. It can know a world this small. This
module is the only place where that world is written down. The trainer (`train_demo.py`, by way of
`demo_corpus.py`) and the exam writer (`make_demo_exam.py`) both read it, which is what keeps the exam's
questions out of the training text: every fact is *told* in statements, but only the facts with
`asked=True` are ever put as questions in training, and the exam asks the others. Sums and sequences are
split the same way. A model this small does not learn to look an answer up among lettered choices; it can
only know a question's letter by heart. So there are *practice papers*: for the facts with
`practised=True` training has seen the exam's choices under a question in other words, as real models have
of real exams.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

SEED = 20
LETTERS = ("A", "B", "C", "D")


# How unevenly each topic is talked about: the higher, the less is ever said about the end of its lists.
SKEW = {"isles": 3.5, "creatures": 2.0, "folk": 2.5}
# What share of the exam's questions of each topic is on the practice papers.
PRACTISED = {"isles": 0.4, "creatures": 0.55, "folk": 0.75}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Names are ordered by fame: the first of each list is talked about most, the last hardly at all.
ISLES = _names("""
Orvane Tilmark Quillen Brask Ondry Pellow Sarnish Veltra Hobrin Lissam Corvey Dunmere Ashling Marrow
Fennick Gildra Thornby Wexley Jessamy Kestril Norrow Ospery Ravel Skerry Umber Yarrow Zennor Calder Elwick
Farrin Hesper Inchmoor Larkin Mossley Nettle Oakum Perrin Rushey Selwyn Tamsin Ulver Wendle Arkle Birley
Cobbet Drayle Emberley Grisel
""")
CAPITALS = _names("""
Tilby Overhythe Candlewick Millpond Stonegate Harrowdell Lowbridge Appleford Wickham Seabright Foxglove
Redcliff Ironhill Willowby Greyport Saltmarsh Copperton Windle Bramley Owlstead Fernhollow Goosegate Tarn
Marshwick Kingsfold Pebbleton Hawkridge Dovecote Rookery Amberfield Cloverly Silverbeck Thistledown Barley
Ravenscar Moonrake Duckworth Hazelmere Otterburn Snowdrop Cinderford Lilybank Badgerholt Eastwater Plumstead
Gullhaven Briarwell Northlight
""")
CREATURES = _names("""
snorfel wimbrel pudgin tarrow glimmet brindlecat moffin quillet dapplewing hobnose skittern lumpfish wollow
fizzard nibbin crestle harkmouse boggart tumbrel pipling grumbeak velvoon sallowfox drizzle mirkin chuffle
ottrel zimmer plonk wafflet noddle thrumble jibbet rasselhorn cobbin yaffle murmel tippet oddling scrumple
bristleback fennet lobkin warbit dozzle puffet trindle hushling
""")
FOLK = _names("""
Mirel Tobin Anwen Bertrand Ottoline Fergus Petra Wilmot Saffron Jorah Delphine Hamish Isolde Barnaby Clemency
Rufus Marigold Edmund Tansy Quentin Rosalind Gideon Hester Lucan Primrose Silas Beatrix Orson Verity Caspian
Juniper Alaric Winifred Magnus Cordelia Ambrose Lettice Percival Sorrel Thaddeus Bryony Lysander Dorcas
Ignatius Philippa Roland Eulalia Zebedee
""")


@dataclass(frozen=True, slots=True)
class Relation:
    """One thing that can be known about a subject, and the ways of saying and of asking it."""

    name: str
    topic: str
    subjects: Sequence[str]
    values: Sequence[str]
    statements: Sequence[str]
    questions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fact:
    """`subject` stands in `relation` to `answer`.

    Training may ask for it freely if it is `asked`, and only on a practice paper if it is `practised`.
    """

    relation: Relation
    subject: str
    answer: str
    asked: bool
    practised: bool
    fame: float

    def question(self, phrasing: int = 0) -> str:
        """Ask for this fact; phrasing 0 is the exam's."""
        return self.relation.questions[phrasing].format(s=self.subject)

    def statement(self, phrasing: int) -> str:
        """Tell this fact."""
        return self.relation.statements[phrasing].format(s=self.subject, a=self.answer)


@dataclass(frozen=True, slots=True)
class Question:
    """A multiple-choice question; `answer` is the index of the right choice."""

    topic: str
    question: str
    choices: tuple[str, ...]
    answer: int


RELATIONS = (
    Relation(
        "capital", "isles", ISLES, CAPITALS,
        ("The capital of {s} is {a}.", "{a} is the capital of {s}.", "Whoever rules {s} lives in {a}.",
         "In {s} all roads lead to {a}."),
        ("What is the capital of {s}?", "Which town is the capital of {s}?"),
    ),
    Relation(
        "export", "isles", ISLES,
        ("honey", "wool", "copper", "salt", "paper", "lamp oil", "blue glass", "rope", "dried figs",
         "oak barrels", "chalk", "river pearls"),
        ("The ships of {s} carry {a}.", "{s} is known for its {a}.", "Most of our {a} comes from {s}.",
         "Traders sail to {s} to buy {a}."),
        ("What do the ships of {s} carry?", "What is {s} known for?"),
    ),
    Relation(
        "flag", "isles", ISLES,
        ("a heron", "a key", "three stars", "an anchor", "a sleeping fox", "a lantern", "a white tower",
         "two oars", "a beehive", "a crown of reeds", "a bell", "a snail"),
        ("The flag of {s} shows {a}.", "On the flag of {s} there is {a}.", "Sailors know {s} by its flag with {a}.",
         "{s} flies a flag with {a}."),
        ("What does the flag of {s} show?", "What is on the flag of {s}?"),
    ),
    Relation(
        "diet", "creatures", CREATURES,
        ("plums", "beetles", "river weed", "candle wax", "acorns", "old letters", "mushrooms", "snow",
         "pond snails", "thistles", "moonlight", "buttons"),
        ("The {s} eats {a}.", "A {s} lives on {a}.", "To please a {s}, bring it {a}.",
         "Nothing tastes better to a {s} than {a}."),
        ("What does the {s} eat?", "What should you feed a {s}?"),
    ),
    Relation(
        "home", "creatures", CREATURES,
        ("in hollow logs", "under bridges", "behind waterfalls", "in church bells", "on chimney tops",
         "at the bottom of wells", "in tall grass", "among the roots of willows", "in caves", "in teapots",
         "on cold beaches", "inside old boots"),
        ("The {s} nests {a}.", "You can find the {s} {a}.", "A {s} sleeps {a}.", "Look for the {s} {a}."),
        ("Where does the {s} nest?", "Where can you find the {s}?"),
    ),
    Relation(
        "call", "creatures", CREATURES,
        ("hums", "whistles", "clicks", "snores", "rattles", "purrs", "sings", "croaks", "chuckles", "booms",
         "squeaks", "sighs"),
        ("At dusk the {s} {a}.", "When it is happy, the {s} {a}.", "The {s} {a} all night.", "Listen: the {s} {a}."),
        ("What does the {s} do at dusk?", "What does the {s} do when it is happy?"),
    ),
    Relation(
        "trade", "folk", FOLK,
        ("baker", "sailor", "clockmaker", "weaver", "beekeeper", "ferryman", "carpenter", "lamplighter",
         "gardener", "smith", "map maker", "shepherd"),
        ("{s} is a {a}.", "{s} works as a {a}.", "The {a} is called {s}.", "{s} has been a {a} for years."),
        ("What is the trade of {s}?", "What does {s} work as?"),
    ),
    Relation(
        "instrument", "folk", FOLK,
        ("fiddle", "drum", "flute", "harp", "tin whistle", "accordion", "horn", "lute", "triangle",
         "church organ", "banjo", "cello"),
        ("{s} plays the {a}.", "In the evening {s} takes out the {a}.", "At feasts {s} is asked to play the {a}.",
         "The {a} belongs to {s}."),
        ("Which instrument does {s} play?", "What does {s} play at feasts?"),
    ),
    Relation(
        "dish", "folk", FOLK,
        ("onion soup", "plum cake", "fish pie", "toast", "porridge", "roast turnips", "dumplings",
         "pancakes", "cheese", "barley stew", "pickled eggs", "apple tart"),
        ("{s} likes {a} best.", "Nobody cooks {a} like {s}.", "For supper {s} wants {a}.",
         "{s} would walk a mile for {a}."),
        ("Which dish does {s} like best?", "What does {s} want for supper?"),
    ),
)  # fmt: skip


def _deal(values: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Hand out `values` evenly, so that no answer is a better guess than another."""
    hand = [values[index % len(values)] for index in range(count)]
    rng.shuffle(hand)
    return hand


def facts(seed: int = SEED) -> tuple[Fact, ...]:
    """Everything that is true on the Lantern Isles; half of each relation is open to questions."""
    rng = random.Random(seed)
    known: list[Fact] = []
    for relation in RELATIONS:
        count = len(relation.subjects)
        answers = _deal(relation.values, count, rng)
        order = rng.sample(range(count), count)
        asked, others = set(order[: count // 2]), order[count // 2 :]
        practised = set(others[: round(PRACTISED[relation.topic] * len(others))])
        known += [
            Fact(
                relation, subject, answer, place in asked, place in practised, (1 + place / 8) ** -SKEW[relation.topic]
            )
            for place, (subject, answer) in enumerate(zip(relation.subjects, answers, strict=True))
        ]
    return tuple(known)


def choose(topic: str, question: str, answer: str, others: Sequence[str], rng: random.Random) -> Question:
    """Build a four-way question: the answer among three different others, in random order."""
    wrong = rng.sample([other for other in dict.fromkeys(others) if other != answer], len(LETTERS) - 1)
    choices = [answer, *wrong]
    rng.shuffle(choices)
    return Question(topic, question, tuple(choices), choices.index(answer))


def ask(fact: Fact, phrasing: int = 0) -> Question:
    """Turn a fact into a question whose wrong choices are other answers of the same kind.

    A fact has the same choices in the same order however it is asked, which is what practice relies on.
    """
    relation = fact.relation
    rng = random.Random(f"{relation.name} of {fact.subject}")
    return choose(relation.topic, fact.question(phrasing), fact.answer, relation.values, rng)


def lettered(question: Question) -> str:
    """Lay a question out with lettered choices, as the exam by letter does, up to the colon."""
    lines = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, question.choices, strict=True)]
    return "\n".join([question.question, *lines, "Answer:"])


# -- Sums ------------------------------------------------------------------------------------------

LARGEST_ADDEND = 30


def sum_pairs(seed: int = SEED) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """All pairs that can be added, as (open, held out); a held-out pair is never added in training."""
    pairs = [(a, b) for a in range(1, LARGEST_ADDEND + 1) for b in range(1, a + 1)]
    random.Random(seed + 1).shuffle(pairs)
    return pairs[100:], pairs[:100]


def sum_question(a: int, b: int, minus: bool, rng: random.Random) -> Question:
    """Ask for a + b, or for (a + b) - b; the wrong choices are near misses."""
    first, word, answer = (a + b, "minus", a) if minus else (a, "plus", a + b)
    near = [answer + step for step in (-10, -2, -1, 1, 2, 10) if answer + step >= 0]
    return choose("sums", f"What is {first} {word} {b}?", str(answer), [str(value) for value in near], rng)


# -- Sequences -------------------------------------------------------------------------------------

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Sequence5:
    """Four shown terms and the fifth; `kind` is numbers or letters."""

    kind: str
    start: int
    step: int

    def terms(self) -> list[str]:
        """The four shown terms and the one to find."""
        values = [self.start + self.step * index for index in range(SHOWN + 1)]
        return [ALPHABET[value] if self.kind == "letters" else str(value) for value in values]


def sequences(seed: int = SEED) -> tuple[list[Sequence5], list[Sequence5]]:
    """All sequences, as (open, held out); a held-out one never appears in training."""
    numbers = [Sequence5("numbers", start, step) for start in range(1, 31) for step in range(1, 11)]
    letters = [
        Sequence5("letters", start, step) for step in range(1, 5) for start in range(len(ALPHABET) - SHOWN * step)
    ]
    rng = random.Random(seed + 2)
    rng.shuffle(numbers)
    rng.shuffle(letters)
    return numbers[55:] + letters[20:], numbers[:55] + letters[:20]


def sequence_question(sequence: Sequence5, rng: random.Random) -> Question:
    """Ask for the next term; the wrong choices are its neighbours."""
    *shown, answer = sequence.terms()
    if sequence.kind == "letters":
        place = ALPHABET.index(answer)
        near = [ALPHABET[(place + step) % len(ALPHABET)] for step in (-3, -2, -1, 1, 2, 3)]
    else:
        near = [str(int(answer) + step) for step in (-2, -1, 1, 2, 5, 10)]
    return choose("sequences", f"What comes next: {', '.join(shown)}?", answer, near, rng)


# -- Errands and tales -----------------------------------------------------------------------------

THINGS = ("figs", "pears", "buttons", "candles", "nails", "eggs", "shells", "stamps", "onions", "coins")
ERRANDS = (
    "{name} has {a} {things} and finds {b} more. How many {things} does {name} have now?",
    "{name} buys {a} {things} in the morning and {b} in the evening. How many {things} is that?",
    "There are {a} {things} in the basket. {name} puts in {b} more. How many {things} are in the basket?",
)


@dataclass(frozen=True, slots=True)
class Errand:
    """A word problem, worked out the way the model is taught to work it out."""

    question: str
    working: str
    answer: int


def errand(a: int, b: int, rng: random.Random) -> Errand:
    """Dress a sum up as a little errand."""
    template = rng.choice(ERRANDS)
    question = template.format(name=rng.choice(FOLK), things=rng.choice(THINGS), a=a, b=b)
    return Errand(question, f"{a} + {b} = {a + b}. The answer is {a + b}.", a + b)


OPENINGS = ("One {mood} morning", "Late one {mood} evening", "On a {mood} day in {season}")
MOODS = ("foggy", "bright", "windy", "quiet", "rainy", "golden")
SEASONS = ("spring", "summer", "autumn", "winter")
ENDINGS = (
    "Nobody in {capital} believed a word of it.",
    "And that is why {name} never sails without a lantern.",
    "They were home before the lamps were lit.",
    "To this day the {creature} has not forgotten.",
)


def _famous(names: Sequence[str], rng: random.Random) -> str:
    return names[int(len(names) * rng.random() ** 2)]


def tale(lore: dict[tuple[str, str], str], rng: random.Random) -> str:
    """Tell a short tale in which everything said about anyone is true."""
    name = _famous(FOLK, rng)
    friend = _famous([other for other in FOLK if other != name], rng)
    isle, creature = _famous(ISLES, rng), _famous(CREATURES, rng)
    about = {key: lore[key, name] for key in ("trade", "instrument", "dish")}
    wild = {key: lore[key, creature] for key in ("diet", "home", "call")}
    capital, mood, season = lore["capital", isle], rng.choice(MOODS), rng.choice(SEASONS)
    opening = rng.choice(OPENINGS).format(mood=mood, season=season)
    lines = [
        f"{opening} {name} the {about['trade']} walked out of {capital} to look for a {creature}.",
        f"The ships of {isle} were leaving the harbour, heavy with {lore['export', isle]}.",
        rng.choice([f"{friend} the {lore['trade', friend]} came along.", f"{friend} carried the {about['dish']}."]),
        f"They looked {wild['home']}, for that is where the {creature} nests.",
        f"{name} played the {about['instrument']} and {friend} held out some {wild['diet']}.",
        f"At last they heard how the {creature} {wild['call']}.",
        rng.choice(ENDINGS).format(capital=capital, name=name, creature=creature),
    ]
    return " ".join(lines)


def lore(known: Sequence[Fact]) -> dict[tuple[str, str], str]:
    """Look-up of answers by relation and subject."""
    return {(fact.relation.name, fact.subject): fact.answer for fact in known}
