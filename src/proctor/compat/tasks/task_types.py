"""``lm_eval.api.task``: the classes that tasks written in Python descend from."""

from __future__ import annotations

from typing import Any

from proctor.compat.tasks.base import Task
from proctor.compat.tasks.instance import Instance
from proctor.errors import UsageError
from proctor.metrics.aggregate import bits_per_byte, weighted_perplexity
from proctor.metrics.choice import measure_choice
from proctor.stats.standard_errors import mean
from proctor.tasks.output_types.table import OUTPUT_TYPES

ALL_OUTPUT_TYPES = list(OUTPUT_TYPES)


class MultipleChoiceTask(Task):
    """Documents with ``choices`` and the number ``gold`` of the right one."""

    OUTPUT_TYPE = "loglikelihood"

    def doc_to_target(self, doc: Any) -> str:
        """The right choice after a space."""
        # lm-eval: a space, whatever target_delimiter a configuration has.
        return " " + doc["choices"][doc["gold"]]

    def construct_requests(self, doc: Any, ctx: Any, **kwargs: Any) -> list[Instance]:
        """One log-likelihood for each choice."""
        own = {key: value for key, value in kwargs.items() if key not in ("apply_chat_template", "chat_template")}
        return [
            Instance(request_type="loglikelihood", doc=doc, arguments=(ctx, f" {choice}"), idx=number, **own)
            for number, choice in enumerate(doc["choices"])
        ]

    def process_results(self, doc: Any, results: Any) -> dict[str, Any]:
        """Whether the likeliest choice is the right one, as it is and by its length."""
        return dict(
            measure_choice(
                lls=[float(value[0]) for value in results],
                greedy=[bool(value[1]) for value in results],
                choices=doc["choices"],
                gold=doc["gold"],
                wanted={"acc", "acc_norm"},
            )
        )

    def aggregation(self) -> dict[str, Any]:
        """Means."""
        return {"acc": mean, "acc_norm": mean}

    def higher_is_better(self) -> dict[str, bool]:
        """Both."""
        return {"acc": True, "acc_norm": True}


class PerplexityTask(Task):
    """Documents that are texts, scored whole."""

    OUTPUT_TYPE = "loglikelihood_rolling"

    def has_training_docs(self) -> bool:
        """A text needs no examples."""
        return False

    def fewshot_examples(self, k: int, rnd: Any) -> list[Any]:
        """None; asking for some is an error."""
        if k:
            raise UsageError("A task that scores whole texts takes no few-shot examples.", hint="Use --num_fewshot 0.")
        return []

    def fewshot_context(
        self, doc: Any, num_fewshot: int, rnd: Any = None, description: Any = None, **kwargs: Any
    ) -> str:
        """Nothing stands before a text."""
        self.fewshot_examples(num_fewshot, None)
        return ""

    def doc_to_text(self, doc: Any) -> str:
        """There is no question."""
        return ""

    def doc_to_target(self, doc: Any) -> Any:
        """The text."""
        return doc

    def doc_to_decontamination_query(self, doc: Any) -> Any:
        """The text."""
        return doc

    def construct_requests(self, doc: Any, ctx: Any, **kwargs: Any) -> Instance:
        """One rolling log-likelihood."""
        own = {key: value for key, value in kwargs.items() if key not in ("apply_chat_template", "chat_template")}
        arguments = (self.doc_to_target(doc),)
        return Instance(request_type="loglikelihood_rolling", doc=doc, arguments=arguments, idx=0, **own)

    def process_results(self, doc: Any, results: Any) -> dict[str, Any]:
        """The log-likelihood with its words and its bytes."""
        (logprob,) = results
        text = self.doc_to_target(doc)
        words, size = self.count_words(text), self.count_bytes(text)
        return {
            "word_perplexity": (logprob, words),
            "byte_perplexity": (logprob, size),
            "bits_per_byte": (logprob, size),
        }

    def aggregation(self) -> dict[str, Any]:
        """Per word, per byte, in bits."""
        return {
            "word_perplexity": weighted_perplexity,
            "byte_perplexity": weighted_perplexity,
            "bits_per_byte": bits_per_byte,
        }

    def higher_is_better(self) -> dict[str, bool]:
        """None."""
        return dict.fromkeys(("word_perplexity", "byte_perplexity", "bits_per_byte"), False)
