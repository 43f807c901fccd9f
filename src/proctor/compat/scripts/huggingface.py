"""``lm_eval.models.huggingface``: ``HFLM``, which scripts use as it is and research code derives from.

As it is, it computes with proctor's own engine: the same numbers as ``--model hf``, what requests share
computed once. Where a subclass (or the script, on the object or in the module) has changed a step,
that step must be taken: then requests go through lm-eval's methods, one row each.
"""

# Which way a request takes
# -------------------------
#   HFLM as shipped            proctor's engine: batches by tokens, shared prefixes, the head where it is needed
#   one of its steps changed   lm-eval's steps in lm-eval's order (proctor.compat.scripts.steps), one row a request
#
# Research code derives from HFLM and overrides ``_model_call`` (other logits), ``tok_encode`` (other ids),
# ``_loglikelihood_tokens`` and so on, and expects that its method runs. Nobody can know what a changed step depends on,
# so then nothing is shared between rows. It is found out by identity: the attribute that Python would call, on the
# object or in its class, against the one that was here when this module was imported (``_OWN``, ``remember``).
#
# Invariant: an unchanged HFLM gives the scores of ``--model hf``.

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch

from proctor.compat.errors import raises_built_in
from proctor.compat.scripts import steps
from proctor.compat.scripts.loading import LoadedLM
from proctor.compat.scripts.model_helpers import has_bos_prefix
from proctor.compat.scripts.proctor_lm import responses_of
from proctor.compat.scripts.torch_helpers import stop_sequences_criteria
from proctor.compat.shipped import remember
from proctor.errors import UsageError
from proctor.models.base import BatchSize
from proctor.models.generation import DEFAULT_MAX_TOKENS
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.device import autocast
from proctor.models.hf.hooks import is_patched
from proctor.models.hf.load.load import length_limit, make_tokens, model_info
from proctor.models.hf.model import HfModel
from proctor.models.tokens.tokenizer import Tokens

if TYPE_CHECKING:
    from proctor.compat.tasks.instance import Instance


log = eval_logger = logging.getLogger("proctor")

SCORING = ("tok_encode", "_encode_pair", "_loglikelihood_tokens", "_model_call", "_select_cont_toks")
GENERATING = ("tok_encode", "tok_batch_encode", "tok_decode", "_model_generate", "max_gen_toks", "eot_token_id")
WHOLE = ("loglikelihood", "loglikelihood_rolling", "generate_until", "apply_chat_template", "chat_template")
STEPS = tuple(dict.fromkeys((*SCORING, *GENERATING, *WHOLE, "get_model_info")))


