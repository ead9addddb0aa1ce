"""The admin of experiments as a browser uses it."""

import json
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from agents.models import User
from experiments.models import Experiment, Variant

LIST = "/admin/experiments/experiment/"


def signed_in(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(user)
    return client


def change(experiment: Experiment) -> str:
    return reverse("admin:experiments_experiment_change", args=[experiment.pk])


def rows(*variants: dict[str, Any], stored: tuple[Variant, ...] = ()) -> dict[str, Any]:
    form: dict[str, Any] = {
        "variants-TOTAL_FORMS": len(variants),
        "variants-INITIAL_FORMS": len(stored),
    }
    for index, variant in enumerate(variants):
        form |= {f"variants-{index}-{field}": value for field, value in variant.items()}
    for index, row in enumerate(stored):
        form |= {f"variants-{index}-id": row.pk, f"variants-{index}-experiment": row.experiment_id}
    return form


def arm(name: str, weight: object = 50, **more: Any) -> dict[str, Any]:
    config = json.dumps({"persona": {"name": name}})
    return {"name": name, "weight": weight, "config": config, **more}


def filled(experiment: Experiment, **changes: Any) -> dict[str, Any]:
    """The form of `experiment` as a browser would send it back."""
    stored = tuple(experiment.variants.all())
    variants = [arm(row.name, row.weight, position=row.position) for row in stored]
    return {
        "name": experiment.name,
        "hypothesis": experiment.hypothesis,
        "kind": experiment.kind,
        "seen_version": experiment.version,
        **rows(*variants, stored=stored),
        **changes,
    }


def errors(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    found = dict(response.context["adminform"].form.errors)
    (formset,) = [inline.formset for inline in response.context["inline_admin_formsets"]]
    for index, form in enumerate(formset.forms):
        found |= {f"variants.{index}.{field}": told for field, told in form.errors.items()}
    if formset.non_form_errors():
        found["variants"] = formset.non_form_errors()
    return found


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def act(client: Client, action: str, *experiments: Experiment, **more: str) -> Any:
    selected = [str(experiment.pk) for experiment in experiments]
    return client.post(LIST, {"action": action, "_selected_action": selected, **more})


def stored(experiment: Experiment) -> Experiment:
    return Experiment.with_tombstones.get(pk=experiment.pk)
