"""What a password must be like: long, and none that guessers try first.

The list is zxcvbn's: the 30,000 passwords most often found in breaches, with names and words, and
how guessers vary them (capitals, digits for letters, years, rows of keys). Django's own list of
20,000 is asked as well, but it compares whole passwords, and few of them have 12 characters. The
services that know every breached password want to be called; this must work without a network.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError

from agents import limits
from agents.models import User

LOOKED_AT = 72
"""Characters: beyond so many zxcvbn takes long, and a password is long enough."""
LEAST_SCORE = 3
"""Of 0 to 4: more than 10^8 guesses by who tries the likely first."""


class LengthValidator(MinimumLengthValidator):
    """The same for everybody, so that who gives up a second factor has a long password then."""

    def __init__(self) -> None:
        super().__init__(min_length=limits.SHORTEST_PASSWORD)


class BreachedPasswordValidator:
    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        from zxcvbn import zxcvbn  # its lists take memory, which few processes need

        about = (
            [user.email, *user.email.split("@"), user.first_name, user.last_name]
            if (isinstance(user, User))
            else []
        )
        found = zxcvbn(password[:LOOKED_AT], user_inputs=[*filter(None, about), "glozr"])
        if found["score"] < LEAST_SCORE:
            raise ValidationError(
                "This password, or what it is made of, is in lists of breached passwords or easy "
                "to guess. Several words that have nothing to do with each other are better.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return "Your password can't be one that is in lists of breached passwords."
