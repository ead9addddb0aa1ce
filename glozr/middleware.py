"""What every request passes."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

RETRY_AFTER_SECONDS = 2
AWAY = "The service can't reach its database. Try again in a moment."
