import time

from hypothesis import given
from hypothesis import strategies as st

from agents.agents.prompt_diff import Piece, pieces

OWN = "Your name is Max.\nYour tone: polite and thorough\n\nSell trips."


@given(st.text(), st.text())
def test_the_pieces_put_together_are_the_text(text: str, other: str) -> None:
    assert "".join(piece.text for piece in pieces(text, compared_to=other)) == text


@given(st.text())
def test_a_text_has_nothing_new_to_itself(text: str) -> None:
    assert not any(piece.is_new for piece in pieces(text, compared_to=text))


def test_only_the_words_that_differ_are_new() -> None:
    text = "Your name is Aria.\nYour tone: polite and warm\n\nSell trips."
    assert pieces(text, compared_to=OWN) == [
        Piece("Your name is ", False),
        Piece("Aria.", True),
        Piece("\nYour tone: polite and ", False),
        Piece("warm", True),
        Piece("\n\nSell trips.", False),
    ]


def test_long_texts_are_compared_in_little_time() -> None:
    began = time.monotonic()
    found = pieces("a b " * 50_000, compared_to="c a d " * 50_000)
    assert time.monotonic() - began < 2
    assert any(piece.is_new for piece in found)
