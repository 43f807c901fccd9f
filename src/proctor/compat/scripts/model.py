"""``lm_eval.api.model``: the classes that scripts derive their own models from.

A model written for lm-eval gets lists of :class:`~proctor.compat.tasks.instance.Instance`. How such a
model becomes one of proctor's is in :mod:`proctor.compat.scripts.lm_model`.
"""

from __future__ import annotations

import abc
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from proctor.compat.errors import with_built_in
from proctor.compat.scripts.lm_model import LMModel, as_model
from proctor.compat.scripts.response_file import ResponseFile, hash_args
from proctor.errors import ModelError
from proctor.settings.kwargs import parse_pairs

if TYPE_CHECKING:
    from proctor.compat.tasks.instance import Instance
    from proctor.models.protocols import Model


log = eval_logger = logging.getLogger("proctor")

T = TypeVar("T", bound="LM")
Scored = tuple[float, bool]
TokenRequest = tuple[tuple[str, str], list[int], list[int]]
KINDS = ("loglikelihood", "loglikelihood_rolling", "generate_until")


class LM(abc.ABC):
    """A language model as lm-eval knows it: three methods, lists of requests in and as many responses out."""

    def __init__(self) -> None:
        self._rank = 0
        self._world_size = 1
        self._device: Any = None
        self.cache_hook = CacheHook(None)

    @abc.abstractmethod
    def loglikelihood(self, requests: list[Instance]) -> list[Scored]:
        """Per ``request.args == (context, continuation)``: log-probability in nats, and whether it is greedy."""

    @abc.abstractmethod
    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Per ``request.args == (text,)``: the log-probability of the whole text in nats."""

    @abc.abstractmethod
    def generate_until(self, requests: list[Instance]) -> list[str]:
        """Per ``request.args == (prompt, generation_kwargs)``: the text up to the first stop string."""

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The prompt of ``{role, content}`` messages; models that can chat override this."""
        error = ModelError(
            f"The model class {type(self).__name__} has no chat template.",
            hint="Leave out --apply_chat_template, or give the class a method apply_chat_template.",
        )
        raise with_built_in(error, NotImplementedError)

    @classmethod
    def create_from_arg_string(cls: type[T], arg_string: str, additional_config: dict[str, Any] | None = None) -> T:
        """A model from ``key=value,...``; what ``additional_config`` says and is not None is added."""
        return cls(**parse_pairs(arg_string), **_given(additional_config))

    @classmethod
    def create_from_arg_obj(
        cls: type[T], arg_dict: dict[str, Any], additional_config: dict[str, Any] | None = None
    ) -> T:
        """A model from keyword arguments; what ``additional_config`` says and is not None is added."""
        return cls(**arg_dict, **_given(additional_config))

    @property
    def rank(self) -> int:
        """Which of several processes this is."""
        return self._rank

    @property
    def world_size(self) -> int:
        """How many processes share the work."""
        return self._world_size

    def all_gather(self, tensor: Any) -> Any:
        """The tensors of all processes; here there is one."""
        return tensor

    def gather_object(self, obj: Any, dst: int = 0) -> list[Any] | None:
        """The objects of all processes, on process ``dst``; here there is one."""
        return [obj]

    def barrier(self) -> None:  # noqa: B027 - to be overridden where there are several processes
        """Wait for all processes; here there is one."""

    @property
    def tokenizer_name(self) -> str:
        """The tokenizer's name; models that can chat override this."""
        error = ModelError(f"The model class {type(self).__name__} does not say its tokenizer_name.")
        raise with_built_in(error, NotImplementedError)

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """The text of the chat template; empty where there is none."""
        return ""

    def set_cache_hook(self, cache_hook: CacheHook) -> None:
        """Take the hook that gets every response as it is made."""
        self.cache_hook = cache_hook

    def as_proctor_model(self) -> Model:
        """The model as proctor's runs take it."""
        return as_model(self)


def _given(config: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (config or {}).items() if value is not None}


class CacheHook:
    """What gets every response of a model; without a :class:`CachingLM` it does nothing."""

    def __init__(self, cachinglm: CachingLM | None) -> None:
        self.dbdict: ResponseFile | None = None if cachinglm is None else cachinglm.dbdict

    def add_partial(self, attr: str, req: Iterable[Any], res: Any) -> None:
        """Keep the response ``res`` to the arguments ``req`` of the method ``attr``."""
        if self.dbdict is not None:
            self.dbdict[hash_args(attr, req)] = res


