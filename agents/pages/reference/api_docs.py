"""The API's description, on a page for people who write programs."""

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from agents.models import Ability
from agents.pages.reference.api_reference import Field, Schema, Section, fields_of, sections_of
from agents.pages.reference.markdown import markdown_of


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    sections, errors = _described(request)
    context = {"sections": sections, "error": errors, "abilities": Ability.choices}
    return render(request, "agents/reference/api_reference.html", context)


@login_not_required
@require_safe
def api_markdown(request: HttpRequest) -> HttpResponse:
    """The same as Markdown."""
    sections, errors = _described(request)
    text = markdown_of(sections, errors, [(value, str(label)) for value, label in Ability.choices])
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@login_not_required
@require_safe
def llms_txt(request: HttpRequest) -> HttpResponse:
    """Where assistants find what (https://llmstxt.org)."""
    context = {"site": request.build_absolute_uri("/").rstrip("/")}
    template = "agents/reference/llms.txt"
    return render(request, template, context, content_type="text/plain; charset=utf-8")


def _described(request: HttpRequest) -> tuple[list[Section], list[Field]]:
    """Every call of the API, and the fields of an error."""
    schema = published_schema()
    origin = request.build_absolute_uri("/").rstrip("/")
    errors = fields_of(schema["components"]["schemas"]["Error"], schema)
    return sections_of(schema, origin=origin), list(errors)


@cache
def published_schema() -> Schema:
    """What `/api/schema/` serves; it takes longer to make than to show."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: Schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema
