"""What goes over the wire: the body of a notice and the headers with it, as its webhook has them.

Standard Webhooks (https://www.standardwebhooks.com): the receiver knows by `webhook-id` a notice
that comes again, and by the signature that it comes from here. Slack takes a text and no signature.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import standardwebhooks
from django.utils.crypto import salted_hmac

from experiments.models import Notice, Webhook
from experiments.notices.letters import address_of
from experiments.notices.words import title_of
from glozr.outputs.instants import written

_SALT = "experiments.notices.webhook"


@dataclass(frozen=True, slots=True)
class Payload:
    body: bytes
    headers: Mapping[str, str]


def secret_of(webhook: Webhook) -> str:
    """The key that signs, the same for as long as the webhook's seed is; kept nowhere."""
    key = salted_hmac(_SALT, f"{webhook.pk}:{webhook.seed}", algorithm="sha256").digest()
    return f"whsec_{b64encode(key).decode()}"


def payload_of(notice: Notice, webhook: Webhook, *, now: datetime) -> Payload:
    """`now` is in UTC: the signature holds for some minutes."""
    if webhook.is_slack:
        return Payload(_json(_for_slack(notice)).encode(), {})
    text, message_id = _json(_standard(notice)), f"msg_{notice.pk.hex}"
    signer = standardwebhooks.Webhook(secret_of(webhook))
    return Payload(
        text.encode(),
        {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(message_id, now, text),
        },
    )


def _standard(notice: Notice) -> dict[str, object]:
    experiment, agent, workspace = notice.experiment, notice.experiment.agent, notice.workspace
    return {
        "type": f"experiment.{notice.kind}",
        "timestamp": written(notice.created_at),
        "data": {
            "workspace": {"id": str(workspace.pk), "name": workspace.name},
            "agent": {"id": str(agent.pk), "name": agent.name},
            "experiment": {
                "id": str(experiment.pk),
                "name": experiment.name,
                "kind": experiment.kind,
                "url": address_of(notice),
            },
            "title": title_of(notice),
            "text": notice.text,
        },
    }


def _for_slack(notice: Notice) -> dict[str, object]:
    title = title_of(notice)
    lines = (
        f"*{_escaped(title)}*",
        _escaped(notice.text),
        f"<{address_of(notice)}|Open {_escaped(notice.experiment.agent.name)} in Glozr>",
    )
    return {"text": "\n".join(lines), "unfurl_links": False}


def _escaped(text: str) -> str:
    """As Slack asks: otherwise a name might call everybody, or look like a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
