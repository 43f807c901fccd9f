"""How the words after a flag become its value: argparse actions, and a parser whose errors are sentences."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from typing import Any, NoReturn

from proctor.errors import UsageError, did_you_mean
from proctor.settings.kwargs import parse_tokens

logger = logging.getLogger("proctor")


class _AppendAction(argparse.Action):
    """A flag whose occurrences add up: each one's words are joined to what there is already."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Join these words to what the flag has already got."""
        known = getattr(namespace, self.dest, None)
        try:
            setattr(namespace, self.dest, self.join(known, [str(word) for word in values or ()]))
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None

    def join(self, known: Any, words: Sequence[str]) -> Any:
        """The flag's value with these words in it."""
        raise NotImplementedError


class Pairs(_AppendAction):
    """``key=value`` words or a JSON object, merged over all occurrences of the flag."""

    def join(self, known: dict[str, Any] | None, words: Sequence[str]) -> dict[str, Any]:
        """Merge these words into ``known``."""
        new = parse_tokens(words)
        for key in new.keys() & (known or {}).keys():
            logger.warning("'%s' is given twice to --%s; the last value stands: %r.", key, self.dest, new[key])
        return {**(known or {}), **new}


class ModelPairs(_AppendAction):
    """``key=value`` words or a JSON object; one mapping for each occurrence of the flag, which may be a model each."""

    def join(self, known: list[dict[str, Any]] | None, words: Sequence[str]) -> list[dict[str, Any]]:
        """Add a mapping of these words to ``known``."""
        return [*(known or ()), parse_tokens(words)]


class Words(_AppendAction):
    """Words, each perhaps a comma separated list; all occurrences of the flag add up."""

    def join(self, known: list[str] | None, words: Sequence[str]) -> list[str]:
        """Add these words to ``known``."""
        if not any(word.strip() for word in words):
            raise ValueError("expected a name, got an empty text")
        return [*(known or ()), *(word.strip() for item in words for word in item.split(",") if word.strip())]


def underscored(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``--batch-size`` written ``--batch_size``; values, after ``=`` too, stay as they are.

    What follows a bare ``--`` is no flag.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [_underscored(word) for word in arguments[:end]] + list(arguments[end:])


def _underscored(word: str) -> str:
    if not word.startswith("--"):
        return word
    name, equals, value = word[2:].partition("=")
    return f"--{name.replace('-', '_')}{equals}{value}"


class SentenceParser(argparse.ArgumentParser):
    """An argument parser that raises UsageErrors and knows what was probably meant.

    ``more_words``: where words go that follow a flag and belong to none, if they may stand there.
    ``stray_hint``: what may be meant by a word that belongs to no flag.
    ``our_own``: flags that lm-eval does not have.
    """

    more_words: str | None = None
    stray_hint: str | None = None
    our_own: frozenset[str] = frozenset()

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into ours."""
        sentence = message.removeprefix("argument ").rstrip(".")
        raise UsageError(f"{sentence}.", hint=f"See {self.prog} --help.")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse all of the arguments, hyphens in the names of flags being underscores.

        An argument that belongs to no flag is a UsageError.
        """
        arguments = [one for word in arguments for one in self._switches(word)]
        # To name a flag in an error as the user wrote it.
        spelled = dict(zip(underscored(arguments), arguments, strict=True))
        namespace, rest = self.parse_known_args(underscored(arguments))
        unknown = [spelled.get(word, word).partition("=")[0] for word in rest if word.startswith("-") and len(word) > 1]
        if unknown:
            sentences = [f"There is no flag {name}." + self._meant(name) for name in unknown]
            raise UsageError("\n".join(sentences), hint=f"See {self.prog} --help.")
        if self.more_words:
            # argparse takes words up to the first flag only.
            setattr(namespace, self.more_words, [*(getattr(namespace, self.more_words) or ()), *rest])
        elif rest:
            tasks = "Tasks are named with --tasks NAME[,NAME...]." if "--tasks" in self._option_string_actions else None
            hints = (self.stray_hint, tasks, f"See {self.prog} --help.")
            raise UsageError(f"{rest[0]!r} belongs to no flag.", hint=" ".join(filter(None, hints)))
        return namespace

    def _switches(self, word: str) -> list[str]:
        """``-sw`` as ``-s -w``: after a short flag that needs no word, what follows are further switches (lm-eval)."""
        action = self._option_string_actions.get(word[:2])
        if not word.startswith("--") and len(word) > 2 and action is not None and action.nargs == "?":
            return [word[:2], f"-{word[2:]}"]
        return [word]

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """What an abbreviation may mean: lm-eval's flags first, so that its command lines keep their meaning."""
        # argparse's own method, which it has no public hook for: it completes abbreviations.
        matches = super()._get_option_tuples(option_string)
        return [match for match in matches if match[1] not in self.our_own] or matches

    def _meant(self, name: str) -> str:
        known = [option for option in self._option_string_actions if option.startswith("--")]
        hint = did_you_mean(name.replace("-", "_").replace("__", "--", 1), known, limit=1)
        return f" {hint}" if hint else ""
