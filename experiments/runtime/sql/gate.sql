-- One row for a usable token; the agent's part of it is null for a token without the ability, for
-- one used from elsewhere than it may be, and for an agent of another workspace or not of its own.
gate AS MATERIALIZED (
    SELECT token.id AS token_id,
           $is_near AS near,
           'runtime' = ANY (token.abilities) AS able,
           token.last_used_at IS NULL
               OR token.last_used_at < now() - interval '1 minute' AS unnoted,
           agent.id AS agent_id,
           agent.config_version AS version,
           agent.revision,
           agent.urgent_revision
      FROM api_tokens token
      LEFT JOIN agents agent
             ON agent.id = %(agent)s
            AND agent.workspace_id = token.workspace_id
            AND 'runtime' = ANY (token.abilities)
            AND (token.agent_ids IS NULL OR agent.id = ANY (token.agent_ids))
            AND $is_near
     WHERE $usable_token
)