class HFLM(LoadedLM):
    """A transformers model, from a name, a folder or an object (``pretrained=model, tokenizer=tokenizer``).

    The arguments are those of ``--model_args`` for ``hf``; ``device`` None takes what is there.
    """

    @property
    def eot_token_id(self) -> int | None:
        """The tokenizer's end-of-text token."""
        return self.tokenizer.eos_token_id

    @property
    def prefix_token_id(self) -> int | None:
        """What stands before a text without context: as told, else BOS, else EOS."""
        for token in (self.custom_prefix_token_id, self.tokenizer.bos_token_id):
            if token is not None:
                return token
        return self.tokenizer.eos_token_id

    @property
    def max_length(self) -> int:
        """How many tokens the model takes."""
        if self._max_length:
            return self._max_length
        return length_limit(self.model.config, self.tokenizer, default=self._DEFAULT_MAX_LENGTH)

    @property
    def max_gen_toks(self) -> int:
        """How many tokens are generated where a task does not say."""
        return DEFAULT_MAX_TOKENS

    @property
    def batch_size(self) -> int | str:
        """Rows of a batch, or ``auto``."""
        return self.batch_size_per_gpu

    @property
    def tokenizer_name(self) -> str:
        """The tokenizer's name with ``/`` as ``__``."""
        return str(self.tokenizer.name_or_path).replace("/", "__")

    # -- proctor's engine

    def engine(self) -> HfModel | None:
        """Proctor's model on these weights, or None where a step was changed.

        Made anew each time, so that weights which a script changes between two runs are the ones that count.
        """
        return None if self._changed(STEPS) else self._make_engine()

    def _engine_for(self, steps: Sequence[str]) -> HfModel | None:
        changed = self._changed(steps)
        if changed:
            log.info("%s computes with its own %s, one row per request.", type(self).__name__, ", ".join(changed))
        # Made for each call: a script may have moved the model or changed its limits since the last one. The weights
        # are shared.
        return None if changed else self._make_engine()

    def _changed(self, steps: Iterable[str]) -> list[str]:
        """Which of these steps are no longer HFLM's own: in the class, on the object, or in the module itself."""
        changed = [
            step
            for step in steps
            if step in self.__dict__ or inspect.getattr_static(type(self), step) is not _OWN[step]
        ]
        return [*changed, "model"] if is_patched(self.model) else changed

    def _make_engine(self) -> HfModel:
        device, auto = torch.device(self.device), self.batch_size == "auto"
        rows = self.max_batch_size if auto else int(self.batch_size)
        arguments, tokens = self._now(), self._tokens
        return HfModel(
            self.model,
            tokens,
            arguments,
            device=device,
            batch_size=BatchSize(rows, auto=auto, points=int(self.batch_schedule)),
            info=model_info(self.model, tokens, arguments, self.config, device),
            softmax_dtype=self.softmax_dtype,
            autocast=self.mixed_precision_dtype,
        )

    @property
    def _tokens(self) -> Tokens:
        kind = "seq2seq" if self.backend == "seq2seq" else "causal"
        return make_tokens(self._now(), self.config, self.tokenizer, kind)

    def _now(self) -> HfArguments:
        """The arguments as the object's attributes have them now."""
        return replace(
            self._arguments,
            max_length=self.max_length,
            add_bos_token=self.add_bos_token,
            prefix_token_id=self.prefix_token_id,
            truncation=bool(self.truncation),
            logits_cache=self.logits_cache,
            think_end_token=self.think_end_token,
            enable_thinking=self.enable_thinking,
            chat_template_args=self.chat_template_args,
        )

    # -- the three kinds of requests

    @raises_built_in
    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Score continuations: by the engine, or through the steps that a subclass changed."""
        if self.enable_thinking:
            raise UsageError("enable_thinking=True does not go with tasks that are scored by log-likelihood.")
        by_steps = partial(super().loglikelihood, requests, disable_tqdm=disable_tqdm)
        return self._respond("loglikelihood", SCORING, requests, by_steps)

    @raises_built_in
    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Score whole texts."""
        texts = [request.args[0] for request in requests]
        return self._respond("loglikelihood_rolling", SCORING, requests, partial(steps.roll, self, texts))

    @raises_built_in
    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Generate texts."""
        prompts = [request.args[:2] for request in requests]
        return self._respond("generate_until", GENERATING, requests, partial(steps.generate, self, prompts))

    def _respond(
        self, kind: str, used: Sequence[str], requests: Sequence[Instance], by_steps: Callable[[], list[Any]]
    ) -> list[Any]:
        """The engine's responses, or those of the steps ``used`` where one of them was changed."""
        engine = self._engine_for(used)
        responses = by_steps() if engine is None else responses_of(engine, kind, requests)
        for request, response in zip(requests, responses, strict=True):
            self.cache_hook.add_partial(kind, request.args, response)
        return responses

    # -- the steps

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, left_truncate_len: int | None = None, **kwargs: Any
    ) -> list[int]:
        """The ids of a text; ``add_special_tokens`` None: as ``add_bos_token`` says, else the tokenizer."""
        if add_special_tokens is None:
            prefix = self.prefix_token_id
            written = prefix is not None and has_bos_prefix(string, self.tokenizer.decode(prefix))
            add_special_tokens = False if written else self.add_bos_token
        special = {} if add_special_tokens is None else {"add_special_tokens": add_special_tokens}
        ids = self.tokenizer.encode(string, **special)
        return ids[-left_truncate_len:] if left_truncate_len else ids

    def tok_batch_encode(
        self,
        strings: list[str],
        padding_side: str = "left",
        left_truncate_len: int | None = None,
        truncation: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The ids of texts as one padded block, and its mask."""
        special: dict[str, bool] = {}
        if self.backend == "causal":
            if has_bos_prefix(strings[0], getattr(self.tokenizer, "bos_token", None)):
                special = {"add_special_tokens": False}
            elif self.add_bos_token is not None:
                special = {"add_special_tokens": self.add_bos_token}
        # The tokenizer is the script's own: it gets its setting back.
        before, self.tokenizer.padding_side = self.tokenizer.padding_side, padding_side
        try:
            block = self.tokenizer(
                list(strings), truncation=truncation, padding="longest", return_tensors="pt", **special
            )
        finally:
            self.tokenizer.padding_side = before
        ids, mask = block["input_ids"], block["attention_mask"]
        if left_truncate_len and ids.shape[1] > left_truncate_len:
            log.warning("Prompts of %d tokens are cut to their last %d.", ids.shape[1], left_truncate_len)
            ids, mask = ids[:, -left_truncate_len:], mask[:, -left_truncate_len:]
        return ids, mask

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = True) -> str:
        """The text of some ids."""
        return self.tokenizer.decode(tokens, skip_special_tokens=skip_special_tokens)

    def _model_call(
        self, inps: torch.Tensor, attn_mask: torch.Tensor | None = None, labels: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The logits of a padded block; an encoder-decoder gets the other two as well."""
        with torch.no_grad(), autocast(torch.device(self.device), self.mixed_precision_dtype):
            if attn_mask is None and labels is None:
                return self.model(inps).logits
            return self.model(input_ids=inps, attention_mask=attn_mask, labels=labels).logits

    def _model_generate(self, context: Any, max_length: int, stop: list[str], **generation_kwargs: Any) -> torch.Tensor:
        """Generate after a padded block of prompts until every row has spelled a stop string."""
        heat = generation_kwargs.pop("temperature", 0.0)
        if generation_kwargs.setdefault("do_sample", None if heat else False) is not False:
            generation_kwargs["temperature"] = heat
        with torch.no_grad(), autocast(torch.device(self.device), self.mixed_precision_dtype):
            return self.model.generate(
                input_ids=context,
                max_length=max_length,
                stopping_criteria=stop_sequences_criteria(self.tokenizer, stop, context.shape[1], context.shape[0]),
                pad_token_id=self.tokenizer.pad_token_id,
                use_cache=True,
                **generation_kwargs,
            )

    def _select_cont_toks(
        self, logits: torch.Tensor, contlen: int | None = None, inplen: int | None = None
    ) -> torch.Tensor:
        """The positions of one row that speak of the continuation."""
        if contlen is None or (self.backend == "causal" and inplen is None):
            raise UsageError("_select_cont_toks needs contlen, and on causal models inplen.")
        return logits[:contlen] if inplen is None else logits[inplen - contlen : inplen]

    def _loglikelihood_tokens(
        self,
        requests: Sequence[Any],
        disable_tqdm: bool = False,
        override_bs: int | None = None,
        **kwargs: Any,
    ) -> list[tuple[float, bool]]:
        """Score ids after ids."""
        return steps.score_tokens(self, requests, override_bs=override_bs)

    def _detect_batch_size(self, requests: Sequence[Any] | None = None, pos: int = 0) -> int:
        """How many rows fit, as long as the request at ``pos``."""
        return steps.largest_batch(self, requests, pos)

    def _batch_scheduler(self, pos: int, n_reordered_requests: Sequence[Any]) -> int:
        """The size of the batch at ``pos``: found anew at ``batch_schedule`` places."""
        part = pos // max(1, int(len(n_reordered_requests) / self.batch_schedule))
        if part not in self.batch_sizes:
            self.batch_sizes[part] = self._detect_batch_size(n_reordered_requests, pos)
        return self.batch_sizes[part]

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The prompt of ``{role, content}`` messages."""
        return self._tokens.render(chat_history, add_generation_prompt=add_generation_prompt)

    def get_model_info(self) -> dict[str, Any]:
        """Size, dtype and origin of the weights."""
        info = model_info(self.model, self._tokens, self._now(), self.config, torch.device(self.device))
        facts = {key: value for key, value in info.items() if key.startswith(("model_", "peft_", "delta_"))}
        return {**facts, "model_dtype": getattr(self.model, "dtype", "")}


_OWN = {step: inspect.getattr_static(HFLM, step) for step in STEPS}
"""The steps as they are here: what a subclass or a patched class is compared with."""

remember(HFLM)


class Mistral3LM(HFLM):
    """A Mistral 3 checkpoint, of which only text is scored; a decoder, whatever its config says."""

    def _get_backend(
        self,
        config: Any,
        backend: Literal["default", "causal", "seq2seq"] = "default",
        trust_remote_code: bool | None = False,
    ) -> None:
        super()._get_backend(config, "causal", trust_remote_code)
