"""Columns of types that Django has no field for."""

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models

if TYPE_CHECKING:  # Django's own class takes no type parameter at run time
    TextColumn = models.CharField[Any, Any]
else:
    TextColumn = models.CharField


def validate_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError:
        raise ValidationError(
            f"{text} is no network. Write an address, or a network such as 203.0.113.0/24 or "
            "2001:db8::/32 whose last digits are 0.",
            code="invalid",
        ) from None


class CidrField(TextColumn):
    """A network of IPv4 or IPv6, as text here and as `cidr` in the database."""

    default_validators = [validate_network]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 43)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else str(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The text, which the database reads; psycopg would send it as another type."""
        return None if value is None else ip_network(value)
