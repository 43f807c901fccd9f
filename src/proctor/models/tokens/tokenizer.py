"""From text to token ids, the way lm-eval does it: pairs, beginnings, rolling windows, chats.

Scores of two harnesses are equal only if their token ids are; this is the one room that
makes them. It works on any tokenizer object with transformers' interface and imports none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from proctor.errors import ModelError
from proctor.models.tokens.chat_template import ChatTemplate
from proctor.models.tokens.segments import Ids
from proctor.models.tokens.shared_encoding import SharedEncoding
from proctor.models.tokens.windows import Pair, rolling_windows

CHUNK = 1024


class Tokens:
    """A tokenizer with a model's habits: BOS policy, prefix token, length limit, chat template.

    ``add_bos_token`` None leaves special tokens to the tokenizer's own default. ``reserved`` counts the tokens of
    ``max_length`` that an engine leaves free where texts are scored; a prompt to generate after may have them.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        max_length: int,
        reserved: int = 0,
        backend: Literal["causal", "seq2seq"] = "causal",
        add_bos_token: bool | None = None,
        prefix_token_id: int | None = None,
        template_args: Mapping[str, Any] | None = None,
        rolling_bos_once: bool = False,
    ) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.scored_length = max(1, max_length - reserved)
        self.backend = backend
        self.add_bos_token = add_bos_token
        self._prefix = prefix_token_id
        self._rolling_bos_once = rolling_bos_once
        self._chat = ChatTemplate(tokenizer, template_args or {})
        self._shared = SharedEncoding(tokenizer, self._encode_whole)

    @property
    def name(self) -> str:
        """The tokenizer's name with ``/`` as ``__``, as lm-eval writes it."""
        return str(getattr(self.tokenizer, "name_or_path", "")).replace("/", "__")

    @property
    def prefix_token_id(self) -> int:
        """The token that stands before a text without context: as told, else BOS, else EOS."""
        prefix = self._known_prefix
        if prefix is None:
            raise ModelError(
                "The tokenizer has neither a BOS nor an EOS token, so a text without context cannot be scored.",
                hint="Name a token: --model_args prefix_token_id=ID.",
            )
        return prefix

    @property
    def _known_prefix(self) -> int | None:
        for candidate in (self._prefix, self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if candidate is not None:
                return int(candidate)
        return None

    @cached_property
    def _prefix_text(self) -> str | None:
        known = self._known_prefix
        # A server's tokenizer may give a special token no text.
        return None if known is None else self.tokenizer.decode(known) or None

    @property
    def eot_text(self) -> str | None:
        """The end-of-text token as text: always one of the stop strings."""
        eos = self.tokenizer.eos_token_id
        return None if eos is None else self.tokenizer.decode(eos, skip_special_tokens=False) or None

    # -- text to ids

    def encode(self, text: str, special: bool | None = None) -> list[int]:
        """The ids of one text.

        Args:
            text: The text.
            special: Whether special tokens are added; None: the BOS policy decides.
        """
        return self.encode_many([text], special)[0]

    def encode_many(self, texts: Sequence[str], special: bool | None = None) -> list[list[int]]:
        """The ids of many texts; equal texts, and what texts share, are encoded once.

        Args:
            texts: The texts.
            special: Whether special tokens are added; None: the BOS policy decides.
        """
        flags = {text: self._special(text) if special is None else special for text in texts}
        ids: dict[str, list[int]] = {}
        for flag in (None, True, False):
            ids.update(self._encode_flagged([text for text, its_flag in flags.items() if its_flag is flag], flag))
        return [ids[text] for text in texts]

    def _encode_flagged(self, texts: Sequence[str], flag: bool | None) -> Mapping[str, list[int]]:
        """The ids of texts, by their parts where that is exact and pays; ``flag`` as the tokenizer takes it."""
        joined = self._shared.texts(texts, flag)
        if joined is None:
            return self._encode_whole(texts, flag)
        return {text: row.tolist() for text, row in zip(texts, joined, strict=True)}

    def _encode_whole(self, texts: Sequence[str], flag: bool | None) -> dict[str, list[int]]:
        ids: dict[str, list[int]] = {}
        for start in range(0, len(texts), CHUNK):
            chunk = list(texts[start : start + CHUNK])
            ids.update(zip(chunk, self._call(chunk, flag), strict=True))
        return ids

    def _special(self, text: str) -> bool | None:
        # A chat template may have written BOS already: then none is added.
        if self._prefix_text is not None and text.startswith(self._prefix_text):
            return False
        return self.add_bos_token

    def _call(self, texts: list[str], special: bool | None, **options: Any) -> list[list[int]]:
        if special is not None:
            options["add_special_tokens"] = special
        encoded = self.tokenizer(
            texts, return_attention_mask=False, return_token_type_ids=False, verbose=False, **options
        )
        return encoded["input_ids"]

    def encode_prompts(self, prompts: Sequence[str], *, truncation: bool = False) -> list[list[int]]:
        """The ids of prompts to generate after.

        Args:
            prompts: Texts; equal ones are encoded once.
            truncation: Apply the tokenizer's own limit.
        """
        bos = getattr(self.tokenizer, "bos_token", None)
        groups: dict[bool | None, list[int]] = {}
        for index, prompt in enumerate(prompts):
            flag = self.add_bos_token if self.backend == "causal" else None
            if self.backend == "causal" and bos and prompt.startswith(bos):
                flag = False
            groups.setdefault(flag, []).append(index)
        ids: list[list[int]] = [[] for _ in prompts]
        for flag, members in groups.items():
            texts = list(dict.fromkeys(prompts[index] for index in members))
            if truncation:
                encoded = dict(zip(texts, self._call(texts, flag, truncation=True), strict=True))
            else:
                encoded = self._encode_flagged(texts, flag)
            for index in members:
                ids[index] = encoded[prompts[index]]
        return ids

    def encode_pair(self, context: str, continuation: str) -> Pair:
        """The ids of a context and of the continuation to score after it.

        Args:
            context: The prompt.
            continuation: What is scored after it.

        Returns:
            The context's ids, at least one (the prefix token if need be); and the continuation's, none if its text
            merges into the context's tokens.

        Raises:
            ModelError: There is no context, and the tokenizer has no token that could stand for it.
        """
        return self.encode_pairs([(context, continuation)])[0]

    def encode_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
        """:meth:`encode_pair` for many; a context shared by several is encoded once.

        Args:
            pairs: Contexts with one continuation each.
        """
        encoded = self.encode_requests([(context, (continuation,)) for context, continuation in pairs])
        return [(context.tolist(), tail) for context, (tail,) in encoded]

    def encode_requests(self, requests: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[Ids, list[list[int]]]]:
        """The ids of each context, and of each continuation after it.

        Args:
            requests: Contexts, each with its continuations.

        Returns:
            Per request an array of shape (tokens,), not empty if it has continuations, and the ids of each, which
            may be empty. Contexts of equal ids can be one array: do not write into it.
        """
        moved = [_split_spaces(context) for context, _ in requests]
        texts: dict[str, dict[str, None]] = {}
        if self.backend == "causal":
            for (head, spaces), (_, continuations) in zip(moved, requests, strict=True):
                texts.setdefault(head, {}).update(dict.fromkeys(spaces + text for text in continuations))
        known = self._encode_by_parts(texts)
        rest = [index for index, (head, _) in enumerate(moved) if head not in known]
        slow = dict(zip(rest, self._whole_requests([requests[index] for index in rest]), strict=True))
        result: list[tuple[Ids, list[list[int]]]] = []
        for index, ((head, spaces), (_, continuations)) in enumerate(zip(moved, requests, strict=True)):
            if index in slow:
                result.append(slow[index])
            else:
                context, tails = known[head]
                result.append((context, [tails[spaces + text] for text in continuations]))
        return result

    def _encode_by_parts(self, texts: Mapping[str, Mapping[str, None]]) -> dict[str, tuple[Ids, dict[str, list[int]]]]:
        """Contexts and what their continuations add, of those that are encoded by parts."""
        contexts: dict[str, tuple[Ids, dict[str, list[int]]]] = {}
        for flag in (None, True, False):
            wanted = {text: list(more) for text, more in texts.items() if self._special(text) is flag}
            contexts.update(self._shared.contexts(wanted, flag, self._special))
        return contexts

    def _whole_requests(self, requests: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[Ids, list[list[int]]]]:
        import numpy as np

        encoded = iter(self._whole_pairs([(context, text) for context, texts in requests for text in texts]))
        arrays: dict[str, Ids] = {}
        result: list[tuple[Ids, list[list[int]]]] = []
        for context, texts in requests:
            pairs = [next(encoded) for _ in texts]
            if context not in arrays or not arrays[context].size:
                arrays[context] = np.array(pairs[0][0] if pairs else [], dtype=np.int32)
            result.append((arrays[context], [tail for _, tail in pairs]))
        return result

    def _whole_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
        """Pairs by the definition: the context's ids, and what the whole text has beyond them."""
        moved = [(head, spaces + text) for (head, spaces), text in ((_split_spaces(one), two) for one, two in pairs)]
        bare = [index for index, (context, _) in enumerate(pairs) if context == ""]
        full = [index for index, (context, _) in enumerate(pairs) if context != ""]
        result: list[Pair] = [([], [])] * len(pairs)
        alone = self.encode_many([moved[index][1] for index in bare], False)
        for index, ids in zip(bare, alone, strict=True):
            prefix = self.prefix_token_id
            result[index] = (ids[:1], ids[1:]) if ids[:1] == [prefix] else ([prefix], ids)
        contexts = self.encode_many([moved[index][0] for index in full])
        if self.backend == "causal":
            wholes = self.encode_many([moved[index][0] + moved[index][1] for index in full])
            tails = [whole[len(context) :] for whole, context in zip(wholes, contexts, strict=True)]
        else:
            tails = self.encode_many([moved[index][1] for index in full], False)
        for index, context, tail in zip(full, contexts, tails, strict=True):
            # A context of nothing but spaces can come out empty.
            result[index] = (context or [self.prefix_token_id], tail)
        return result

    def rolling(self, text: str) -> list[Pair]:
        """The windows in which a whole text is scored; none where it has no tokens.

        Args:
            text: The text.
        """
        # lm-eval: the tokenizer's default special tokens are part of the text, so BOS is scored too.
        tokens = self.encode(text)
        if self._rolling_bos_once and tokens[:1] == [self.prefix_token_id]:
            tokens = tokens[1:]
        return rolling_windows(tokens, prefix=self.prefix_token_id, max_length=self.scored_length) if tokens else []

    # -- ids to text, messages to text

    def decode(self, ids: Iterable[int], *, skip_special: bool = True) -> str:
        """The text of some ids.

        Args:
            ids: Token ids.
            skip_special: Leave special tokens out.
        """
        return self.tokenizer.decode(list(ids), skip_special_tokens=skip_special)

    def chat_template(self, name: str | bool = True) -> str:
        """The text of a chat template: :meth:`ChatTemplate.text`."""
        return self._chat.text(name)

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Messages as the text of a prompt: :meth:`ChatTemplate.render`."""
        return self._chat.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    @property
    def facts(self) -> dict[str, Any]:
        """What lm-eval's results file says of a tokenizer."""
        tokenizer = self.tokenizer
        return {
            "tokenizer_pad_token": [tokenizer.pad_token, str(tokenizer.pad_token_id)],
            "tokenizer_eos_token": [tokenizer.eos_token, str(tokenizer.eos_token_id)],
            "tokenizer_bos_token": [tokenizer.bos_token, str(tokenizer.bos_token_id)],
            "eot_token_id": tokenizer.eos_token_id,
            "max_length": self.max_length,
        }


def _split_spaces(context: str) -> tuple[str, str]:
    """White space at the end of a context belongs to the continuation: that is where its tokens are."""
    head = context.rstrip()
    return head, context[len(head) :]
