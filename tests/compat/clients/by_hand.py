"""Requests built by hand, and what the wrapper makes of odd ones."""

import sys

from _record import caught, save
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM


def ask(kind, *arguments):
    return [Instance(request_type=kind, doc={}, arguments=one, idx=number) for number, one in enumerate(arguments)]


PAIRS = [
    ("What is the capital of Quillen? It is", " Windle"),
    ("What is the capital of Quillen? It is ", "Windle"),
    ("What is the capital of Quillen? It is  ", " Windle and no other"),
    ("", "Windle"),
    ("", " Windle and no other"),
    ("Question: é ∑ 漢字 😀\nAnswer:", " ∑ 漢"),
    ("a", "b"),
    ("x " * 900, " end of a long context"),
    ("The", " ferry"),
    ("The", " ferry boat"),
]
PROMPTS = [
    ("Question: What is 25 plus 5?\nAnswer:", {"until": ["\n"], "max_gen_toks": 12}),
    ("Question: What is 25 plus 5?\nAnswer:", {"until": "\n", "max_gen_toks": 5, "do_sample": False}),
    ("Late one foggy evening", {"until": [".", "the"], "max_gen_toks": 20}),
    ("Late one foggy evening", {"until": [], "max_gen_toks": 9}),
    ("Late one foggy evening", {"max_gen_toks": 9, "temperature": 0.0}),
    ("Late one foggy evening", {"max_length": 30, "until": ["zz"]}),
    ("word " * 600, {"until": ["\n"], "max_gen_toks": 7}),
    ("Late one foggy evening", {"until": ["\n"], "max_gen_toks": 6, "num_beams": 2}),
    ("Late one foggy evening", {"until": ["\n"], "max_new_tokens": 4}),
    ("Late one foggy evening", {"until": ["\n"], "max_gen_toks": 8, "repetition_penalty": 1.7}),
]
path, out = sys.argv[1:]
lm = HFLM(pretrained=path, dtype="float32", batch_size=3, device="cpu")
TEXTS = [
    ("A tale of the isles. " * 3,),
    (" ".join(str(n * n) for n in range(400)),),
    ("x",),
    ("é 漢字 😀",),
    (" leading",),
]
seen = {
    "scores": lm.loglikelihood(ask("loglikelihood", *PAIRS)),
    "twice": lm.loglikelihood(ask("loglikelihood", *PAIRS[:2], *PAIRS[:2])),
    "rolling": lm.loglikelihood_rolling(ask("loglikelihood_rolling", *TEXTS), disable_tqdm=True),
    "texts": lm.generate_until(ask("generate_until", *PROMPTS)),
    "empty": [lm.loglikelihood([]), lm.loglikelihood_rolling([]), lm.generate_until([])],
    "nothing at all": caught(lm.loglikelihood_rolling, ask("loglikelihood_rolling", ("",))),
    "wrong until": caught(lm.generate_until, ask("generate_until", ("a", {"until": 5}))),
    "encode": [
        lm.tok_encode("Windle é"),
        lm.tok_encode("Windle", add_special_tokens=True),
        lm.tok_encode("Windle of the isles", left_truncate_len=2),
        lm.tok_encode(""),
        lm.tok_decode(lm.tok_encode("Windle é")),
        lm.tok_decode([0, 5]),
        lm.tok_decode([0, 5], skip_special_tokens=False),
        lm._encode_pair("It is ", "Windle"),
        lm._encode_pair("It is", " Windle"),
    ],
    "batch": list(lm.tok_batch_encode(["one", "one two three"])),
    "cut": list(lm.tok_batch_encode(["one", "one two three four"], left_truncate_len=2)),
    "tokens": lm._loglikelihood_tokens([(("a", "b"), [5, 6, 7], [8, 9]), (None, [5], [6])], disable_tqdm=True),
}
one = Instance("loglikelihood", {"q": 1}, ("a", "b"), 0, metadata=("task", 3, 2))
seen["instance"] = [one.args, one.task_name, one.doc_id, one.repeats, one.resps, one.filtered_resps, one.arguments]
save(out, seen)
