"""Pure: e-mail addresses and telephone numbers taken out of what a visitor wrote.

Rather too much than too little: a long number of an order is masked as well.
"""

import re

EMAIL, PHONE = "[e-mail address]", "[telephone number]"
_EMAIL = re.compile(
    r"[^\s@\uff20<>()\[\],;:\"]{1,64}\s?[@\uff20]\s?[^\s@\uff20<>()\[\],;:\"]{1,253}"
)
_NUMBER = re.compile(r"[+(]{0,2}\d(?:[\s().\-/\u2010-\u2015\u00a0]{0,3}\d){6,19}")


def masked(text: str) -> str:
    """Every e-mail address, and every number of seven digits or more however it is divided."""
    return _NUMBER.sub(PHONE, _EMAIL.sub(EMAIL, text))
