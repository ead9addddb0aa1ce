"""What visitors wrote goes elsewhere without their addresses and numbers, and runs in no time."""

import time

import pytest

from experiments.tryout.masking import EMAIL, PHONE, masked


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Mail ada.love+x@example.co.uk, please", f"Mail {EMAIL}, please"),
        ("ada@exämple.com or BOB@EXAMPLE.COM", f"{EMAIL} or {EMAIL}"),
        ("<ada@example.com>", f"<{EMAIL}>"),
        ("ada @ example.com", EMAIL),
        ("ada\uff20example.com", EMAIL),
        ("Call +41 79 123 45 67 today", f"Call {PHONE} today"),
        ("(044) 123-45-67", PHONE),
        ("0044.20.7946.0958 or 079/123 45 67", f"{PHONE} or {PHONE}"),
        ("+1 (555) 010\u20139999", PHONE),
        ("٠٧٩١٢٣٤٥٦٧", PHONE),
        ("I need 3 of size 42, for 199.90", "I need 3 of size 42, for 199.90"),
        ("Is it open 24/7?", "Is it open 24/7?"),
        ("@you and me", "@you and me"),
    ],
)  # fmt: skip
def test_addresses_and_numbers_are_masked_and_nothing_else(written: str, left: str) -> None:
    assert masked(written) == left


@pytest.mark.parametrize("text", ["1 " * 16_000, "a" * 32_000, "a@" * 16_000, "+(" * 16_000])
def test_no_text_takes_long(text: str) -> None:
    began = time.monotonic()
    masked(text)
    assert time.monotonic() - began < 1
