CREATE OR REPLACE FUNCTION fold_pending_counts(of_agent uuid, at_most integer) RETURNS integer
LANGUAGE plpgsql
-- Plans depend on how much is pending: one for all would scan whole tables for a single visitor.
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    folded integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pending_counts WHERE agent_id = of_agent) THEN
        RETURN 0;
    END IF;
    -- In a statement of its own, so that the next one sees what was folded before this was free.
    IF NOT lock_fold(of_agent, false) THEN
        RETURN NULL;
    END IF;
    WITH taken AS (
        DELETE FROM pending_counts
         WHERE id IN (SELECT id FROM pending_counts WHERE agent_id = of_agent
                       ORDER BY id LIMIT at_most)
     RETURNING variant_id, visitor_id
    ), subject AS MATERIALIZED (
        SELECT assignment.id, assignment.variant_id, assignment.visitor_id, assignment.assigned_at,
               assignment.counted, assignment.conversations, assignment.messages,
               assignment.seconds, assignment.leads
          FROM experiment_assignments assignment
         WHERE assignment.agent_id = of_agent
           AND assignment.visitor_id IN (SELECT visitor_id FROM taken)
           AND EXISTS (SELECT FROM taken
                        WHERE taken.visitor_id = assignment.visitor_id
                          AND (taken.variant_id IS NULL
                               OR taken.variant_id = assignment.variant_id))
    ), fresh AS MATERIALIZED (
        SELECT subject.*,
               talk.conversations AS new_conversations,
               talk.messages AS new_messages,
               talk.seconds AS new_seconds,
               (SELECT count(*)
                  FROM leads lead
                  LEFT JOIN conversations conversation
                         ON conversation.agent_id = lead.agent_id
                        AND conversation.id = lead.conversation_id
                 WHERE lead.agent_id = of_agent
                   AND lead.visitor_id = subject.visitor_id
                   AND lead.created_at >= subject.assigned_at
                   AND (lead.conversation_id IS NULL
                        OR conversation.variant_id = subject.variant_id)) AS new_leads
          FROM subject
         CROSS JOIN LATERAL (
               SELECT count(*) AS conversations,
                      coalesce(sum(said.messages), 0) AS messages,
                      coalesce(sum(said.seconds), 0) AS seconds
                 FROM conversations conversation
                CROSS JOIN LATERAL (
                      SELECT count(*) FILTER (WHERE message.role = 'visitor') AS messages,
                             extract(epoch FROM max(message.sent_at) - min(message.sent_at))
                                 AS seconds
                        FROM messages message
                       WHERE message.agent_id = conversation.agent_id
                         AND message.conversation_id = conversation.id) said
                WHERE conversation.agent_id = of_agent
                  AND conversation.visitor_id = subject.visitor_id
                  AND conversation.variant_id = subject.variant_id) talk
    ), stored AS (
        UPDATE experiment_assignments assignment
           SET conversations = new_conversations, messages = new_messages,
               seconds = new_seconds, leads = new_leads, counted = true
          FROM fresh
         WHERE assignment.id = fresh.id
    ), added AS (
        INSERT INTO variant_totals AS total
               (agent_id, variant_id, assigned_from, visitors, converted, leads, conversations,
                conversations_squared, messages, messages_squared, seconds, seconds_squared,
                seconds_conversations)
        SELECT of_agent, variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'),
               count(*) FILTER (WHERE NOT counted),
               sum((new_leads > 0)::int - (leads > 0)::int),
               sum(new_leads - leads),
               sum(new_conversations - conversations),
               sum(new_conversations ^ 2 - conversations::bigint ^ 2),
               sum(new_messages - messages),
               sum(new_messages ^ 2 - messages::bigint ^ 2),
               sum(new_seconds - seconds),
               sum(new_seconds * new_seconds - seconds * seconds),
               sum(new_seconds * new_conversations - seconds * conversations)
          FROM fresh
         GROUP BY variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z')
            ON CONFLICT (variant_id, assigned_from) DO UPDATE
           SET visitors = total.visitors + excluded.visitors,
               converted = total.converted + excluded.converted,
               leads = total.leads + excluded.leads,
               conversations = total.conversations + excluded.conversations,
               conversations_squared =
                   total.conversations_squared + excluded.conversations_squared,
               messages = total.messages + excluded.messages,
               messages_squared = total.messages_squared + excluded.messages_squared,
               seconds = total.seconds + excluded.seconds,
               seconds_squared = total.seconds_squared + excluded.seconds_squared,
               seconds_conversations =
                   total.seconds_conversations + excluded.seconds_conversations
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END
$$
