"""Passwords that are short, breached or made of what guessers try are refused."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from agents import limits
from agents.models import User


@pytest.mark.parametrize(
    "password",
    [
        "k7$Qz!m2",
        "k7$Qz!m2x9w",
        "password1234",
        "Password2024!",
        "qwertyuiop12",
        "iloveyou1234",
        "1q2w3e4r5t6y",
        "aaaaaaaaaaaa",
        "123456789012",
        "ada.lovelace@example.com",
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    ada = User(email="ada.lovelace@example.com", first_name="Ada", last_name="Lovelace")
    with pytest.raises(ValidationError):
        validate_password(password, ada)


@pytest.mark.parametrize(
    "password",
    ["walrus-otter-lantern", "k7$Qz!m2x9wT", "correct horse battery", "длинный пароль чайка"],
)
def test_a_strong_password_is_taken(password: str) -> None:
    validate_password(password, User(email="ada@example.com"))


def test_a_very_long_password_takes_no_longer_to_check() -> None:
    validate_password("walrus-otter-lantern " * 12, User(email="ada@example.com"))
    assert limits.SHORTEST_PASSWORD == 12
