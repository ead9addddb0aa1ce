"""The application on the database of one test process, for servers that a test starts."""

import os

from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["GLOZR_TEST_DATABASE"]
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
settings.WHITENOISE_USE_FINDERS = True

from glozr.wsgi import application  # noqa: E402, needs the settings

__all__ = ["application"]
