"""How the words after a flag become its value: argparse actions, and a parser whose errors are sentences."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from typing import Any, NoReturn

from proctor.errors import UsageError, did_you_mean
from proctor.run.kwargs import parse_tokens

logger = logging.getLogger("proctor")


class Pairs(argparse.Action):
    """``key=value`` words or a JSON object, merged over all occurrences of the flag."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Merge these words into what the flag has already got."""
        try:
            new = parse_tokens([str(word) for word in values or ()])
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None
        known: dict[str, Any] = dict(getattr(namespace, self.dest, None) or {})
        for key in new.keys() & known.keys():
            logger.warning("'%s' is given twice to %s; the last value stands: %r.", key, option_string, new[key])
        setattr(namespace, self.dest, known | new)


class Words(argparse.Action):
    """Words, each perhaps a comma separated list; all occurrences of the flag add up."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add these words to what the flag has already got."""
        words = [word.strip() for item in values or () for word in str(item).split(",") if word.strip()]
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest, None) or ()), *words])


class SentenceParser(argparse.ArgumentParser):
    """An argument parser that raises UsageErrors and knows what was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into ours."""
        sentence = message.removeprefix("argument ").rstrip(".")
        raise UsageError(f"{sentence}.", hint=f"See {self.prog} --help.")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse all of the arguments; one that belongs to no flag is a UsageError."""
        namespace, rest = self.parse_known_args(arguments)
        unknown = [word.partition("=")[0] for word in rest if word.startswith("-") and len(word) > 1]
        if unknown:
            sentences = [f"There is no flag {name}." + self._meant(name) for name in unknown]
            raise UsageError("\n".join(sentences), hint=f"See {self.prog} --help.")
        if rest:
            raise UsageError(
                f"{rest[0]!r} belongs to no flag.",
                hint=f"Tasks are named with --tasks NAME[,NAME...]. See {self.prog} --help.",
            )
        return namespace

    def _meant(self, name: str) -> str:
        known = [option for option in self._option_string_actions if option.startswith("--")]
        hint = did_you_mean(name.replace("-", "_").replace("__", "--", 1), known, limit=1)
        return f" {hint}" if hint else ""
