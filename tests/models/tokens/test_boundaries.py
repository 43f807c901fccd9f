"""Texts encoded by parts have the ids of the whole: always, on every kind of tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.models.tokens import shared_encoding
from proctor.models.tokens.tokenizer import Tokens

CORPUS = [
    "The following are multiple choice questions (with answers) about anatomy.\n\n",
    "What is the embryological origin of the hyoid bone?\nA. The first arch\nB. The second\nAnswer: B\n\n",
    "한국의 수도는 어디인가?\nA. 서울\nB. 부산\n정답: A\n\n",
    "[header] He pours 12,345 drops.  Then -- he's done; isn't it?\n\n\nNext\tline 🙂 👩‍👩‍👧 café 東京。\n",
] * 6
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(kind: str):
    """A small tokenizer of each kind that models come with, and some that none comes with."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, processors, trainers
    from tokenizers import pre_tokenizers as pre
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<unk>"]
    bpe = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=pre.ByteLevel.alphabet(), show_progress=False
    )
    if kind.startswith("unigram"):
        tokenizer = Tokenizer(models.Unigram())
        # SentencePiece's own normalizer makes spaces of line ends; "unigram_raw" has line ends within words.
        blank = Regex(" {2,}" if kind == "unigram_raw" else r"\s+")
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(blank, " ")])
        tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme="always")
        trainer = trainers.UnigramTrainer(
            vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    elif kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    elif kind == "sp":
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        special += [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False)
        words = ["▁" + word for line in CORPUS for word in line.split()]
        tokenizer.train_from_iterator(words, trainer)
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", bos_token="<s>")
    else:
        # "glued": nothing is split beforehand, so that tokens reach across everything.
        tokenizer, trainer = Tokenizer(models.BPE(unk_token=None)), bpe
        level = pre.ByteLevel(
            add_prefix_space=kind == "prefix_space", use_regex=kind in ("gpt2", "prefix_space", "added")
        )
        tokenizer.pre_tokenizer = level
        if kind == "llama3":
            tokenizer.pre_tokenizer = pre.Sequence([pre.Split(Regex(LLAMA_3), "isolated"), level])
        tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainer)
    if kind == "added":
        tokenizer.add_tokens(
            [AddedToken("Answer", normalized=False), AddedToken("\n\n", normalized=False), AddedToken("  ")]
        )
        tokenizer.add_special_tokens([AddedToken("<|im_end|>", rstrip=True), AddedToken("<|im_start|>", lstrip=True)])
    if kind in ("llama3", "unigram", "unigram_raw"):
        single = "<s> $A" if kind == "llama3" else "$A </s>"
        tokenizer.post_processor = processors.TemplateProcessing(
            single=single, special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", bos_token="<s>", unk_token="<unk>")


KINDS = ("gpt2", "llama3", "prefix_space", "glued", "added", "sp", "unigram", "unigram_raw", "wordpiece")
SHARED = ("llama-bos", "neox", "mistral-sp", "t5")


class Named(dict):
    """Tokenizers by name, which do not fill the screen when a test fails."""

    def __repr__(self):
        return f"{', '.join(self)}"


@pytest.fixture(scope="module")
def kinds() -> Named:
    return Named({kind: train(kind) for kind in KINDS})


@pytest.fixture(scope="module")
def real(shared_models) -> Named:
    from transformers import AutoTokenizer

    return Named({name: AutoTokenizer.from_pretrained(shared_models / name) for name in SHARED})


@pytest.fixture(autouse=True)
def _cut_everything(monkeypatch):
    """Cut however little there is to gain, and do not look whether it was right: the test does."""
    monkeypatch.setattr(shared_encoding, "WORTH_CUTTING", 0)
    monkeypatch.setattr(shared_encoding.SharedEncoding, "_holds", lambda *_: True)


def by_definition(tokens: Tokens, context: str, continuation: str) -> tuple[list[int], list[int]]:
    """lm-eval's way: both texts whole, and the slice."""
    kept = context.rstrip()
    moved = context[len(kept) :] + continuation

    def encode(text):
        begins = text.startswith(tokens.tokenizer.decode(tokens.prefix_token_id))
        return tokens.tokenizer(text, **({"add_special_tokens": False} if begins else {}))["input_ids"]

    before = encode(kept)
    return before or [tokens.prefix_token_id], encode(kept + moved)[len(before) :]


LETTERS = ["The", "answer", "is", "Answer:", "A.", "B", "(C)", "12345", "don't", "'s", "...", "--", "_", "[x]"]
FOREIGN = ["서울", "정답:", "東京", "🙂", "👩‍👩‍👧", "é", "e\u0301", "\u0301", "Σ", "ﬁ", "\u200b", "▁", "Ġ", "Ċ"]
SPECIAL = ["</s>", "<s>", "<unk>", "<0x0A>", "<|im_end|>", "<|im_start|>"]
WORDS = st.sampled_from(LETTERS + FOREIGN + SPECIAL)
GAPS = st.sampled_from(
    [" ", " ", " ", "", "  ", "\n", "\n\n", "\n\n\n", " \n\n", "\n\n ", "\r\n\r\n", "\t", "\u00a0", "\u3000", " \n"]
)
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=30).map(lambda pairs: "".join(word + gap for word, gap in pairs))
ENDINGS = st.lists(TEXTS | st.text(max_size=6), min_size=1, max_size=3)
REQUESTS = st.lists(st.tuples(TEXTS, ENDINGS), min_size=1, max_size=4)


