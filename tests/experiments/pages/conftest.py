"""People at the pages of experiments."""

import pytest
from django.test import Client

from tests.roles import Cast, signed_in


@pytest.fixture
def editor(cast: Cast) -> Client:
    return signed_in(cast.editor)


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.admin)
