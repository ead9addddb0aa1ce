"""Before an experiment: can it ever answer, and when?"""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from agents import access
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments import limits
from experiments.learning.picture import lift_plot
from experiments.learning.planning import PLANNED_METRICS, VARIANTS, Asked, plan_of
from experiments.models import PrimaryMetric
from experiments.pages.browse import SECTION
from experiments.results import figures
from experiments.results.metrics import LEAD_CAPTURE
from experiments.results.report import DEFAULT_LIFT
from glozr.errors import FieldError, Invalid

PERCENT = 100


class PlanForm(forms.Form):
    """Shares are typed in percent."""

    use_required_attribute = False

    metric = forms.ChoiceField(
        label="What should get better",
        choices=[(key, metric.name.capitalize()) for key, metric in PLANNED_METRICS.items()],
    )
    lift = forms.FloatField(label="By how many percent at least", min_value=1, max_value=1000)
    variants = forms.TypedChoiceField(
        label="Variants", coerce=int, choices=[(number, number) for number in VARIANTS]
    )
    rate = forms.FloatField(
        label="Value today",
        required=False,
        help_text="In percent of visitors, in messages per visitor, or in seconds per session. "
        "Empty: as measured in the last eight weeks.",
    )
    weekly = forms.FloatField(
        label="Visitors a week", required=False, help_text="Empty: as measured."
    )

    def asked(self) -> Asked:
        typed = self.cleaned_data
        is_share = PrimaryMetric(typed["metric"]).is_share
        rate = typed["rate"]
        return Asked(
            metric=typed["metric"],
            lift=typed["lift"] / PERCENT,
            variants=typed["variants"],
            window_days=limits.WINDOW_DAYS,
            rate=rate / PERCENT if rate is not None and is_share else rate,
            weekly=typed["weekly"],
        )


@require_safe
def experiment_plan(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    usual = {"metric": LEAD_CAPTURE.key, "lift": f"{DEFAULT_LIFT * PERCENT:g}", "variants": 2}
    form = PlanForm({**usual, **request.GET.dict()})
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        try:
            plan = plan_of(agent, form.asked())
            context |= {"plan": plan, "picture": lift_plot(plan.drawn, figures.relative_tick)}
        except Invalid as invalid:
            metric = form.cleaned_data["metric"]
            frame.add_errors(
                form, Invalid([_in_percent(error, metric) for error in invalid.errors])
            )
    return frame.agent_page(
        request,
        agent,
        "experiments/learning/plan.html",
        context,
        section=SECTION,
        status=HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK,
    )


def _in_percent(error: FieldError, metric: str) -> FieldError:
    if error.field != "rate" or not PrimaryMetric(metric).is_share:
        return error
    return FieldError("rate", error.code, "Give 0.01 to 99 percent.")
