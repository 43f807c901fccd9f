"""Small tokenizers of each kind that models come with, texts for them, and lm-eval's way to encode a request."""

from __future__ import annotations

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


def cut_everything(monkeypatch):
    """Cut however little there is to gain, and do not look whether it was right: the test does."""
    monkeypatch.setattr(shared_encoding, "WORTH_CUTTING", 0)
    monkeypatch.setattr(shared_encoding.SharedEncoding, "_holds", lambda *_: True)


KINDS = ("gpt2", "llama3", "prefix_space", "glued", "added", "sp", "unigram", "unigram_raw", "wordpiece")
SHARED = ("llama-bos", "neox", "mistral-sp", "t5")


class Named(dict):
    """Tokenizers by name, which do not fill the screen when a test fails."""

    def __repr__(self):
        return f"{', '.join(self)}"


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
SHOTS = "".join(f"Question: what is {number} plus {number}?\nAnswer: it is {2 * number}.\n\n" for number in range(9))
MANY = [(f"{SHOTS}Question: who has {one} hats?\nAnswer:", (" one", " two", " dreißig")) for one in range(40)]
