"""How a run renders prompts: as plain text, with the chat template of a model, or as messages for a model of chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal, Protocol, runtime_checkable

from proctor.analysis.orders import order_mode
from proctor.errors import UsageError
from proctor.models import ModelKind, declared_kind
from proctor.models.protocols import OriginModel
from proctor.settings.choice_settings import formulation_names, kinds_kept
from proctor.settings.config import RunConfig
from proctor.settings.values import MultipleChoice
from proctor.tasks.choice_orders import ChoiceOrders
from proctor.tasks.formulations import Formulations
from proctor.tasks.prompt import PromptStyle
from proctor.types import ChoiceRoute


class Renderer(Protocol):
    """What knows a chat template: a model, or a tokenizer alone."""

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template, or the one called ``template``, to ``{role, content}`` messages."""
        ...


@runtime_checkable
class _Model(Protocol):
    @property
    def tokens(self) -> Any: ...


@runtime_checkable
class _Tokenizer(Protocol):
    @property
    def facts(self) -> Mapping[str, Any]: ...


def _token_limit(renderer: Renderer | None) -> int | None:
    """How many tokens a prompt and its answer may have together; None where nobody knows before a request is sent."""
    # Of a model its tokenizer, and not ``info``, which may start an engine.
    tokens = renderer.tokens if isinstance(renderer, _Model) else renderer
    limit = tokens.facts.get("max_length") if isinstance(tokens, _Tokenizer) else None
    return limit if isinstance(limit, int) and limit > 0 else None


def model_style(config: RunConfig, renderer: Renderer | None) -> PromptStyle:
    """How prompts are rendered in this run.

    Args:
        config: The settings.
        renderer: Applies a chat template; None: prompts are plain text.
    """
    name, chat = config.apply_chat_template, None
    kind, is_script = declared_kind(config.model), isinstance(renderer, OriginModel)
    if name and renderer is not None:
        # lm-eval: a template's name is written down, and prompts are made with the default one.
        template = name if isinstance(name, str) and not config.strict_lm_eval else None
        chat = partial(renderer.render, template=template) if template else renderer.render
    return PromptStyle(
        chat=chat,
        multiturn=config.fewshot_as_multiturn is not False,
        system_instruction=config.system_instruction,
        # lm-eval: the class of a script gets texts, whatever the kind is called in whose place it responds.
        messages=chat is not None and kind.messages and not is_script,
        choose=None if is_script else _choose(config.mc, kind),
        draws=config.fewshot_seeds or 1,
        orders=_orders(config),
        formulations=_formulations(config, kind, renderer, is_script=is_script),
    )


def _formulations(
    config: RunConfig, kind: ModelKind, renderer: Renderer | None, *, is_script: bool
) -> Formulations | None:
    names = formulation_names(config.formulations)
    if not names and not config.choices_only:
        return None
    scored = [name for name in names if name != "generate"] + (["choices_only"] if config.choices_only else [])
    chooses = not is_script and _choose(config.mc, kind) is not None
    if scored and (chooses or not (kind.scores or is_script)):
        flags = "--choices_only" if scored == ["choices_only"] else f"--formulations {','.join(scored)}"
        why = f"--mc {config.mc} replaces" if chooses and kind.scores else f"--model {config.model} does not give"
        raise UsageError(
            f"{flags.replace(',choices_only', ' --choices_only')} needs log-likelihoods, which {why}.",
            hint="--formulations generate has an answer written and read.",
        )
    limit = _token_limit(renderer) if "generate" in names else None
    return Formulations(names, config.choices_only, config.gen_kwargs, limit)


def _orders(config: RunConfig) -> ChoiceOrders | None:
    mode = order_mode(config.choice_orders)
    if mode.name == "canonical":
        return None
    return ChoiceOrders(mode, kinds_kept(config.choice_orders_keep), config.seed.fewshot or 0)


def _choose(setting: MultipleChoice, kind: ModelKind) -> ChoiceRoute | Literal["auto"] | None:
    """How options are chosen by label; None: they are scored.

    ``auto`` is for kinds that score nothing; a route that is named also for those that could.
    """
    if setting == "off" or not kind.chooses or (setting == "auto" and kind.scores):
        return None
    return setting
