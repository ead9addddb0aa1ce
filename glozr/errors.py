"""What can go wrong in the product's own terms, for pages, API and admin alike.

A service raises one of these; the edge decides how it looks (`api_errors`, the views).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One broken rule: the field that breaks it, a stable code, a sentence for a person.

    `field` is a path such as `name`, `variants` or `variants.1.config.persona.tone`.
    """

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """A request that the product refuses. `detail` says what happened and what to do."""

    code = "refused"
    detail = "That can't be done."

    def __init__(self, detail: str = "", *, code: str = "") -> None:
        self.detail = detail or self.detail
        self.code = code or self.code
        super().__init__(self.detail)


class NotSignedIn(DomainError):
    code = "not_authenticated"
    detail = "Send a valid API token: Authorization: Bearer <token>."


class Forbidden(DomainError):
    code = "permission_denied"
    detail = "Your role doesn't allow this. Ask an Owner or Admin of the workspace."


class NotFound(DomainError):
    code = "not_found"
    detail = "There is nothing here. Check the address."


class ProofNeeded(Forbidden):
    """What can't be undone is asked for, and the last proof of who asks is too old."""

    code = "proof_needed"
    detail = (
        "This can't be undone, so confirm first that it is you: sign in again in the browser, "
        "then repeat this within 10 minutes."
    )


class SecondFactorNeeded(Forbidden):
    """The workspace asks its members for a second factor, and this one has none."""

    code = "second_factor_needed"
    detail = (
        "This workspace asks its members for a second factor. Set one up under your account, "
        "then come back."
    )


class TooSoon(DomainError):
    """It may be asked again after `seconds`."""

    code = "too_soon"

    def __init__(self, detail: str, *, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(detail)


class Conflict(DomainError):
    code = "conflict"


class OutOfDate(DomainError):
    code = "out_of_date"
    detail = "Somebody changed this since you opened it. Load it again, then make your change."


class Invalid(DomainError):
    """Input that breaks rules: every one of them, each with its field."""

    code = "invalid"
    detail = "Some fields need your attention."

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__(self.errors[0].detail if len(self.errors) == 1 else "")

    def in_lines(self) -> str:
        """Every broken rule after its field, for where there is no form to show it in."""
        return "\n".join(f"{error.field}: {error.detail}".lstrip(": ") for error in self.errors)


class Unavailable(DomainError):
    code = "unavailable"
    detail = "The service can't reach its database. Try again in a moment."
