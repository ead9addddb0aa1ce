"""Form fields that pages and admin share."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput


class StrictJSONField(forms.JSONField):
    """JSON in a text area, where any text at all is either read or refused."""

    default_error_messages = {"invalid": 'This is not JSON. Write an object such as {"key": 1}.'}

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)
