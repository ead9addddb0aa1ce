"""The data that the runtime API is measured on: agents, running experiments, visitors.

Ids follow from numbers, so that a load generator can name any row without asking.
"""

from dataclasses import dataclass

import psycopg

AGENT_ID = "'a0000000-0000-4000-8000-' || lpad(to_hex({agent}), 12, '0')"
CONVERSATION_ID = (
    "lpad(to_hex({agent}), 8, '0') || '-0000-4000-8000-' || lpad(to_hex({visitor}), 12, '0')"
)
EXPERIMENT_ID = "'e0000000-0000-4000-8000-' || lpad(to_hex({agent}), 12, '0')"
VARIANT_ID = "'f000000' || {position} || '-0000-4000-8000-' || lpad(to_hex({agent}), 12, '0')"


@dataclass(frozen=True, slots=True)
class Size:
    agents: int = 1_000
    experiments: int = 200
    """How many of the agents run one experiment of two equal variants."""
    assignments: int = 1_000_000

    @property
    def visitors(self) -> int:
        """Assigned visitors of each experiment, each with one conversation."""
        return self.assignments // self.experiments


def fill(dsn: str, workspace: str, size: Size) -> None:
    """Write the data set in one transaction; variants are those that bucketing gives."""
    agent = f"({AGENT_ID.format(agent='agent')})::uuid"
    experiment = f"({EXPERIMENT_ID.format(agent='agent')})::uuid"
    conversation = f"({CONVERSATION_ID.format(agent='agent', visitor='visitor')})::uuid"
    position = (
        f"CASE WHEN get_byte(sha256(({EXPERIMENT_ID.format(agent='agent')}"
        " || ':v-' || visitor)::bytea), 0) < 128 THEN 0 ELSE 1 END"
    )
    variant = f"({VARIANT_ID.format(agent='agent', position=f'({position})')})::uuid"
    steps = (
        f"""INSERT INTO agents (id, workspace_id, name, persona, system_prompt, config_version,
                                created_at)
            SELECT {agent}, '{workspace}', 'Agent ' || agent,
                   '{{"name": "Max", "tone": "polite and thorough"}}',
                   repeat('You help visitors to find a trip. ', 10), 1, now()
              FROM generate_series(1, {size.agents}) agent""",
        f"""INSERT INTO experiments (id, agent_id, name, hypothesis, kind, status, started_at,
                                     created_at, version)
            SELECT {experiment}, {agent}, 'Aria or Max', '', 'persona', 'running', now(), now(), 1
              FROM generate_series(1, {size.experiments}) agent""",
        f"""INSERT INTO variants (id, experiment_id, position, name, weight, config)
            SELECT ({VARIANT_ID.format(agent="agent", position="position")})::uuid, {experiment},
                   position, 'variant ' || position, 50,
                   '{{"persona": {{"name": "Aria", "tone": "warm and concise"}}}}'
              FROM generate_series(1, {size.experiments}) agent, generate_series(0, 1) position""",
        f"""INSERT INTO conversations (id, agent_id, visitor_id, variant_id, decided_at,
                                       playground)
            SELECT {conversation}, {agent}, 'v-' || visitor, {variant}, now(), false
              FROM generate_series(1, {size.experiments}) agent,
                   generate_series(1, {size.visitors}) visitor""",
        f"""INSERT INTO experiment_assignments (id, agent_id, experiment_id, variant_id,
                                                visitor_id)
            SELECT uuidv7(), {agent}, {experiment}, {variant}, 'v-' || visitor
              FROM generate_series(1, {size.experiments}) agent,
                   generate_series(1, {size.visitors}) visitor""",
    )
    with psycopg.connect(dsn) as connection:
        connection.execute("SET statement_timeout = 0")
        for step in steps:
            connection.execute(step.encode())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
