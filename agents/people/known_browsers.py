"""Browsers that have signed in before: a signed, long-lived cookie names the accounts, hashed.

It lets nobody in. It only says that an attempt is not counted with those of strangers.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.utils.crypto import salted_hmac

from agents.models import User
from glozr.ids import new_id

KEPT_FOR = timedelta(days=400)
"""As long as browsers keep a cookie at most."""
ACCOUNTS_OF_A_BROWSER = 8
SALT = "glozr.known_browser"


@dataclass(frozen=True, slots=True)
class Browser:
    id: str
    accounts: tuple[str, ...]

    def knows(self, user: User) -> bool:
        return _hashed_id(user) in self.accounts

    def with_account(self, user: User) -> "Browser":
        """The account used last comes first, and only so many are kept."""
        others = (account for account in self.accounts if account != _hashed_id(user))
        return Browser(self.id, (_hashed_id(user), *others)[:ACCOUNTS_OF_A_BROWSER])

    def signed(self) -> str:
        return signing.dumps([self.id, *self.accounts], salt=SALT, compress=True)


def new_browser() -> Browser:
    return Browser(new_id().hex, ())


def browser_of(cookie: str | None) -> Browser | None:
    """The browser that a cookie of ours names."""
    if not cookie:
        return None
    try:
        browser_id, *accounts = signing.loads(cookie, salt=SALT, max_age=KEPT_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Browser(browser_id, tuple(accounts))


def _hashed_id(user: User) -> str:
    return salted_hmac(SALT, str(user.pk), algorithm="sha256").hexdigest()[:32]
