"""The keys of API tokens: what one looks like, so that scanners for secrets find it wherever it was
left, and so that what is none is refused without asking the database.

`glz_`, thirty letters and digits drawn at random (178 bits), and six that are the CRC-32 of those
thirty in base 62: the scheme of GitHub's tokens. Keys from before it have no checksum.
"""

import re
import secrets
import string
from typing import Final
from zlib import crc32

PREFIX: Final = "glz_"
RANDOM_CHARACTERS: Final = 30
CHECKSUM_CHARACTERS: Final = 6
HINT_CHARACTERS: Final = len(PREFIX) + 4

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_KEY: Final = re.compile(rf"{PREFIX}([0-9A-Za-z]{{30}})([0-9A-Za-z]{{6}})", re.ASCII)
_WITHOUT_CHECKSUM: Final = re.compile(rf"{PREFIX}(?:[0-9A-Za-z_-]{{43}}|[0-9a-f]{{40}})", re.ASCII)


def new_key() -> str:
    return _key("".join(secrets.choice(_DIGITS) for _ in range(RANDOM_CHARACTERS)))


def key_from(digest: bytes) -> str:
    """The key that always comes of `digest`, which nobody may guess."""
    number = int.from_bytes(digest, "big") % len(_DIGITS) ** RANDOM_CHARACTERS
    return _key(_in_base_62(number, RANDOM_CHARACTERS))


def is_well_formed(key: str) -> bool:
    """Whether it may be a key: one that was mistyped, cut off or made up is not."""
    match = _KEY.fullmatch(key)
    if match is not None:
        return match[2] == _checksum(match[1])
    return _WITHOUT_CHECKSUM.fullmatch(key) is not None


def _key(drawn: str) -> str:
    return f"{PREFIX}{drawn}{_checksum(drawn)}"


def _checksum(drawn: str) -> str:
    return _in_base_62(crc32(drawn.encode()), CHECKSUM_CHARACTERS)


def _in_base_62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