def check(tokenizer, shared: str, requests) -> None:
    tokens = Tokens(tokenizer, max_length=64)
    requests = [(shared + context, tuple(texts)) for context, texts in requests if shared + context]
    found = tokens.encode_requests(requests)
    for (context, texts), (ids, tails) in zip(requests, found, strict=True):
        for text, tail in zip(texts, tails, strict=True):
            assert (ids.tolist(), tail) == by_definition(tokens, context, text)
    contexts = [context for context, _ in requests]
    # Otherwise a difference was noticed, and no test should rely on that.
    assert not tokens._shared.given_up
    assert tokens.encode_many(contexts, False) == [
        tokenizer(context, add_special_tokens=False)["input_ids"] for context in contexts
    ]
    assert not tokens._shared.given_up


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100)
@given(shared=TEXTS, requests=REQUESTS)
def test_parts_are_the_whole(kinds, kind, shared, requests):
    check(kinds[kind], shared, requests)


@pytest.mark.parametrize("name", SHARED)
@settings(max_examples=100)
@given(shared=TEXTS, requests=REQUESTS)
def test_parts_are_the_whole_on_real_tokenizers(real, name, shared, requests):
    check(real[name], shared, requests)


SHOTS = "".join(f"Question: what is {number} plus {number}?\nAnswer: it is {2 * number}.\n\n" for number in range(9))
MANY = [(f"{SHOTS}Question: who has {one} hats?\nAnswer:", (" one", " two", " dreißig")) for one in range(40)]


@pytest.mark.parametrize("kind", ["gpt2", "llama3", "sp", "unigram", "wordpiece"])
def test_what_prompts_share_is_encoded_once(kinds, kind, monkeypatch):
    tokens = Tokens(kinds[kind], max_length=4096)
    letters = 0
    encode = shared_encoding.SharedEncoding._encode

    def count(self, texts):
        nonlocal letters
        letters += sum(map(len, texts))
        return encode(self, texts)

    monkeypatch.setattr(shared_encoding.SharedEncoding, "_encode", count)
    found = tokens.encode_requests(MANY)
    for (context, texts), (ids, tails) in zip(MANY, found, strict=True):
        assert [(ids.tolist(), tail) for tail in tails] == [by_definition(tokens, context, text) for text in texts]
    # lm-eval reads every context twice for every continuation.
    assert letters < 0.05 * sum(2 * len(texts) * len(context) for context, texts in MANY)


def test_a_chat_is_cut_before_its_special_tokens(kinds):
    turns = [f"<|im_start|>user\nquestion {one}<|im_end|>\n" for one in range(9)]
    tokenizer = kinds["gpt2"]
    texts = ["".join(turns[:-1]) + turns[-1] + f"<|im_start|>assistant\nNo. {one}" for one in range(30)]
    for content in ("<|im_start|>", "<s>"):
        chats = [text.replace("<|im_start|>", content) for text in texts]
        tokens = Tokens(tokenizer, max_length=4096)
        assert tokens.encode_many(chats) == [tokenizer(text, **_bare(text))["input_ids"] for text in chats]
        assert not tokens._shared.given_up


def _bare(text: str) -> dict:
    return {"add_special_tokens": False} if text.startswith("<s>") else {}


def test_one_difference_and_everything_is_encoded_whole(kinds, monkeypatch, caplog):
    monkeypatch.undo()
    monkeypatch.setattr("proctor.models.tokens.boundaries.Boundaries.safe", lambda *_: True)
    tokens = Tokens(kinds["glued"], max_length=4096)
    requests = [(context + " The", texts) for context, texts in MANY]
    found = tokens.encode_requests(requests)
    assert tokens._shared.given_up
    assert [record.message for record in caplog.records if "encoded as a whole" in record.message]
    for (context, texts), (ids, tails) in zip(requests, found, strict=True):
        assert [(ids.tolist(), tail) for tail in tails] == [by_definition(tokens, context, text) for text in texts]


def test_a_tokenizer_that_draws_lots_is_not_cut(kinds):
    import copy

    tokenizer = copy.deepcopy(kinds["gpt2"])
    tokenizer.backend_tokenizer.model.dropout = 0.5
    assert Tokens(tokenizer, max_length=64)._shared.given_up


def test_requests_without_continuations_or_context(kinds):
    tokens = Tokens(kinds["llama3"], max_length=64)
    assert tokens.encode_requests([]) == []
    [(context, tails), (empty, [tail])] = tokens.encode_requests([(SHOTS, ()), ("", (" The",))])
    assert tails == []
    assert context.dtype == empty.dtype == "int32"
    assert (empty.tolist(), tail) == tokens.encode_pair("", " The")
