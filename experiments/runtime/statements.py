"""The statements of the runtime path. `assignment` and `recording` run them and say why.

Each call of the runtime API is one of these, or two for a visitor who has no variant yet. Token,
agent and conversation are checked in the statement that acts on them, so nothing is decided on
what another server may have changed. All tables are read and written by `agent_id`.

Parameters: digest, agent, conversation, visitor, playground, decides (whether the visitor
speaks); for a message also message, role, content, sent_at; for an assignment version, lock,
assignment, experiment, variant.
"""

from typing import Final, LiteralString

# One row for a usable token; the agent's part of it is null for a token without the ability and
# for an agent of another workspace.
_GATE: LiteralString = """
gate AS MATERIALIZED (
    SELECT token.id AS token_id,
           'runtime' = ANY (token.abilities) AS able,
           token.last_used_at IS NULL
               OR token.last_used_at < now() - interval '1 minute' AS unnoted,
           agent.id AS agent_id,
           agent.config_version
      FROM api_tokens token
      LEFT JOIN agents agent
             ON agent.id = %(agent)s
            AND agent.workspace_id = token.workspace_id
            AND 'runtime' = ANY (token.abilities)
     WHERE token.digest = %(digest)s AND token.revoked_at IS NULL
)"""

_KNOWN: LiteralString = """
known AS MATERIALIZED (
    SELECT conversation.visitor_id = %(visitor)s::text AS own,
           conversation.playground,
           conversation.decided_at IS NOT NULL AS decided,
           conversation.variant_id
      FROM gate
      JOIN conversations conversation
        ON conversation.agent_id = gate.agent_id AND conversation.id = %(conversation)s
)"""

# What has to be written: nothing, a conversation that is merely opened, or a decision. It is
# `open` while only bucketing can tell the variant.
_DECISION: LiteralString = """
decision AS MATERIALIZED (
    SELECT gate.agent_id,
           known.own IS NULL AS is_new,
           %(decides)s AND NOT coalesce(known.playground, %(playground)s)
               AND NOT coalesce(known.decided, false) AS is_due,
           (SELECT assignment.variant_id
              FROM experiment_assignments assignment
              JOIN experiments experiment
                ON experiment.id = assignment.experiment_id AND experiment.status = 'running'
             WHERE assignment.agent_id = gate.agent_id
               AND assignment.visitor_id = %(visitor)s::text
               AND %(decides)s AND NOT coalesce(known.decided OR known.playground, false)
             ORDER BY experiment.started_at DESC, experiment.id DESC
             LIMIT 1) AS held_variant,
           EXISTS (SELECT FROM experiments experiment
                    WHERE experiment.agent_id = gate.agent_id
                      AND experiment.status = 'running') AS has_active
      FROM gate
      LEFT JOIN known ON true
     WHERE gate.agent_id IS NOT NULL AND coalesce(known.own, true)
)"""


def _stamped(unless: LiteralString) -> LiteralString:
    return f"""
stamped AS (
    INSERT INTO conversations AS conversation
           (id, agent_id, visitor_id, playground, variant_id, decided_at)
    SELECT %(conversation)s, agent_id, %(visitor)s::text, %(playground)s,
           CASE WHEN is_due THEN held_variant END,
           CASE WHEN is_due THEN now() END
      FROM decision
     WHERE (is_new OR is_due) AND NOT (is_due AND held_variant IS NULL AND has_active)
       AND NOT {unless}
        ON CONFLICT (id) DO UPDATE
       SET variant_id = excluded.variant_id, decided_at = excluded.decided_at
     WHERE conversation.agent_id = excluded.agent_id
       AND conversation.visitor_id = excluded.visitor_id
       AND conversation.decided_at IS NULL
       AND NOT conversation.playground
       AND excluded.decided_at IS NOT NULL
 RETURNING variant_id
)"""


# A first message of a visitor without a variant. The conversation is claimed before the
# assignment is written, so that a call which is refused the conversation leaves nothing behind.
# The row lock makes the statement see a stop, start or delete that commits while it waits; the
# advisory lock lets such a change through ahead of further visitors (`editing.changing`).
_ASSIGNED: LiteralString = """
current AS MATERIALIZED (
    SELECT agent.id AS agent_id
      FROM agents agent
     WHERE agent.id = %(agent)s
       AND agent.config_version = %(version)s
       AND pg_try_advisory_xact_lock_shared(%(lock)s)
       FOR SHARE
), stamped AS (
    INSERT INTO conversations AS conversation
           (id, agent_id, visitor_id, playground, variant_id, decided_at)
    SELECT %(conversation)s, agent_id, %(visitor)s::text, false, %(variant)s, now()
      FROM current
        ON CONFLICT (id) DO UPDATE
       SET variant_id = excluded.variant_id, decided_at = excluded.decided_at
     WHERE conversation.agent_id = excluded.agent_id
       AND conversation.visitor_id = excluded.visitor_id
       AND conversation.decided_at IS NULL
       AND NOT conversation.playground
 RETURNING agent_id, variant_id
), assigned AS (
    INSERT INTO experiment_assignments AS assignment
           (id, agent_id, experiment_id, variant_id, visitor_id)
    SELECT %(assignment)s, agent_id, %(experiment)s, variant_id, %(visitor)s::text
      FROM stamped
        ON CONFLICT (experiment_id, visitor_id) DO UPDATE
       SET visitor_id = excluded.visitor_id  -- changes nothing, returns the row that won
 RETURNING variant_id, id = %(assignment)s AS is_new
)"""

