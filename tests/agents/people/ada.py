"""Ada, who has an account and would rather have another address, in her browsers."""

from http import HTTPStatus
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD

OLD, NEW = "ada@example.com", "ada@example.net"
OTHERWISE = "seven otters dance"


def sign_in(email: str, password: str = PASSWORD) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("agent_list")).status_code == HTTPStatus.OK


def ask(client: Client, email: str = NEW, password: str = PASSWORD) -> Any:
    """Ask for another address on the page, which asks for the password first."""
    answer = client.post(reverse("account_email"), {"email": email, "action_add": ""})
    if "reauthenticate" in answer["Location"]:
        answer = client.post(answer["Location"], {"password": password})
    return answer
