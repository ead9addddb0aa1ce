"""The API's description, on a page for people who write programs."""

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from agents.models import Ability
from agents.pages.reference.api_reference import Schema, fields_of, sections_of


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    schema = published_schema()
    context = {
        "sections": sections_of(schema, origin=request.build_absolute_uri("/").rstrip("/")),
        "error": list(fields_of(schema["components"]["schemas"]["Error"], schema)),
        "abilities": Ability.choices,
    }
    return render(request, "agents/reference/api_reference.html", context)


@cache
def published_schema() -> Schema:
    """What `/api/schema/` serves; it takes longer to make than to show."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: Schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema
