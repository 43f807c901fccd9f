"""Generation: what a request's arguments are to vLLM, and texts from its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from proctor.errors import UsageError
from proctor.models.generation import GenerationPlan, cut_at_stops, plan_generation
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.tokens.windows import last_tokens
from proctor.models.vllm.arguments import VllmArguments
from proctor.types import Finish, Generate, Text, Usage


@dataclass(frozen=True, slots=True)
class Sampler:
    """What a request's arguments are to vLLM, and what its outputs are as texts."""

    arguments: VllmArguments
    tokens: Tokens
    max_length: int

    def plan(self, request: Generate) -> GenerationPlan:
        """The arguments of a request in one form.

        Args:
            request: The request.

        Raises:
            UsageError: One makes no sense, or more tokens are wanted than the model's limit leaves.
        """
        # lm-eval: the end-of-text token is always one of the stop strings.
        plan = plan_generation(request.kwargs, eos=self.tokens.eot_text, max_tokens=self.arguments.max_gen_toks)
        if plan.max_tokens >= self.max_length:
            raise UsageError(
                f"{plan.max_tokens} tokens are to be generated, but the model's limit for prompt and answer "
                f"together is {self.max_length}.",
                hint="Lower it with --gen_kwargs max_gen_toks=N, or raise max_model_len in --model_args.",
            )
        return plan

    def settings(self, plan: GenerationPlan) -> dict[str, Any]:
        """The arguments of ``vllm.SamplingParams``."""
        stops = list(plan.until)
        if self.arguments.think_end_token is not None:
            # A task's stop strings stand in reasoning, too: there they stop nothing, and cut the response afterwards.
            stops = [stop for stop in stops if stop == self.tokens.eot_text]
        # lm-eval: special tokens stay in the text, since a stop string may be one.
        kept = {"skip_special_tokens": False, "spaces_between_special_tokens": False}
        settings = {**kept, **plan.extra, "max_tokens": plan.max_tokens, "stop": [stop for stop in stops if stop]}
        if plan.temperature is not None:
            settings["temperature"] = plan.temperature
        elif not plan.do_sample:
            # vLLM's own default is 1: what nobody wants sampled would be.
            settings["temperature"] = 0.0
        return settings

    def fit(self, ids: Sequence[int], plan: GenerationPlan) -> list[int]:
        """A prompt truncated so that the new tokens fit behind it.

        Args:
            ids: The prompt; empty: the token that stands before any text.
            plan: How much is generated.
        """
        prompt = list(ids) or [self.tokens.prefix_token_id]
        room = self.max_length - plan.max_tokens
        return prompt if len(prompt) <= room else truncated(prompt, room, self.arguments.truncation_side)

    def text(self, output: Any, plan: GenerationPlan) -> Text:
        """The text of an output.

        Args:
            output: vLLM's ``RequestOutput``.
            plan: How it was generated.
        """
        one = output.outputs[0]
        end, text = self.arguments.think_end_token, str(one.text)
        new = list(one.token_ids)
        if isinstance(end, int):
            if end in new:
                text = self.tokens.decode(new[len(new) - new[::-1].index(end) :], skip_special=False)
            text = text.lstrip()
        elif end:
            text = text.split(end)[-1].lstrip()
        usage = Usage(len(output.prompt_token_ids), getattr(output, "num_cached_tokens", None) or 0, len(new))
        reason = one.finish_reason
        finish = cast(Finish, reason) if reason in get_args(Finish) else None
        return Text(cut_at_stops(text, plan.until), finish, usage)


def truncated(ids: list[int], room: int, side: str) -> list[int]:
    """A prompt of at most ``room`` tokens.

    Args:
        ids: Token ids, more than ``room``.
        room: How many stay, at least 1.
        side: Where tokens are taken away: ``left``, ``middle`` or ``right``.
    """
    if side == "left":
        return last_tokens(ids, room)
    if side == "right":
        return ids[:room]
    # lm-eval: the first half may be one token shorter.
    first = room // 2
    return ids[:first] + ids[len(ids) - (room - first) :]
