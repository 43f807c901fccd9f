"""What is said about documents before they are written."""

from proctor.new.checks import check_documents, letter, places
from proctor.new.documents import NewDocument


def document(line, question, options, *golds, context=""):
    return NewDocument(str(line), f"line {line}", line, context, question, tuple(options), golds, None, None, {})


def remarks(*documents):
    return [f"{one.level}: {one.text}" for one in check_documents(documents)]


def varied(count, gold=lambda n: n % 4):
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    return [
        document(n, f"{words[n % 10]} {words[n // 10]} {n}?", [f"{w}{n}" for w in ("a", "be", "see", "dee")], gold(n))
        for n in range(2, count + 2)
    ]  # fmt: skip


def test_counts_positions_and_lengths_are_always_said():
    assert remarks(document(2, "One?", ["a", "bb"], 1), document(3, "Two?", ["cc", "d"], 1)) == [
        "note: 2 documents; options: 2",
        "note: right options by position: A 0, B 2; always B would score 1.00, chance is 0.50",
        "note: the right option is the longest, or one of the longest, in 50%; always the longest would score 0.50",
    ]


def test_options_of_one_length_are_counted_apart():
    shown = remarks(document(2, "One?", ["a", "b"], 1), document(3, "Two?", ["c", "dd"], 1))
    assert shown[-1] == (
        "note: the right option is the longest, or one of the longest, in 50%, and all options are equally long in "
        "50%; always the longest would score 0.75"
    )


def test_options_that_are_all_of_one_length_are_no_remark():
    shown = remarks(document(2, "One?", ["a", "b"], 1), document(3, "Two?", ["c", "d"], 1))
    assert not [one for one in shown if "longest" in one]


def test_a_skew_of_the_right_positions_is_a_warning():
    shown = remarks(*varied(40, gold=lambda n: 0 if n % 2 else n % 4))
    assert any(one.startswith("warning: right options by position") and "--choice_orders" in one for one in shown)
    assert not any(one.startswith("warning") for one in remarks(*varied(40)))


def test_repeats_contradictions_and_equal_options_are_found():
    options = ["Seoul", "Busan"]
    shown = remarks(
        document(2, "What is the capital?", options, 0),
        document(3, "What is  the capital?", options, 0),
        document(4, "Where is the sea so very blue and the sky so wide in all the long days of the year?", options, 1),
        document(5, "Where is the sea so very blue and the sky so wide in all the long days of a year?", options, 1),
        document(6, "Which number?", ["1", "1"], 0),
        document(7, "Which colour?", ["red", "blue"], 0),
        document(8, "Which colour?", ["blue", "red"], 0),
    )
    assert "warning: the same question twice: line 2 and line 3" in shown
    assert "warning: the same question with another right option: line 7 and line 8" in shown
    assert "note: nearly the same question: line 4 and line 5" in shown
    assert "warning: two equal options: line 6" in shown


def test_texts_are_looked_through():
    shown = remarks(
        document(2, "The Seoul tower is in which city?", ["Seoul", "Busan"], 0),
        document(3, "What is <b>hot</b>?", ["fire", "ice"], 0),
        document(4, r"What is \frac{1}{2}?", ["0.5", "all of the above"], 0),
        document(5, "다음 그림에서 알 수 있는 것은?", ["개", "새"], 0),
        document(6, "Who is kim@example.com?", ["Kim", "Lee"], 1),
        document(7, "900101-1234567은 무엇인가?", ["번호", "이름"], 0),
        document(8, "What\x00 is wet?", ["rain", "dust"], 0),
    )
    for text in (
        "warning: the question contains the right option and no other: line 2",
        "warning: HTML, which the model sees as it is written: line 3",
        "note: LaTeX, which the model sees as it is written: line 4",
        "warning: the question speaks of a figure or a table that may not be there: line 5",
        "warning: an e-mail address: line 6",
        "warning: what looks like a Korean resident number: line 7",
        "warning: a control character, which no reader sees: line 8",
    ):
        assert text in shown
    assert any("all of the above" in one and one.endswith("line 4") for one in shown)


def test_documents_with_several_right_options_are_counted():
    shown = remarks(document(2, "Which?", ["a", "b"], 0, 1))
    assert shown == ["note: 1 document; options: 2; 1 with several right options"]


def test_words_for_numbers_and_places():
    assert (letter(2), letter(30)) == ("C", "31")
    assert places(varied(5)) == "line 2, line 3, line 4 and 2 more"


def test_texts_of_many_letters_are_looked_through_at_once():
    for long in ("x" * 200_000, "<p " * 60_000, "a@" * 100_000, "a.b-" * 50_000):
        shown = remarks(
            document(2, f"{long} One?", ["a", "bb"], 1), document(3, "Two? me@mail.example", ["cc", "d"], 1)
        )
        assert any("an e-mail address: line 3" in one for one in shown)
