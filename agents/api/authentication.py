"""`Authorization: Bearer <token>`: read for the whole API, checked for the management API."""

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from agents.models import ApiToken
from agents.roles import TokenCaller
from agents.workspaces import tokens
from agents.workspaces.tokens import Credentials
from glozr.edge import proof
from glozr.edge.client_address import client_address
from glozr.errors import NotSignedIn
from glozr.rates.limits import CALLS_OF_ADDRESS, CALLS_OF_TOKEN, count_address, count_request


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[TokenCaller, ApiToken] | None:
        if "HTTP_AUTHORIZATION" not in request.META:
            return None
        token = tokens.authenticate(credentials_in(request))
        return TokenCaller(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def demand_proof(request: Request) -> None:
    """Of a person's session; a token is a proof of its own.

    Raises:
        ProofNeeded: the person's last proof is older than 10 minutes.
    """
    if not isinstance(request.user, TokenCaller):
        proof.require(request._request)


def credentials_in(request: Request | HttpRequest) -> Credentials:
    """What the call shows; it is still to be checked. The call is counted.

    Raises:
        NotSignedIn: no Authorization header, one of another scheme, or what can't be a key.
        TooSoon: too many calls with this key, or from this address.
    """
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn
    credentials = tokens.credentials_of(key.strip(), client_address(request.META))
    count_address(CALLS_OF_ADDRESS, credentials.address)
    count_request(CALLS_OF_TOKEN, credentials.digest)
    return credentials


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
