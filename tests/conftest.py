"""What every test may use."""

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client, TransactionTestCase

from agents.models import Agent
from tests.agents.mail.delivered import Delivered, use_the_outbox
from tests.harness.emptying import empty_what_was_written
from tests.harness.posting import post_as_browsers_do
from tests.roles import Cast, make_cast
from tests.runtime import Runtime


def pytest_configure() -> None:
    """Trade what makes production safe, and is not tested here, for speed."""
    TransactionTestCase._fixture_teardown = empty_what_was_written  # type: ignore[attr-defined]
    Client.post = post_as_browsers_do  # type: ignore[assignment,method-assign]
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True, scope="session")
def _mail_goes_into_the_outbox(django_test_environment: None) -> None:
    use_the_outbox()


def pytest_runtest_call() -> None:
    mail.outbox = Delivered()  # Django puts a plain list there before each test


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def agent(cast: Cast) -> Agent:
    return cast.agent


@pytest.fixture
def runtime(agent: Agent) -> Runtime:
    """A chat runtime of the cast's agent, over HTTP."""
    return Runtime.of(agent)
