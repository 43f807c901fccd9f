"""Which encoding bytes are in: decided by rule, and what cannot be told is an error, never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.encodings import DecodedText, UndecodableError, decode, is_utf8, read_text

KOREAN = "question,answer\n다음 중 옳은 것은 무엇인가?,1\n한국의 수도는 서울이다.,0\n"
CHINESE = "农产品规格差价属于下列哪一种情况？请选择正确的答案。下面哪个选项是正确的"
JAPANESE = "次の文章を読んで、質問に答えなさい。日本の首都は東京です。私は毎日学校に行きます。"


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_each_encoding_that_korean_files_have_is_told(encoding):
    found = decode(KOREAN.encode(encoding))
    assert (found.text, found.encoding) == (KOREAN, encoding)


def test_a_stray_null_makes_no_utf_16():
    assert decode(b"A=1\nB=secret\0\n").encoding == "utf-8"
    assert decode("plain English\n".encode("utf-16-le")).encoding == "utf-16-le"


def test_statements_labelled_with_jamo_are_korean():
    table = '문항,보기,①,②,정답\n옳은 것은?,ㄱ. 하나 ㄴ. 둘 ㄷ. 셋,"ㄱ, ㄴ","ㄱ, ㄴ, ㄷ",1\n'
    assert decode((table * 3).encode("cp949")) == DecodedText(table * 3, "cp949")


def test_euc_kr_is_part_of_cp949():
    assert decode(KOREAN.encode("euc-kr")).text == KOREAN


@pytest.mark.parametrize(
    "data",
    [
        "Café à Paris, où ça ? Noël naïf.".encode("cp1252"),
        "Ärzte, Äpfel, Ästhetik, Ähre, Änderung".encode("cp1252"),  # valid CP949
        CHINESE.encode("gb18030"),
        CHINESE.encode("big5", "ignore"),
        JAPANESE.encode("cp932"),
        JAPANESE.encode("euc-jp"),
        "Столица России - Москва.".encode("cp1251"),
        "밥".encode("cp949"),  # too little to tell
        KOREAN.encode("utf-8") + b"\xff",  # UTF-8 with an error
        b"\xff\xfeabc",  # UTF-16 with half a character
    ],
)
def test_what_cannot_be_told_is_never_guessed(data):
    with pytest.raises(UndecodableError):
        decode(data)


def test_the_error_names_line_and_byte():
    with pytest.raises(UndecodableError) as caught:
        decode("a\nb\nCafé !".encode("cp1252"))
    assert (caught.value.line, "0xe9" in caught.value.reason) == (3, True)


@given(st.text())
def test_utf_8_is_never_read_as_anything_else(text):
    found = decode(text.replace("\0", "").encode("utf-8"))
    assert found.text == text.replace("\0", "").removeprefix("\ufeff")
    assert found.encoding in ("utf-8", "utf-8-sig")


@given(st.binary())
def test_any_bytes_are_a_text_or_an_error(data):
    try:
        decode(data)
    except UndecodableError:
        assert not is_utf8([data])


def test_what_is_said_is_believed_and_strict():
    assert decode("Café".encode("cp1252"), "cp1252").text == "Café"
    assert decode("밥".encode("cp949"), "cp949").text == "밥"
    assert decode("밥".encode("utf-8-sig"), "utf-8").text == "밥"
    with pytest.raises(UndecodableError, match="is not CP949 text"):
        decode("뷁 é".encode(), "cp949")
    with pytest.raises(LookupError):
        decode(b"a", "cp494949")


def test_a_character_may_lie_across_chunks():
    data = "한글".encode()
    assert is_utf8([data[:1], data[1:4], data[4:]])
    assert not is_utf8([data[:4]])
    assert not is_utf8([b"a\0b"])


def test_small_files_of_settings_are_read_and_said(tmp_path, caplog):
    file = tmp_path / "c.yaml"
    file.write_bytes(KOREAN.encode("cp949"))
    assert read_text(file) == KOREAN
    assert f"{file} is not UTF-8; it is read as CP949" in caplog.text
    caplog.clear()
    file.write_bytes(KOREAN.encode("utf-8-sig"))
    assert (read_text(file), caplog.text) == (KOREAN, "")
