"""One of proctor's models as lm-eval's kind of model, for code that calls ``lm.loglikelihood(requests)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.compat.scripts.model import LM
from proctor.compat.shipped import remember
from proctor.compat.tasks.instance import Instance
from proctor.errors import ModelError
from proctor.models.dummy import DummyModel
from proctor.models.protocols import Model
from proctor.tasks.class_task import join_instances
from proctor.types import Refusal


class ProctorLM(LM):
    """One of proctor's models as an :class:`LM`, for code that calls ``lm.loglikelihood(requests)``."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def engine(self) -> Model | None:
        """The model itself; None in a class derived from this one, which may compute otherwise."""
        return self.model if type(self) is ProctorLM else None

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Ask for all; neighbours of one context are one request."""
        return responses_of(self.model, "loglikelihood", requests)

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Ask for whole texts."""
        return responses_of(self.model, "loglikelihood_rolling", requests)

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Ask for texts."""
        return responses_of(self.model, "generate_until", requests)

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The model's chat template."""
        return self.model.render(chat_history, add_generation_prompt=add_generation_prompt)

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """The text of the model's chat template."""
        return self.model.chat_template(chat_template) if chat_template else None

    @property
    def tokenizer(self) -> Any:
        """The tokenizer, of a model that has one."""
        return getattr(getattr(self.model, "tokens", None), "tokenizer", None)

    @property
    def tokenizer_name(self) -> str:
        """The tokenizer's name."""
        return str(self.model.info.get("tokenizer_name", ""))

    def get_model_info(self) -> dict[str, Any]:
        """The model's facts, under lm-eval's keys."""
        return {key: value for key, value in self.model.info.items() if key.startswith("model_")}


class DummyLM(ProctorLM):
    """Random log-likelihoods from the seed of :mod:`random`, and one text for all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(DummyModel())


remember(DummyLM)


def responses_of(model: Model, kind: str, instances: Sequence[Instance]) -> list[Any]:
    """What lm-eval's method ``kind`` returns for instances: a value for each, in order."""
    count = 1 if kind == "loglikelihood_rolling" else 2
    requests = join_instances((kind, instance.args[:count]) for instance in instances)
    # Responses come as they complete; the script's method must return them in order.
    responses = dict(model.respond(requests))
    refused = next((response for response in responses.values() if isinstance(response, Refusal)), None)
    if refused is not None:
        # lm-eval: an LM returns a value for each request, or raises.
        raise ModelError(f"The model '{model.name}' refused a request: {refused.why}")
    return [value for place in range(len(requests)) for value in responses[place].values]
