"""`Authorization: Bearer <token>` for the management API."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from agents.models import ApiToken
from agents.roles import TokenCaller
from agents.workspaces.tokens import TOUCH_AFTER, touch, usable_token
from glozr.edge import proof
from glozr.errors import NotSignedIn


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[TokenCaller, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        token = usable_token(bearer_key(header))
        if token is None:
            raise NotSignedIn
        if token.last_used_at is None or timezone.now() - token.last_used_at > TOUCH_AFTER:
            touch(token.pk)
        return TokenCaller(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def demand_proof(request: Request) -> None:
    """Of a person's session; a token is a proof of its own.

    Raises:
        ProofNeeded: the person's last proof is older than 10 minutes.
    """
    if not isinstance(request.user, TokenCaller):
        proof.demand(request._request)


def bearer_key(header: str) -> str:
    """The key in an Authorization header.

    Raises:
        NotSignedIn: the header is of another scheme or holds no key.
    """
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise NotSignedIn
    return key.strip()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
