"""The keys of tokens: found by scanners, and told from what is none without the database."""

import string
from zlib import crc32

import pytest

from agents.workspaces import keys

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def test_a_key_is_its_prefix_thirty_characters_and_their_checksum() -> None:
    key = keys.new_key()
    assert key.startswith("glz_")
    drawn, checksum = key[4:34], key[34:]
    assert len(checksum) == 6
    number = 0
    for digit in checksum:
        number = number * 62 + ALPHABET.index(digit)
    assert number == crc32(drawn.encode())
    assert keys.is_well_formed(key)


def test_no_two_are_the_same() -> None:
    assert len({keys.new_key() for _ in range(1_000)}) == 1_000


def test_a_checksum_is_padded() -> None:
    low = next(
        text for text in (f"{n:030d}" for n in range(10_000)) if crc32(text.encode()) < 62**5
    )
    digits, number = "", crc32(low.encode())
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    assert keys.is_well_formed(f"glz_{low}{digits.rjust(6, '0')}")


def test_a_key_of_a_digest_is_always_the_same() -> None:
    assert keys.key_from(b"a" * 20) == keys.key_from(b"a" * 20) != keys.key_from(b"b" * 20)
    assert keys.is_well_formed(keys.key_from(b"a" * 20))
    assert keys.is_well_formed(keys.key_from(b"\xff" * 64))
    assert keys.is_well_formed(keys.key_from(b""))


@pytest.mark.parametrize(
    "old", ["glz_" + "aB3-_" * 8 + "xyz", "glz_" + "0123456789abcdef" * 2 + "01234567"]
)
def test_keys_from_before_the_checksum_go_on(old: str) -> None:
    assert keys.is_well_formed(old)


def test_a_single_character_changed_is_noticed() -> None:
    key = keys.new_key()
    for place in range(4, len(key)):
        other = "x" if key[place] != "x" else "y"
        assert not keys.is_well_formed(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize(
    "text",
    ["", "glz_", "nonsense", "glz_" + "x" * 36, "glz_" + "é" * 43, "\udfff", "glz_" + "x" * 44],
)
def test_what_is_none_is_told(text: str) -> None:
    assert not keys.is_well_formed(text)
    key = keys.new_key()
    for other in (key[:-1], key + "x", key.swapcase(), f" {key}", f"{key}\n"):
        assert not keys.is_well_formed(other)
