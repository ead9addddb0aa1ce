"""A notice as a mail, which says how to have no more of them: with one click, as mail programs
offer it (RFC 8058), or by the link at its end."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from agents.mail import outbox
from agents.mail.words import quoted, without_links
from agents.models import User
from experiments.models import Notice
from experiments.notices.preferences import mail_off_link
from experiments.notices.words import title_of

PURPOSE = "notice"


def letter_of(notice: Notice, to: User) -> EmailMessage:
    """For the outbox. The notice comes with its experiment, agent and workspace."""
    workspace = notice.workspace
    experiment = notice.experiment
    title = title_of(notice, name=quoted(experiment.name, otherwise="An experiment"))
    off = settings.SITE_URL + reverse("notice_mail_off", args=[mail_off_link(to, workspace)])
    body = render_to_string(
        "experiments/notices/mail.txt",
        {
            "title": title,
            "text": _without_links(notice),
            "agent": quoted(experiment.agent.name, otherwise="an agent"),
            "workspace": quoted(workspace.name, otherwise="a workspace of yours"),
            "url": address_of(notice),
            "off": off,
        },
    )
    message = EmailMessage(
        title,
        body,
        to=[to.email],
        headers={
            "List-Unsubscribe": f"<{off}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    label = outbox.Label(PURPOSE, workspace=workspace, about=notice.pk)
    return outbox.labelled(message, label)


def _without_links(notice: Notice) -> str:
    """What it says; of addresses only that of who has done it."""
    who = f"{notice.actor.email} " if notice.actor else ""
    if who and notice.text.startswith(who):
        return who + without_links(notice.text.removeprefix(who))
    return without_links(notice.text)


def address_of(notice: Notice) -> str:
    """Where one reads on: the experiment, or the notices where it has been deleted."""
    experiment = notice.experiment
    if experiment.is_deleted:
        path = reverse("notice_list", args=[notice.workspace_id])
    else:
        path = experiment.get_absolute_url()
    return f"{settings.SITE_URL}{path}"
