-- One row for a usable token; the agent's part of it is null for a token without the ability and
-- for an agent of another workspace.
gate AS MATERIALIZED (
    SELECT token.id AS token_id,
           'runtime' = ANY (token.abilities) AS able,
           token.last_used_at IS NULL
               OR token.last_used_at < now() - interval '1 minute' AS unnoted,
           agent.id AS agent_id,
           agent.config_version AS version
      FROM api_tokens token
      LEFT JOIN agents agent
             ON agent.id = %(agent)s
            AND agent.workspace_id = token.workspace_id
            AND 'runtime' = ANY (token.abilities)
     WHERE token.digest = %(digest)s AND token.revoked_at IS NULL
)
