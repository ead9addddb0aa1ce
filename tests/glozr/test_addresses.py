"""How an address is written, and which can be taken for one another."""

import pytest

from glozr.addresses import key_of, normalised, problem_of_address
from glozr.text import EMAIL_LENGTH

DOTLESS = "m\N{LATIN SMALL LETTER DOTLESS I}ke@example.com"
DOTTED = "M\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}KE@example.com"
KELVIN = "mi\N{KELVIN SIGN}e@example.com"
LONG_S = "bos\N{LATIN SMALL LETTER LONG S}@example.com"
FULL_WIDTH = "mike@\N{FULLWIDTH LATIN SMALL LETTER E}xample.com"
SHARP_S = "mike@stra\N{LATIN SMALL LETTER SHARP S}e.example"
FINAL_SIGMA = "mike@\N{GREEK SMALL LETTER OMEGA}\N{GREEK SMALL LETTER FINAL SIGMA}.example"
TAKEN_FOR = {
    DOTLESS: "mike@example.com",
    DOTTED: "mike@example.com",
    KELVIN: "mike@example.com",
    LONG_S: "boss@example.com",
    FULL_WIDTH: "mike@example.com",
    SHARP_S: "mike@strasse.example",
}
CYRILLIC = "mike@p\N{CYRILLIC SMALL LETTER A}ypal.example"


@pytest.mark.parametrize("address", TAKEN_FOR)
def test_a_look_alike_is_refused_and_has_the_key_of_what_it_looks_like(address: str) -> None:
    problem = problem_of_address(address)
    assert problem
    assert problem[0] == "look_alike"
    assert "plain letters" in problem[1]
    assert key_of(address) == key_of(TAKEN_FOR[address]) == TAKEN_FOR[address]


def test_what_only_one_of_many_programs_folds_is_refused() -> None:
    assert problem_of_address(FINAL_SIGMA)


@pytest.mark.parametrize(
    "address",
    [
        "Ada@Example.com",
        " a.b+c@example.com ",
        "a@b\N{LATIN SMALL LETTER U WITH DIAERESIS}.example",
    ],
)
def test_other_addresses_are_taken(address: str) -> None:
    assert problem_of_address(address) is None
    assert key_of(address) == normalised(address)


def test_an_address_is_kept_in_one_way() -> None:
    assert normalised("  Ada@EXAMPLE.com\n") == "ada@example.com"
    assert normalised("a@B\N{LATIN CAPITAL LETTER U WITH DIAERESIS}cher.example") == (
        "a@xn--bcher-kva.example"
    )
    assert normalised(normalised(CYRILLIC)) == normalised(CYRILLIC)


def test_a_domain_of_other_letters_is_seen_to_be_one() -> None:
    assert normalised(CYRILLIC).startswith("mike@xn--")
    assert key_of(CYRILLIC) != "mike@paypal.example"


@pytest.mark.parametrize("text", ["", "@", "nobody", "a@b..c", "a@" + "x" * 80, "\x00", "@@"])
def test_what_is_no_address_is_left_to_who_knows_their_shape(text: str) -> None:
    normalised(text)
    key_of(text)
    assert problem_of_address(text) is None


def test_an_address_that_no_mail_server_takes_is_refused() -> None:
    longest = "a" * (EMAIL_LENGTH - len("@example.com")) + "@example.com"
    assert problem_of_address(longest) is None
    assert problem_of_address(f"a{longest}") == (
        "max_length",
        "An e-mail address has at most 254 characters.",
    )
