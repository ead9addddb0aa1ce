"""The limits are those of the specification; elsewhere only their names are spoken."""

from agents import limits as of_agents
from experiments import limits as of_experiments


def test_what_visitors_and_their_messages_may_be() -> None:
    assert (of_agents.VISITOR_ID, of_agents.MESSAGE) == (128, 32_000)


def test_what_a_set_up_may_be() -> None:
    assert of_experiments.EXPERIMENT_NAME == 120
    assert (of_experiments.MIN_VARIANTS, of_experiments.MAX_VARIANTS) == (2, 10)
    assert of_experiments.VARIANT_NAME == 60
    assert of_experiments.MAX_WEIGHT == 1_000_000
    assert of_experiments.PERSONA_LIMITS == {"name": 80, "tone": 500}
    assert of_experiments.MAX_CONFIG_BYTES == 16 * 1024
