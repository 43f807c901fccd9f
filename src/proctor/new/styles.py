"""How a multiple-choice document is put to a model, as keys of a task file: by letter, by text, cloze, as a chat."""

# Every value is a template or a constant that lm-eval 0.4.13 reads alike: no function, no key of proctor's own. The
# letters follow the number of options: a fixed list where all documents have as many, else a template.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from proctor.new.answers import Several
from proctor.new.documents import NewDocument
from proctor.new.reply_patterns import IGNORED, reply_filters

Style: TypeAlias = Literal["letter", "text", "cloze", "chat"]
STYLES: tuple[Style, ...] = ("letter", "text", "cloze", "chat")
Language: TypeAlias = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Shape:
    """What all documents of a task have in common.

    Attributes:
        fewest: The smallest number of options.
        most: The largest.
        context: Which documents have a passage: all, some, none.
        language: That of the words around the question.
        several: What several answers mean; None: no document has any.
    """

    fewest: int
    most: int
    context: Literal["all", "some", "none"]
    language: Language
    several: Several | None = None


def shape_of(documents: Sequence[NewDocument], language: Language, several: Several | None) -> Shape:
    """The shape of documents.

    Args:
        documents: At least one.
        language: That of the words around the question.
        several: What several answers of one document mean.
    """
    sizes = [len(document.options) for document in documents]
    passages = sum(bool(document.context) for document in documents)
    context = "none" if not passages else "all" if passages == len(documents) else "some"
    has_several = any(len(document.golds) > 1 for document in documents)
    return Shape(min(sizes), max(sizes), context, language, several if has_several else None)


def language_of(documents: Sequence[NewDocument]) -> Language:
    """Korean where a fifth of the questions' letters are Korean syllables."""
    letters = [char for document in documents[:500] for char in document.question if char.isalpha()]
    return "ko" if 5 * sum("가" <= char <= "힣" for char in letters) > len(letters) else "en"


def prompt_keys(style: Style, shape: Shape) -> Mapping[str, Any]:
    """The keys of a task file that say how documents are put and scored.

    Args:
        style: How.
        shape: What the documents have in common.
    """
    return _chat(shape) if style == "chat" else _scored(style, shape)


_ANSWER = {"en": "Answer:", "ko": "정답:"}


def _scored(style: Style, shape: Shape) -> dict[str, Any]:
    shown = "" if style == "cloze" else _options(shape)
    metrics = ("acc",) if style == "letter" else ("acc", "acc_norm")
    return {
        "output_type": "multiple_choice",
        "doc_to_text": f"{_question(shape)}{shown}{_ANSWER[shape.language]}",
        "doc_to_choice": _letters(shape) if style == "letter" else "choices",
        "doc_to_target": "answer",
        "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in metrics],
    }


def question_template(shape: Shape) -> str:
    """The question with its passage, without the options.

    Args:
        shape: What the documents have in common.
    """
    passage = {"none": "", "all": "{{context}}\n\n", "some": "{% if context %}{{context}}\n\n{% endif %}"}
    return passage[shape.context] + "{{question}}"


def _question(shape: Shape) -> str:
    return question_template(shape) + "\n"


def _options(shape: Shape) -> str:
    if shape.fewest == shape.most:
        return "".join(f"{ALPHABET[at]}. {{{{choices[{at}]}}}}\n" for at in range(shape.most))
    letters = ALPHABET[: shape.most]
    return f"{{% for choice in choices %}}{{{{ '{letters}'[loop.index0] }}}}. {{{{choice}}}}\n{{% endfor %}}"


def _letters(shape: Shape) -> Any:
    letters = ALPHABET[: shape.most]
    return list(letters) if shape.fewest == shape.most else f"{{{{ '{letters}'[:choices|length]|list }}}}"


# ---------------------------------------------------------------- chat

CHAT_TOKENS = 512
"""Of a reply: enough to explain a choice, and half of what the smallest models of chats take for prompt and reply."""

_INSTRUCTION = {
    "en": 'Choose the right option. End your reply with a line "Answer: X", where X is one of {letters}.',
    "ko": '알맞은 답을 하나 고르세요. 답변의 마지막 줄에 "정답: X"라고 쓰세요. X는 {letters} 가운데 하나입니다.',
}
_INSTRUCTION_ALL = {
    "en": 'Choose all right options. End your reply with a line "Answer: X, Y", with their letters in alphabetical '
    "order, out of {letters}.",
    "ko": '알맞은 답을 모두 고르세요. 답변의 마지막 줄에 "정답: X, Y"처럼 알파벳순으로 쓰세요. 보기는 {letters}입니다.',
}


def _chat(shape: Shape) -> dict[str, Any]:
    every = shape.several == "all"
    letters = ALPHABET[: shape.most]
    if shape.fewest == shape.most:
        listed = ", ".join(letters)
    else:
        listed = f"{{{{ '{letters}'[:choices|length]|join(', ') }}}}"
    instruction = (_INSTRUCTION_ALL if every else _INSTRUCTION)[shape.language].format(letters=listed)
    plain = f"{{{{ '{letters}'[answer] }}}}"
    # lm-eval: a template that gives [..] is a list, any of which is right; a text must be equal.
    target = plain if shape.several is None else "answer_letters"
    shown = f"{_ANSWER[shape.language]} " + (plain if shape.several is None else _LISTED.format(letters=letters))
    return {
        "output_type": "generate_until",
        "doc_to_text": f"{_question(shape)}{_options(shape)}\n{instruction}",
        "doc_to_target": target,
        "fewshot_config": {"sampler": "first_n", "doc_to_target": shown},
        "generation_kwargs": {
            "until": ["</s>", "<|im_end|>"], "max_gen_toks": CHAT_TOKENS, "do_sample": False, "temperature": 0.0
        },
        "filter_list": reply_filters(letters, every),
        "metric_list": [_exact_match(every)],
    }  # fmt: skip


_LISTED = "{{% for gold in answer %}}{{{{ '{letters}'[gold] }}}}{{% if not loop.last %}}, {{% endif %}}{{% endfor %}}"


def _exact_match(every: bool) -> dict[str, Any]:
    metric = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}
    return {**metric, "regexes_to_ignore": [IGNORED]} if every else metric


def answer_letters(golds: Sequence[int], several: Several) -> Any:
    """The right options of a document by letter: a list where any is right, one text where all are needed.

    Args:
        golds: Their positions.
        several: What several mean.
    """
    letters = [ALPHABET[gold] for gold in golds]
    return letters if several == "any" else ", ".join(letters)
