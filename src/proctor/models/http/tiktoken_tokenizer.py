"""OpenAI's tokenizers (tiktoken) behind the interface of transformers' that proctor uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.errors import ModelError, error_line
from proctor.lazy import need


class TiktokenTokenizer:
    """A tokenizer of tiktoken, which adds no special tokens and reads none in texts.

    Args:
        name: A model of OpenAI's (``babbage-002``), or the encoding's own name (``cl100k_base``).

    Raises:
        ModelError: There is none of that name, or its file cannot be fetched.
    """

    bos_token = pad_token = chat_template = None
    bos_token_id = pad_token_id = None

    def __init__(self, name: str) -> None:
        need("tiktoken", extra="api")
        import tiktoken

        self.name_or_path = name
        try:
            known = name in tiktoken.list_encoding_names()
            self._encoding: Any = tiktoken.get_encoding(name) if known else tiktoken.encoding_for_model(name)
        except KeyError:
            raise ModelError(
                f"tiktoken knows no model and no encoding named '{name}'.",
                hint="Name the encoding (tokenizer=cl100k_base), or set tokenizer_backend=huggingface.",
            ) from None
        except Exception as error:
            # It fetches with a client of its own, whose errors are of many classes.
            raise ModelError(
                f"The files of tiktoken's tokenizer '{name}' cannot be fetched: {error_line(error)}.",
                hint="TIKTOKEN_CACHE_DIR names a folder that has them; or name a tokenizer of transformers "
                "(Xenova/gpt-4 for babbage-002 and davinci-002).",
            ) from error
        self.eos_token_id: int = self._encoding.eot_token
        self.eos_token: str = self._encoding.decode([self.eos_token_id])

    def __len__(self) -> int:
        return self._encoding.n_vocab

    def __call__(self, texts: Sequence[str], **_: Any) -> dict[str, list[list[int]]]:
        """The ids of texts, under ``input_ids``."""
        return {"input_ids": self._encoding.encode_ordinary_batch(list(texts), num_threads=1)}

    def decode(self, ids: int | Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of ids."""
        rest = [ids] if isinstance(ids, int) else list(ids)
        if skip_special_tokens:
            rest = [one for one in rest if one != self.eos_token_id]
        return self._encoding.decode(rest)
