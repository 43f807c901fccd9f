"""``HFLM``'s plain route: every input is a row of its own, and every step is a method that a subclass may change.

What is computed is lm-eval's (SPEC of its numbers: sums in the logits' dtype, left truncation, windows of
whole texts); an answer that the engine gives otherwise would be an error of one of the two.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from proctor.compat.scripts.model_helpers import Collator, chunks
from proctor.compat.scripts.torch_helpers import pad_and_concat
from proctor.errors import ModelError, UsageError
from proctor.models.generation import LENGTH_NAMES, GenerationPlan, cut_at_stops, plan_generation
from proctor.models.hf.device import free_caches, is_out_of_memory
from proctor.models.tokens.windows import rolling_windows

if TYPE_CHECKING:
    from proctor.compat.scripts.huggingface import HFLM

log = logging.getLogger("proctor")

Scored = tuple[float, bool]
NOTHING: Scored = (0.0, True)
"""The score of a continuation without tokens."""


def score_tokens(lm: HFLM, requests: Sequence[Any], *, override_bs: int | None = None) -> list[Scored]:
    """Score ``((context, continuation), context ids, continuation ids)``, in order."""
    full = [place for place, request in enumerate(requests) if request[2]]
    share = lm.backend == "causal" and lm.logits_cache
    order = Collator(
        [requests[place] for place in full],
        sort_fn=lambda request: (-len(request[1] + request[2]), tuple(request[1] + request[2])),
        group_by="contexts" if share else None,
        group_fn=lambda request: request[1] + request[2][:-1],
    )
    size, by_place = _batches(lm, override_bs)
    found = [value for chunk in order.get_batched(n=size, batch_fn=by_place) for value in _score(lm, order, chunk)]
    answers = [NOTHING] * len(requests)
    for place, answer in zip(full, order.get_original(found), strict=True):
        answers[place] = answer
    return answers


def _batches(lm: HFLM, override_bs: int | None) -> tuple[int, Callable[[int, Sequence[Any]], int] | None]:
    if lm.batch_size != "auto":
        return int(lm.batch_size), None
    if override_bs is not None:
        return override_bs, None
    lm.batch_sizes.clear()
    return 0, lm._batch_scheduler


def _score(lm: HFLM, order: Collator, chunk: Sequence[Any]) -> Iterator[Scored]:
    inputs, call = _inputs(lm, chunk)
    width = max(map(len, inputs))
    logits = lm._model_call(pad_and_concat(width, inputs), **call)
    logprobs = torch.nn.functional.log_softmax(logits, dim=-1, dtype=lm.softmax_dtype)
    for (pair, context, continuation), row, ids in zip(chunk, logprobs, inputs, strict=True):
        # More positions than ids: a prompt-tuning adapter has put virtual tokens in front.
        end = len(ids) + row.shape[0] - width if lm.backend == "causal" else None
        scored = lm._select_cont_toks(row, contlen=len(continuation), inplen=end).unsqueeze(0)
        for text, tokens, block in order.get_cache(
            req_str=pair, cxt_toks=context, cont_toks=continuation, logits=scored
        ):
            wanted = torch.tensor(tokens, dtype=torch.long, device=block.device).unsqueeze(0)
            values = torch.gather(block, 2, wanted.unsqueeze(-1)).squeeze(-1)
            # lm-eval: summed in the logits' own dtype.
            answer = (float(values.sum()), bool((block.argmax(dim=-1) == wanted).all()))
            if text is not None:
                lm.cache_hook.add_partial("loglikelihood", text, answer)
            yield answer


def _inputs(lm: HFLM, chunk: Sequence[Any]) -> tuple[list[torch.Tensor], dict[str, Any]]:
    """The ids that go in, and what an encoder-decoder gets beside them."""
    limit = lm.max_length
    for _, _, continuation in chunk:
        if len(continuation) > limit:
            raise ModelError(f"A continuation has {len(continuation)} tokens; this model's limit is {limit}.")
    if lm.backend == "causal":
        whole = [context + continuation for _, context, continuation in chunk]
        if any(len(ids) > limit + 1 for ids in whole):
            log.warning("Inputs of more than %d tokens lose their beginning.", limit)
        return [torch.tensor(ids[-(limit + 1) :][:-1], dtype=torch.long, device=lm.device) for ids in whole], {}
    inputs = [torch.tensor(context[-limit:], dtype=torch.long, device=lm.device) for _, context, _ in chunk]
    labels = [torch.tensor(tail[-limit:], dtype=torch.long, device=lm.device) for _, _, tail in chunk]
    return inputs, {
        "attn_mask": pad_and_concat(max(map(len, inputs)), [torch.ones_like(ids) for ids in inputs]),
        "labels": pad_and_concat(max(map(len, labels)), labels),
    }


def roll(lm: HFLM, texts: Sequence[str]) -> list[float]:
    """The log-probabilities of whole texts, window by window."""
    windows: list[Any] = []
    owners: list[int] = []
    for place, text in enumerate(texts):
        tokens = lm.tok_encode(text)
        for context, scored in rolling_windows(tokens, prefix=_prefix(lm), max_length=lm.max_length) if tokens else ():
            windows.append((None, context, scored))
            owners.append(place)
    size = lm._detect_batch_size() if lm.batch_size == "auto" else int(lm.batch_size)
    totals = [0.0] * len(texts)
    for batch in chunks(list(zip(owners, windows, strict=True)), n=size):
        answers = lm._loglikelihood_tokens(
            requests=[window for _, window in batch], disable_tqdm=True, override_bs=len(batch)
        )
        for (place, _), (logprob, _) in zip(batch, answers, strict=True):
            totals[place] += logprob
    return totals


def _prefix(lm: HFLM) -> int:
    token = lm.prefix_token_id
    if token is None:
        raise ModelError("The tokenizer has no token to put before a text.", hint="Give prefix_token_id.")
    return int(token)


def generate(lm: HFLM, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """The texts after ``(prompt, generation_kwargs)``."""
    eot = lm.eot_token_id
    eos = None if eot is None else lm.tok_decode([eot], skip_special_tokens=False)
    order = Collator(
        requests, sort_fn=lambda request: (-len(lm.tok_encode(request[0])), request[0]), group_by="gen_kwargs"
    )
    size = lm._detect_batch_size() if lm.batch_size == "auto" else int(lm.batch_size)
    texts: list[str] = []
    for chunk in order.get_batched(n=size):
        kwargs = chunk[0][1]
        if not any(kwargs.get(name) is not None for name in LENGTH_NAMES):
            kwargs = {**kwargs, "max_gen_toks": lm.max_gen_toks}
        new = _generate(lm, [prompt for prompt, _ in chunk], plan_generation(kwargs, eos=eos))
        for request, text in zip(chunk, new, strict=True):
            lm.cache_hook.add_partial("generate_until", request, text)
        texts += new
    return order.get_original(texts)


def _generate(lm: HFLM, prompts: list[str], plan: GenerationPlan) -> list[str]:
    causal = lm.backend == "causal"
    room = lm.max_length - plan.max_tokens if causal else lm.max_length
    if room < 1:
        raise UsageError(
            f"{plan.max_tokens} tokens are to be generated, but the model's limit for prompt and answer together "
            f"is {lm.max_length}.",
            hint="Lower it with --gen_kwargs max_gen_toks=N, or raise max_length.",
        )
    ids, mask = lm.tok_batch_encode(prompts, left_truncate_len=room, truncation=lm.truncation)
    extra = dict(plan.extra)
    length = extra.pop("max_length", ids.shape[1] + plan.max_tokens)
    heat = plan.temperature if plan.do_sample else 0.0
    output = lm._model_generate(
        context=ids.to(lm.device),
        attention_mask=mask.to(lm.device),
        stop=list(plan.until),
        max_length=length,
        do_sample=plan.do_sample,
        **({} if heat is None else {"temperature": heat}),
        **extra,
    )
    return [_text(lm, row[ids.shape[1] :] if causal else row, plan) for row in output.tolist()]


def _text(lm: HFLM, ids: list[int], plan: GenerationPlan) -> str:
    end = lm.think_end_token
    if isinstance(end, int):
        text = lm.tok_decode(ids[len(ids) - ids[::-1].index(end) :] if end in ids else ids).lstrip()
    else:
        text = lm.tok_decode(ids)
        text = text.split(end)[-1].lstrip() if end else text
    return cut_at_stops(text, plan.until)


def largest_batch(lm: HFLM, requests: Sequence[Any] | None, place: int) -> int:
    """How many rows as long as the request at ``place`` (None: as long as can be) fit into memory."""
    context, continuation = requests[place][1:] if requests else ([0] * lm.max_length, [0])
    rows = lm.max_batch_size or 64
    while rows > 1:
        try:
            if lm.backend == "causal":
                length = len((context + continuation)[-(lm.max_length + 1) :][:-1])
                lm._model_call(torch.ones((rows, length), dtype=torch.long, device=lm.device))
            else:
                length = max(len(context[-lm.max_length :]), len(continuation))
                block = torch.ones((rows, length), dtype=torch.long, device=lm.device)
                lm._model_call(block, attn_mask=block, labels=block)
            break
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            free_caches()
            rows //= 2
    return rows
