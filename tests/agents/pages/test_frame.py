"""What views have in common."""

from agents.pages import frame
from agents.pages.forms import TokenForm
from glozr.errors import FieldError, Invalid


def test_errors_without_a_field_stand_above_the_form() -> None:
    form = TokenForm({"name": "Chat", "abilities": ["runtime"]}, agents=[])
    assert form.is_valid()
    frame.add_errors(
        form,
        Invalid([FieldError("name", "taken", "Taken."), FieldError("other", "odd", "Odd.")]),
    )
    assert dict(form.errors) == {"name": ["Taken."], "__all__": ["Odd."]}
