"""Forms of the Django admin that write through the services, so that it is no side door.

A service decides when the row is saved. What it refuses is shown by rendering the same form
once more with the refusal at the fields it names.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.actions import delete_selected
from django.db import transaction
from django.db.models import Model
from django.forms.models import construct_instance
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from agents.admin.scope import ScopedAdmin
from glozr.errors import DomainError, FieldError, Invalid, ProofNeeded

if TYPE_CHECKING:  # Django's own class takes no type parameter at run time
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class FormRequest(HttpRequest):
    """The request of a form, with what the service said when it was first saved."""

    refusal: DomainError | None = None


def refusal_of(request: HttpRequest) -> DomainError | None:
    return cast(FormRequest, request).__dict__.get("refusal")


def errors_of(refusal: DomainError | None) -> tuple[FieldError, ...]:
    if refusal is None:
        return ()
    if isinstance(refusal, Invalid):
        return refusal.errors
    return (FieldError("", refusal.code, refusal.detail),)


class ServiceForm(ModelForm):
    """Checks shapes alone and leaves the product's rules to the service."""

    refusal: ClassVar[DomainError | None] = None
    shown_elsewhere: ClassVar[str | None] = None
    """The field whose errors an inline shows."""

    def _post_clean(self) -> None:
        # Without the model's own checks: the service makes them.
        construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)

    def clean(self) -> dict[str, Any]:
        for error in errors_of(self.refusal):
            field = error.field.partition(".")[0]
            if field != self.shown_elsewhere:
                self.add_error(field if field in self.fields else None, error.detail)
        return self.cleaned_data


class ServiceAdmin(ScopedAdmin):
    """Saves through `create` and `edit`, which call a service each."""

    form = ServiceForm

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def edit(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> None:
        raise NotImplementedError

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = refusal_of(request)  # type: ignore[attr-defined]
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ProofNeeded:
            raise
        except DomainError as refusal:
            cast(FormRequest, request).refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            self.edit(request, obj, form.cleaned_data)
        else:
            become(obj, self.create(request, form.cleaned_data))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        with self.told(request):
            return super().delete_view(request, object_id, extra_context)
        return HttpResponseRedirect("../change/")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list and its actions. Of several rows all are deleted, or none and it is said why."""
        if request.POST.get("action") != delete_selected.__name__:
            return super().changelist_view(request, extra_context)
        with self.told(request), transaction.atomic():
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(request.get_full_path())

    @contextmanager
    def told(self, request: HttpRequest) -> Iterator[None]:
        """Tell the person what a service refuses, and go on."""
        try:
            yield
        except ProofNeeded:
            raise
        except DomainError as refusal:
            sentences = dict.fromkeys(error.detail for error in errors_of(refusal))
            self.message_user(request, " ".join(sentences), messages.ERROR)

    def for_each(
        self,
        request: HttpRequest,
        rows: Any,
        step: Callable[[Any], object],
        done: str,
    ) -> None:
        """Take `step` on each row that the person may change, and tell what came of it."""
        for row in rows:
            if not self.has_change_permission(request, row):
                self.message_user(request, f"{row}: your role doesn't allow this.", messages.ERROR)
                continue
            with self.told(request):
                step(row)
                self.message_user(request, f"{row}: {done}.", messages.SUCCESS)


def become(obj: Model, stored: Model) -> None:
    """Make `obj`, which Django's admin goes on with, the row that the service stored."""
    obj.pk = stored.pk
    obj._state.adding = False
    obj.refresh_from_db()