_NEW_MESSAGE: LiteralString = """
    INSERT INTO messages (id, agent_id, conversation_id, role, content, sent_at)
    SELECT %(message)s, agent_id, %(conversation)s, %(role)s, %(content)s,
           coalesce(%(sent_at)s::timestamptz, now())
      FROM"""

_EARLIER: LiteralString = """
earlier AS MATERIALIZED (
    SELECT message.conversation_id = %(conversation)s AS same,
           message.role, message.content, message.sent_at
      FROM gate
      JOIN messages message ON message.agent_id = gate.agent_id AND message.id = %(message)s
)"""

_SAID: LiteralString = f"""
said AS ({_NEW_MESSAGE} decision
     WHERE ((NOT is_new AND NOT is_due) OR EXISTS (SELECT FROM stamped))
       AND NOT EXISTS (SELECT FROM earlier)
        ON CONFLICT (id) DO NOTHING
 RETURNING sent_at
)"""

RESOLVE: Final[LiteralString] = f"""
WITH {_GATE}, {_KNOWN}, {_DECISION}, {_stamped(unless="false")},
pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, variant_id, %(visitor)s::text FROM stamped WHERE variant_id IS NOT NULL
)
SELECT gate.token_id, gate.able, gate.unnoted, gate.agent_id, gate.config_version,
       known.own, known.playground, known.decided, known.variant_id,
       EXISTS (SELECT FROM stamped) AS stamped,
       decision.held_variant
  FROM gate LEFT JOIN known ON true LEFT JOIN decision ON true"""

# A message in a conversation that is still open is pending too, without a variant: the one that
# another connection may be stamping at this moment can't be seen from here.
RESOLVE_AND_RECORD: Final[LiteralString] = f"""
WITH {_GATE}, {_KNOWN}, {_DECISION}, {_EARLIER},
{_stamped(unless="EXISTS (SELECT FROM earlier WHERE NOT same)")}, {_SAID},
pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, variant_id, %(visitor)s::text
      FROM (SELECT variant_id FROM stamped WHERE variant_id IS NOT NULL
             UNION ALL
            SELECT known.variant_id FROM known, said
             WHERE NOT known.playground AND (known.variant_id IS NOT NULL OR NOT known.decided)
           ) touched
)
SELECT gate.token_id, gate.able, gate.unnoted, gate.agent_id, gate.config_version,
       known.own, known.playground, known.decided, known.variant_id,
       EXISTS (SELECT FROM stamped) AS stamped,
       decision.held_variant,
       said.sent_at,
       earlier.same, earlier.role, earlier.content, earlier.sent_at
  FROM gate LEFT JOIN known ON true LEFT JOIN decision ON true
  LEFT JOIN said ON true LEFT JOIN earlier ON true"""

_PENDING_ASSIGNMENT: LiteralString = """
pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, variant_id, %(visitor)s::text FROM assigned
)"""

ASSIGN: Final[LiteralString] = f"""
WITH {_ASSIGNED}, {_PENDING_ASSIGNMENT}
SELECT variant_id, is_new FROM assigned"""

ASSIGN_AND_RECORD: Final[LiteralString] = f"""
WITH {_ASSIGNED}, {_PENDING_ASSIGNMENT}, said AS ({_NEW_MESSAGE} stamped
        ON CONFLICT (id) DO NOTHING
 RETURNING sent_at
)
SELECT assigned.variant_id, assigned.is_new, said.sent_at
  FROM assigned LEFT JOIN said ON true"""

WAIT_FOR_CHANGES: Final[LiteralString] = "SELECT pg_advisory_xact_lock_shared(%(lock)s)"

AUTHORISE: Final[LiteralString] = f"""
WITH {_GATE} SELECT token_id, able, unnoted, agent_id, config_version FROM gate"""

RECORD_LEAD: Final[LiteralString] = f"""
WITH {_GATE}, {_KNOWN}, kept AS (
    INSERT INTO leads AS lead
           (id, agent_id, visitor_id, conversation_id, email, name, phone, company)
    SELECT %(lead)s, gate.agent_id, %(visitor)s::text, %(conversation)s, %(email)s,
           coalesce(%(name)s, ''), coalesce(%(phone)s, ''), coalesce(%(company)s, '')
      FROM gate LEFT JOIN known ON true
     WHERE gate.agent_id IS NOT NULL
       AND (%(conversation)s::uuid IS NULL OR known.own)
        ON CONFLICT (agent_id, lower(email)) DO UPDATE
       SET name = coalesce(%(name)s, lead.name),
           phone = coalesce(%(phone)s, lead.phone),
           company = coalesce(%(company)s, lead.company),
           updated_at = now()
 RETURNING id, visitor_id, conversation_id, email, name, phone, company, status, created_at
), pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, NULL, %(visitor)s::text FROM kept WHERE kept.id = %(lead)s
)
SELECT gate.token_id, gate.able, gate.unnoted, gate.agent_id, gate.config_version, known.own,
       kept.id, kept.visitor_id, kept.conversation_id, kept.email, kept.name, kept.phone,
       kept.company, kept.status, kept.created_at
  FROM gate LEFT JOIN known ON true LEFT JOIN kept ON true"""
