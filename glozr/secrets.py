"""Secrets: how they are kept, and the key of an installation that was given none."""

import hashlib
import secrets
from pathlib import Path


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
