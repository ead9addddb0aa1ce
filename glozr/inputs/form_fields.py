"""Form fields that pages and admin share."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from glozr.text import CONTROL_CHARACTERS, LINE_BREAKS, has_control_characters, problem_of_line


class LineField(forms.CharField):
    """One line of text."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if problem := problem_of_line(value):
            code, detail = problem
            raise ValidationError(detail, code=code)


class MultilineField(forms.CharField):
    """Text of several lines; browsers send CRLF for what is one line break."""

    widget = forms.Textarea

    def to_python(self, value: object) -> str | None:
        text = super().to_python(value)
        return text and text.replace("\r\n", "\n")

    def validate(self, value: str) -> None:
        super().validate(value)
        if has_control_characters(value, allowed=LINE_BREAKS + "\t"):
            raise ValidationError(CONTROL_CHARACTERS, code="control_characters")


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
