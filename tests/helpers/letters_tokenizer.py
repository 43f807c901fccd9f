"""A tokenizer whose tokens are letters."""

from __future__ import annotations

from proctor.models.tokens.tokenizer import Tokens


class Letters:
    """A tokenizer of one token a letter, after a beginning; ``ab`` is one token."""

    bos_token, eos_token, pad_token = "^", "$", "$"
    bos_token_id, eos_token_id, pad_token_id = 0, 1, 1
    name_or_path = "letters"
    chat_template = "there is one"

    def __call__(self, texts, add_special_tokens=True, **_):
        start = [0] if add_special_tokens else []
        return {
            "input_ids": [
                start + [200 if one == "\x02" else ord(one) for one in text.replace("ab", "\x02")] for text in texts
            ]
        }

    def convert_ids_to_tokens(self, ids):
        return ["ab" if one == 200 else "▁x" if one == 300 else chr(one) if one > 1 else "^$"[one] for one in ids]

    def decode(self, ids, skip_special_tokens=False):
        ids = [ids] if isinstance(ids, int) else ids
        return "".join(
            "ab"
            if one == 200
            else "x"
            if one == 300
            else "\ufffd"
            if one == 400
            else chr(one)
            if one > 1
            else "^$"[one]
            for one in ids
        )

    def apply_chat_template(self, messages, *, add_generation_prompt, **_):
        return "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>" * add_generation_prompt


def letters(max_length: int = 1000, **options) -> Tokens:
    return Tokens(Letters(), max_length=max_length, **options)
