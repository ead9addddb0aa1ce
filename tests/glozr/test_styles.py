"""The stylesheet is in parts: each is linked by every page, also by those that need no manifest."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.template.loader import render_to_string

CSS = configured.BASE_DIR / "static" / "css"
ADMINS_OWN = "admin"


def linked(html: str) -> list[str]:
    return re.findall(r'<link rel="stylesheet" href="/static/css/(\w+)\.css">', html)


def test_every_part_is_linked_once() -> None:
    parts = linked(render_to_string("includes/styles.html"))
    assert sorted([*parts, ADMINS_OWN]) == sorted(path.stem for path in CSS.iterdir())


def test_a_page_that_says_no_has_the_same_parts_without_a_manifest(
    settings: Any, tmp_path: Path
) -> None:
    parts = linked(render_to_string("includes/styles.html"))
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        render_to_string("includes/styles.html")
    assert linked(render_to_string("500.html")) == parts
