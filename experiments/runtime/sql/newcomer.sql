-- Whether the visitor has never been assigned here, under this id or another: then only bucketing
-- can tell the variant. Not asked of a conversation that is decided, and no more than that: who has
-- been assigned, to whatever experiment, is for `decision` to judge.
CASE WHEN gate.agent_id IS NOT NULL AND NOT coalesce(known.decided OR known.playground, false) THEN
         NOT EXISTS (SELECT FROM experiment_assignments assignment
                      WHERE assignment.agent_id = gate.agent_id
                        AND assignment.visitor_id = %(visitor)s::text)
         AND NOT EXISTS (SELECT FROM visitor_merges merge
                          WHERE merge.agent_id = gate.agent_id
                            AND %(visitor)s::text IN (merge.visitor_id, merge.into_id))
     END
