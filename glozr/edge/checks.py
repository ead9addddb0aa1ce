"""What `manage.py check --deploy` says of settings that are for trying Glozr out, not for serving
people. Those of the demo's data are in `experiments.demo.checks`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004

from glozr.edge.security_txt import contact_of

GOES_NOWHERE = ("console", "dummy", "filebased", "locmem")


@register(Tags.security, deploy=True)
def check_demo_is_off(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    return [
        Warning(
            "The demo is on: its buttons sign anybody in as an Owner, and no mail is sent.",
            hint="Unset GLOZR_DEMO, or set it to 0.",
            id="glozr.W001",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts_are_named(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Warning(
            "Any host name is answered, so a stranger's may stand in the links that are mailed.",
            hint="Set GLOZR_ALLOWED_HOSTS to the names of the site, such as glozr.example.",
            id="glozr.W002",
        )
    ]


@register(Tags.security, deploy=True)
def check_mail_goes_out(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not any(f".backends.{one}." in settings.MAIL_DELIVERY_BACKEND for one in GOES_NOWHERE):
        return []
    return [
        Warning(
            "No mail leaves this machine: invitations and password resets reach nobody, and the "
            "secrets of their links may be written to a console or a file.",
            hint="Set GLOZR_EMAIL_URL, as in smtp+tls://user:password@host:587.",
            id="glozr.W003",
        )
    ]


@register(Tags.security, deploy=True)
def check_security_contact(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not settings.SECURITY_CONTACT or contact_of(settings.SECURITY_CONTACT):
        return []
    return [
        Warning(
            "GLOZR_SECURITY_CONTACT is no address and no link, so there is no security.txt.",
            hint="Set it as in security@glozr.example or https://glozr.example/security.",
            id="glozr.W005",
        )
    ]
