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
        -- An assignment with its span: to the end of the window, or to the visitor's next
        -- assignment. What was received by `closed_at` counts.
        SELECT assignment.*, span.ends_at, span.ends_at + interval '24 hours' AS closed_at
          FROM experiment_assignments assignment
          JOIN experiments experiment ON experiment.id = assignment.experiment_id
         CROSS JOIN LATERAL (
               SELECT least(assignment.assigned_at
                                + make_interval(hours => 24 * experiment.window_days),
                            min(next.assigned_at)) AS ends_at
                 FROM experiment_assignments next
                WHERE next.agent_id = of_agent
                  AND next.visitor_id = assignment.visitor_id
                  AND next.assigned_at > assignment.assigned_at) span
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
               talk.is_capped AS new_is_capped,
               talk.handed_over AS new_handed_over,
               talk.sessions AS new_sessions,
               talk.seconds AS new_seconds,
               contact.leads AS new_leads,
               contact.qualified AS new_qualified,
               contact.won AS new_won
          FROM subject
         CROSS JOIN LATERAL (
               -- A session: from a visitor's message to the last before 30 minutes of silence.
               SELECT count(DISTINCT conversation_id) FILTER (WHERE is_within) AS conversations,
                      coalesce(sum(messages), 0) AS messages,
                      coalesce(bool_or(is_capped), false) AS is_capped,
                      coalesce(bool_or(handed_over), false) AS handed_over,
                      count(began_at) AS sessions,
                      coalesce(sum(extract(epoch FROM ended_at - began_at)), 0) AS seconds
                 FROM (SELECT conversation_id, bool_or(is_within) AS is_within,
                              count(*) FILTER (WHERE counts AND role = 'visitor') AS messages,
                              bool_or(NOT counts) AS is_capped,
                              bool_or(role = 'human_agent') AS handed_over,
                              min(sent_at) FILTER (WHERE counts AND role = 'visitor') AS began_at,
                              max(sent_at) FILTER (WHERE counts) AS ended_at
                         FROM (SELECT conversation_id, is_within, role, sent_at, counts,
                                      count(*) FILTER (WHERE is_after_silence) OVER (
                                          PARTITION BY conversation_id
                                              ORDER BY sent_at, received_at, id) AS stretch
                                 FROM (SELECT conversation.id AS conversation_id,
                                              conversation.started_at < subject.ends_at
                                                  AS is_within,
                                              message.role, message.sent_at, message.received_at,
                                              message.id,
                                              -- What follows the visitor's hundredth does not.
                                              count(*) FILTER (WHERE message.role = 'visitor')
                                                  OVER (ORDER BY message.sent_at,
                                                        message.received_at, message.id)
                                                  <= 100 AS counts,
                                              message.sent_at - lag(message.sent_at) OVER (
                                                  PARTITION BY conversation.id
                                                      ORDER BY message.sent_at,
                                                        message.received_at, message.id)
                                                  >= interval '30 minutes' AS is_after_silence
                                         FROM conversations conversation
                                         LEFT JOIN messages message
                                                ON message.agent_id = of_agent
                                               AND message.conversation_id = conversation.id
                                               AND message.sent_at < subject.ends_at
                                               AND message.received_at <= subject.closed_at
                                        WHERE conversation.agent_id = of_agent
                                          AND conversation.visitor_id = subject.visitor_id
                                          AND conversation.variant_id = subject.variant_id
                                      ) said
                              ) spoken
                        GROUP BY conversation_id, stretch
                      ) stretches
              ) talk
         CROSS JOIN LATERAL (
               SELECT count(*) AS leads,
                      coalesce(bool_or(status IN ('qualified', 'contacted', 'won')), false)
                          AS qualified,
                      coalesce(bool_or(status = 'won'), false) AS won
                 FROM (SELECT DISTINCT ON (entry.lead_id) entry.lead_id,
                              -- As it stood when the span was closed.
                              coalesce(
                                  (SELECT change.became FROM lead_status_changes change
                                    WHERE change.agent_id = of_agent
                                      AND change.lead_id = entry.lead_id
                                      AND change.changed_at <= subject.closed_at
                                    ORDER BY change.changed_at DESC, change.id DESC LIMIT 1),
                                  (SELECT change.was FROM lead_status_changes change
                                    WHERE change.agent_id = of_agent
                                      AND change.lead_id = entry.lead_id
                                    ORDER BY change.changed_at, change.id LIMIT 1),
                                  (SELECT lead.status FROM leads lead
                                    WHERE lead.agent_id = of_agent AND lead.id = entry.lead_id)
                              ) AS status
                         FROM (SELECT id AS lead_id, conversation_id, created_at AS left_at
                                 FROM leads
                                WHERE agent_id = of_agent AND visitor_id = subject.visitor_id
                                UNION ALL
                               SELECT lead_id, conversation_id, left_at
                                 FROM lead_repeats
                                WHERE agent_id = of_agent AND visitor_id = subject.visitor_id
                              ) entry
                         LEFT JOIN conversations conversation
                                ON conversation.agent_id = of_agent
                               AND conversation.id = entry.conversation_id
                        WHERE entry.left_at >= subject.assigned_at - interval '5 seconds'
                          AND entry.left_at < subject.ends_at
                          AND (entry.conversation_id IS NULL
                               OR conversation.variant_id = subject.variant_id)
                      ) left_details
              ) contact
    ), stored AS (
        UPDATE experiment_assignments assignment
           SET conversations = new_conversations, messages = new_messages,
               is_capped = new_is_capped, handed_over = new_handed_over,
               sessions = new_sessions, seconds = new_seconds, leads = new_leads,
               qualified = new_qualified, won = new_won, counted = true
          FROM fresh
         WHERE assignment.id = fresh.id
    ), added AS (
        INSERT INTO variant_totals AS total
               (agent_id, variant_id, assigned_from, last_assigned_at, visitors, converted,
                qualified, won, handovers, leads, conversations, messages, messages_squared,
                capped, sessions, sessions_squared, seconds, seconds_squared, seconds_sessions)
        SELECT of_agent, variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'),
               max(assigned_at),
               count(*) FILTER (WHERE NOT counted),
               sum((new_leads > 0)::int - (leads > 0)::int),
               sum(new_qualified::int - qualified::int),
               sum(new_won::int - won::int),
               sum(new_handed_over::int - handed_over::int),
               sum(new_leads - leads),
               sum(new_conversations - conversations),
               sum(new_messages - messages),
               sum(new_messages * new_messages - messages::bigint * messages),
               sum(new_is_capped::int - is_capped::int),
               sum(new_sessions - sessions),
               sum(new_sessions * new_sessions - sessions::bigint * sessions),
               sum(new_seconds - seconds),
               sum(new_seconds * new_seconds - seconds * seconds),
               sum(new_seconds * new_sessions - seconds * sessions)
          FROM fresh
         GROUP BY variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z')
            ON CONFLICT (variant_id, assigned_from) DO UPDATE
           SET last_assigned_at = greatest(total.last_assigned_at, excluded.last_assigned_at),
               visitors = total.visitors + excluded.visitors,
               converted = total.converted + excluded.converted,
               qualified = total.qualified + excluded.qualified,
               won = total.won + excluded.won,
               handovers = total.handovers + excluded.handovers,
               leads = total.leads + excluded.leads,
               conversations = total.conversations + excluded.conversations,
               messages = total.messages + excluded.messages,
               messages_squared = total.messages_squared + excluded.messages_squared,
               capped = total.capped + excluded.capped,
               sessions = total.sessions + excluded.sessions,
               sessions_squared = total.sessions_squared + excluded.sessions_squared,
               seconds = total.seconds + excluded.seconds,
               seconds_squared = total.seconds_squared + excluded.seconds_squared,
               seconds_sessions = total.seconds_sessions + excluded.seconds_sessions
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END
$$
