"""Where an agent's persona comes from (`agents.agents.dependents`)."""

from agents.agents.dependents import PersonaSource
from agents.agents.revisions import revision_of, words_at
from agents.models import Agent
from experiments.models import Conclusion


def source_of(agent: Agent) -> PersonaSource | None:
    """The variant that was put into use last, as long as the persona is still as it was then."""
    in_use = Conclusion.objects.in_use().of_undeleted().filter(agent=agent)
    latest_first = in_use.order_by("-revision_after", "-concluded_at", "-id")
    found = latest_first.select_related("experiment", "variant").first()
    if found is None or found.revision_after is None:
        return None
    if words_at(agent.pk, found.revision_after).persona != agent.persona:
        return None
    words = f"{found.variant} of {found.experiment}"
    since = revision_of(agent, found.revision_after).created_at
    return PersonaSource(words, found.experiment.get_absolute_url(), since)
