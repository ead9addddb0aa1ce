-- Of each variant the newest prompts, and how many of its conversations got them: those decided at
-- the revision, and those that it has reached since. Every count ends at a bound and is read by an
-- index of its own.
WITH noted AS (
    SELECT variant_id, revision, array_agg(digest::text ORDER BY noted_at, digest) AS digests,
           row_number() OVER (PARTITION BY variant_id ORDER BY revision DESC) AS place
      FROM variant_prompts
     WHERE agent_id = %(agent)s AND variant_id = ANY (%(variants)s::uuid[])
     GROUP BY variant_id, revision
), told AS MATERIALIZED (
    SELECT noted.variant_id, noted.revision, noted.digests,
           (SELECT count(*)
              FROM (SELECT FROM conversations decided
                     WHERE decided.agent_id = %(agent)s
                       AND decided.variant_id = noted.variant_id
                       AND decided.revision = noted.revision
                     LIMIT %(most)s) found)
           + (SELECT count(*)
                FROM (SELECT FROM conversations reached
                       WHERE reached.agent_id = %(agent)s
                         AND reached.variant_id = noted.variant_id
                         AND noted.revision = ANY (reached.reached_by)
                         AND reached.reached_by IS NOT NULL
                         AND urgent.number IS NOT NULL  -- no other revision has reached any
                       LIMIT %(most)s) found) AS conversations
      FROM noted
      LEFT JOIN agent_revisions urgent
             ON urgent.agent_id = %(agent)s
            AND urgent.number = noted.revision
            AND urgent.reaches_back
     WHERE place <= %(prompts)s
     UNION ALL
    -- A release that noted no revision decided these.
    SELECT arm.id, NULL, '{}',
           (SELECT count(*)
              FROM (SELECT FROM conversations decided
                     WHERE decided.agent_id = %(agent)s
                       AND decided.variant_id = arm.id
                       AND decided.revision IS NULL
                     LIMIT %(most)s) found)
      FROM unnest(%(variants)s::uuid[]) arm (id)
)
SELECT variant_id, revision, digests, least(conversations, %(most)s) AS conversations
  FROM told
 WHERE conversations > 0
 ORDER BY variant_id, revision DESC NULLS LAST
