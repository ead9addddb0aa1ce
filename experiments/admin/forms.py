"""The form of an experiment with its variants; `experiments.configuration` holds the rules."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME

from agents.admin.services import ModelForm, ServiceForm, errors_of
from experiments import limits
from experiments.configuration import PLAIN_FIELDS
from experiments.models import Experiment, Variant
from glozr.errors import DomainError
from glozr.inputs.form_fields import StrictJSONField

if TYPE_CHECKING:  # Django's own classes take no type parameter at run time
    InlineFormSet = forms.BaseInlineFormSet[Variant, Experiment, forms.ModelForm[Variant]]
else:
    InlineFormSet = forms.BaseInlineFormSet


HAS_DEFAULT = {"window_days", "primary_metric", "design", "traffic_share"}


class ExperimentAdminForm(ServiceForm):
    shown_elsewhere = "variants"
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version
        for field in HAS_DEFAULT & self.fields.keys():
            self.fields[field].required = False

    def setup(self) -> dict[str, object]:
        """What was filled in, as `experiments.lifecycle.editing` takes it; variants apart."""
        fields = [field for field in PLAIN_FIELDS if field in self.cleaned_data]
        filled = {field: self.cleaned_data[field] for field in fields}
        left_out = {field for field in HAS_DEFAULT if filled.get(field) in (None, "")}
        return {field: value for field, value in filled.items() if field not in left_out}


class VariantAdminForm(ServiceForm):
    position = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=limits.MAX_VARIANTS * 10,
        help_text="0 is the control; a row without one comes last.",
    )
    config = StrictJSONField(required=False, initial=dict, widget=forms.Textarea({"rows": 3}))

    class Meta:
        model = Variant
        fields = ("position", "name", "weight", "config")


class VariantFormSet(InlineFormSet):
    refusal: ClassVar[DomainError | None] = None

    def rows(self) -> list[ModelForm]:
        """The rows that were filled in and not struck out, in the order that they ask for."""
        kept = [form for form in self.forms if _is_kept(form)]
        return sorted(kept, key=_asked_position)

    def setup(self) -> list[dict[str, object]]:
        """The variants as `experiments.lifecycle.editing` takes them."""
        values = [form.cleaned_data for form in self.rows()]
        return [
            {
                "name": value["name"],
                "weight": value["weight"],
                "config": {} if value["config"] is None else value["config"],
            }
            for value in values
        ]

    def clean(self) -> None:
        """Put what the service refused at the row and field that it names."""
        about_all = []
        for error in errors_of(self.refusal):
            about, _, path = error.field.partition(".")
            index, _, path = path.partition(".")
            if about != "variants":
                continue
            if not index:
                about_all.append(error.detail)
                continue
            form = self.rows()[int(index)]
            field = path.partition(".")[0]
            form.add_error(field if field in form.fields else None, error.detail)
        if about_all:
            raise ValidationError(about_all)


def _is_kept(form: ModelForm) -> bool:
    is_stored = not form.instance._state.adding
    return (is_stored or form.has_changed()) and not form.cleaned_data.get(DELETION_FIELD_NAME)


def _asked_position(form: ModelForm) -> int:
    position = form.cleaned_data.get("position")
    return limits.MAX_VARIANTS * 10 if position is None else int(position)
