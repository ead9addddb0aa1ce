"""Django's validation errors in the product's own terms."""

from collections.abc import Mapping

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from glozr.errors import FieldError, Invalid


def invalid(error: ValidationError, *, field_of_code: Mapping[str, str] | None = None) -> Invalid:
    """`error` as `Invalid`.

    A constraint over several fields names no field: `field_of_code` says which field is to
    blame for the code of such a constraint.
    """
    fields = field_of_code or {}
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: [error]}
    return Invalid(
        [
            FieldError(
                field=fields.get(item.code or "", "") if field == NON_FIELD_ERRORS else field,
                code=item.code or "invalid",
                detail=" ".join(item.messages),
            )
            for field, items in by_field.items()
            for item in items
        ]
    )