class CachingLM:
    """A model whose responses are cached in a file; every other attribute is the model's own.

    The file is proctor's (SQLite, responses as JSON), not one of lm-eval's.
    """

    def __init__(self, lm: LM, cache_db: str) -> None:
        self.lm = lm
        self.cache_db = cache_db
        self.dbdict = ResponseFile(cache_db)
        lm.set_cache_hook(self.get_cache_hook())

    def __getattr__(self, attr: str) -> Any:
        value = getattr(self.lm, attr)
        # After the attribute was looked up: a model that lacks one of the three methods fails as without a cache.
        return (lambda requests: self._respond(attr, requests)) if attr in KINDS else value

    def _respond(self, kind: str, requests: Sequence[Instance]) -> list[Any]:
        responses: dict[int, Any] = {}
        for place, request in enumerate(requests):
            # A sampled text is another one each time.
            sampled = kind == "generate_until" and bool(request.args[1].get("do_sample"))
            cached = None if sampled else self.dbdict.get(hash_args(kind, request.args))
            if cached is not None:
                responses[place] = cached
        missing = [place for place in range(len(requests)) if place not in responses]
        log.info("%d of %d responses are in %s.", len(responses), len(requests), self.cache_db)
        new = getattr(self.lm, kind)([requests[place] for place in missing]) if missing else []
        for place, response in zip(missing, new, strict=True):
            responses[place] = response
            self.dbdict[hash_args(kind, requests[place].args)] = response
        return [responses[place] for place in range(len(requests))]

    def get_cache_hook(self) -> CacheHook:
        """The hook through which the model's responses are cached as they come."""
        return CacheHook(self)

    def as_proctor_model(self) -> Model:
        """The model behind the file, as proctor's runs take it."""
        return LMModel(self)


class TemplateLM(LM):
    """A model with a tokenizer: it encodes, and scores tokens in ``_loglikelihood_tokens``."""

    tokenizer: Any = None
    backend: str = "causal"

    @property
    @abc.abstractmethod
    def eot_token_id(self) -> int | None:
        """The end-of-text token."""

    @property
    def prefix_token_id(self) -> int | None:
        """What stands before a text without context."""
        return self.eot_token_id

    @abc.abstractmethod
    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """The ids of a text; ``add_special_tokens`` None leaves them to the model."""

    @abc.abstractmethod
    def _loglikelihood_tokens(self, requests: list[TokenRequest], **kwargs: Any) -> list[Scored]:
        """Score ``((context, continuation), context ids, continuation ids)``, in order."""

    @abc.abstractmethod
    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """As :meth:`LM.loglikelihood_rolling`."""

    @abc.abstractmethod
    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """As :meth:`LM.generate_until`."""

    def _encode_pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """The ids of a context that is not empty, and of what follows it."""
        head = context.rstrip()
        # White space at the boundary is tokenised with what follows it.
        # lm-eval: encoded as a whole and cut at the context's length, so that tokens across the boundary are the text's
        # own.
        context, continuation = head, context[len(head) :] + continuation
        if self.backend == "causal":
            whole, before = self.tok_encode(context + continuation), self.tok_encode(context)
            return before, whole[len(before) :]
        return self.tok_encode(context), self.tok_encode(continuation, add_special_tokens=False)

    def _encode_alone(self, continuation: str) -> tuple[list[int], list[int]]:
        """A continuation without context stands behind the prefix token."""
        ids, prefix = self.tok_encode(continuation, add_special_tokens=False), self.prefix_token_id
        if prefix is None:
            raise ModelError(f"The model class {type(self).__name__} has no token to put before a text.")
        return (ids[:1], ids[1:]) if ids[:1] == [prefix] else ([prefix], ids)

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[Scored]:
        """Encode every pair, then score the tokens."""
        encoded: list[TokenRequest] = []
        for context, continuation in (request.args for request in requests):
            pair = self._encode_pair(context, continuation) if context else self._encode_alone(continuation)
            encoded.append(((context, continuation), *pair))
        return self._loglikelihood_tokens(encoded, disable_tqdm=disable_tqdm)

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """The text of the tokenizer's chat template, or of the one of that name."""
        if self.tokenizer is None:
            return ""
        if chat_template is False or chat_template is None:
            log.warning("chat_template() was called with %r: there is no template then.", chat_template)
            return None
        template = getattr(self.tokenizer, "chat_template", None)
        if not isinstance(template, Mapping):
            if isinstance(chat_template, str):
                log.warning("The tokenizer has one chat template; the name %r is not needed.", chat_template)
            return template
        from proctor.models.chat import named_template

        return named_template(template, chat_template)
