"""Secrets: how they are kept, and the key of an installation that was given none."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal, of a secret that was drawn at random and so needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def secret_key(data_dir: Path) -> str:
    """The key kept in `data_dir`, made at the first call.

    Every process of an installation reads the same file, and only its owner can. Set
    GLOZR_SECRET_KEY where several machines serve one installation.
    """
    path = data_dir / "secret-key"
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secret-key.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(64))
    try:
        # A link fails where the name exists, so of several first processes one wins.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


def sealed(text: str, *, purpose: str) -> str:
    """`text`, to be stored: encrypted and signed with a key that follows from the installation's,
    so that a copy of the database alone does not tell it."""
    return _cipher(purpose).encrypt(text.encode()).decode()


def opened(stored: str, *, purpose: str) -> str:
    """
    Raises:
        ValueError: it was sealed with another key, or is damaged.
    """
    from cryptography.fernet import InvalidToken

    try:
        return _cipher(purpose).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise ValueError("what was sealed can't be opened with this key") from None


def _cipher(purpose: str) -> "MultiFernet":
    """The keys before this one, which Django's setting names, open too."""
    from cryptography.fernet import Fernet, MultiFernet
    from django.conf import settings
    from django.utils.crypto import salted_hmac

    return MultiFernet(
        [
            Fernet(
                urlsafe_b64encode(
                    salted_hmac(purpose, "seal", secret=key, algorithm="sha256").digest()
                )
            )
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )
