"""The A/B experiments tab, below /app/agents/<agent_id>/experiments/."""

from django.urls import path

from experiments.pages import browse, downloads, plan, setup, steps
from experiments.pages.outcomes import conclude, shared
from experiments.pages.results import pages as results
from experiments.pages.schedules import schedule
from experiments.pages.trying import connect, links, tryout

urlpatterns = [
    path("", browse.experiment_list, name="experiment_list"),
    path("plan/", plan.experiment_plan, name="experiment_plan"),
    path("connect/", connect.connect, name="connect"),
    path("connect/heard/", connect.connect_heard, name="connect_heard"),
    path("try/", tryout.try_agent, name="try_agent"),
    path("try/answer/", tryout.try_agent_answer, name="try_agent_answer"),
    path("new/", setup.experiment_new, name="experiment_new"),
    path("rows/", setup.variant_rows, name="variant_rows"),
    path("preview/", setup.variant_preview, name="variant_preview"),
    path("<uuid:experiment_id>/", browse.experiment, name="experiment"),
    path("<uuid:experiment_id>/edit/", setup.experiment_edit, name="experiment_edit"),
    path("<uuid:experiment_id>/start/", steps.experiment_start, name="experiment_start"),
    path("<uuid:experiment_id>/stop/", steps.experiment_stop, name="experiment_stop"),
    path(
        "<uuid:experiment_id>/schedule/", schedule.experiment_schedule, name="experiment_schedule"
    ),
    path(
        "<uuid:experiment_id>/duplicate/", steps.experiment_duplicate, name="experiment_duplicate"
    ),
    path(
        "<uuid:experiment_id>/undo-copy/", steps.experiment_undo_copy, name="experiment_undo_copy"
    ),
    path("<uuid:experiment_id>/try/", tryout.try_experiment, name="try_experiment"),
    path(
        "<uuid:experiment_id>/try/answer/",
        tryout.try_experiment_answer,
        name="try_experiment_answer",
    ),
    path("<uuid:experiment_id>/links/", links.preview_links, name="preview_links"),
    path("<uuid:experiment_id>/delete/", steps.experiment_delete, name="experiment_delete"),
    path(
        "<uuid:experiment_id>/conclude/", conclude.experiment_conclude, name="experiment_conclude"
    ),
    path(
        "<uuid:experiment_id>/put-into-use/",
        conclude.experiment_put_into_use,
        name="experiment_put_into_use",
    ),
    path("<uuid:experiment_id>/learned/", conclude.experiment_learned, name="experiment_learned"),
    path(
        "<uuid:experiment_id>/take-back/",
        conclude.experiment_take_back,
        name="experiment_take_back",
    ),
    path("<uuid:experiment_id>/share/", shared.experiment_share, name="experiment_share"),
    path(
        "<uuid:experiment_id>/share/<uuid:link_id>/revoke/",
        shared.experiment_unshare,
        name="experiment_unshare",
    ),
    path("<uuid:experiment_id>/results/", results.experiment_results, name="experiment_results"),
    path(
        "<uuid:experiment_id>/results/<slug:section>/",
        results.experiment_results_section,
        name="experiment_results_section",
    ),
    path("<uuid:experiment_id>/history/", browse.experiment_history, name="experiment_history"),
    path(
        "<uuid:experiment_id>/assignments.<file:kind>",
        downloads.assignment_file,
        name="assignment_file",
    ),
    path("<uuid:experiment_id>/results.<file:kind>", downloads.result_file, name="result_file"),
    path("<uuid:experiment_id>/results.json", downloads.figures, name="figures"),
    path(
        "<uuid:experiment_id>/history.<file:kind>",
        downloads.experiment_history_file,
        name="experiment_history_file",
    ),
    path(
        "<uuid:experiment_id>/history/<uuid:step_id>/",
        browse.experiment_step,
        name="experiment_step",
    ),
]
