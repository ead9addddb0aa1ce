CREATE OR REPLACE FUNCTION fold_pending_counts(of_agent uuid, at_most integer) RETURNS integer
LANGUAGE plpgsql
-- Plans depend on how much is pending: one for all would scan whole tables for a single visitor.
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    folded integer;
    own_visitors text[];
    own_beginnings text[];
    own_domains text[];
    no_bots boolean;
BEGIN
    IF NOT EXISTS (SELECT FROM pending_counts WHERE agent_id = of_agent) THEN
        RETURN 0;
    END IF;
    -- In a statement of its own, so that the next one sees what was folded before this was free.
    IF NOT lock_fold(of_agent, false) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(value::text) FILTER (WHERE kind = 'visitor'),
           array_agg(value::text) FILTER (WHERE kind = 'beginning'),
           array_agg(value::text) FILTER (WHERE kind = 'domain'),
           coalesce(bool_or(kind = 'bots'), false)
      INTO own_visitors, own_beginnings, own_domains, no_bots
      FROM left_out_rules rule
      JOIN agents agent ON agent.id = of_agent AND agent.workspace_id = rule.workspace_id;
    WITH taken AS (
        DELETE FROM pending_counts
         WHERE id IN (SELECT id FROM pending_counts WHERE agent_id = of_agent
                       ORDER BY id LIMIT at_most)
     RETURNING variant_id, visitor_id
    ), changed AS (
        -- A visitor by the id that others were merged into, and the variants that may have changed.
        SELECT coalesce(merge.into_id, taken.visitor_id) AS person,
               bool_or(taken.variant_id IS NULL) AS is_whole,
               array_agg(taken.variant_id) AS changed_variants
          FROM taken
          LEFT JOIN visitor_merges merge
                 ON merge.agent_id = of_agent AND merge.visitor_id = taken.visitor_id
         GROUP BY 1
    ), known AS (
        SELECT changed.*,
               array_prepend(person::text, ARRAY(
                   SELECT merge.visitor_id::text FROM visitor_merges merge
                    WHERE merge.agent_id = of_agent AND merge.into_id = changed.person)) AS ids
          FROM changed
    ), judged AS (
        -- What there is of rules was read before: nothing is asked where there is none.
        SELECT known.*,
               coalesce(ids && own_visitors, false)
               OR EXISTS (SELECT FROM unnest(own_beginnings) beginning, unnest(ids) id
                           WHERE starts_with(id, beginning))
               OR (own_domains IS NOT NULL
                   AND (EXISTS (SELECT FROM leads lead
                                 WHERE lead.agent_id = of_agent AND lead.visitor_id = ANY (ids)
                                   AND split_part(lead.email, '@', 2) = ANY (own_domains))
                        OR EXISTS (SELECT FROM lead_repeats again
                                     JOIN leads lead ON lead.id = again.lead_id
                                    WHERE again.agent_id = of_agent AND lead.agent_id = of_agent
                                      AND again.visitor_id = ANY (ids)
                                      AND split_part(lead.email, '@', 2)
                                          = ANY (own_domains)))) AS is_team
          FROM known
    ), assigned AS (
        SELECT assignment.*, judged.person, judged.ids, judged.is_team, judged.is_whole,
               judged.changed_variants,
               assignment.assigned_at + make_interval(hours => 24 * experiment.window_days)
                   AS window_ends_at,
               row_number() OVER (PARTITION BY judged.person, assignment.experiment_id
                                      ORDER BY assignment.assigned_at, assignment.id) AS nth,
               array_agg(assignment.variant_id) OVER (
                   PARTITION BY judged.person, assignment.experiment_id) AS seen_variants
          FROM judged
         CROSS JOIN unnest(judged.ids) known_as
          JOIN experiment_assignments assignment
                 ON assignment.agent_id = of_agent AND assignment.visitor_id = known_as
          JOIN experiments experiment ON experiment.id = assignment.experiment_id
    ), spanned AS (
        -- The earliest assignment of a visitor in an experiment holds, with its span: to the end of
        -- the window, or to the visitor's next assignment.
        SELECT assigned.*,
               least(window_ends_at,
                     min(assigned_at) FILTER (WHERE nth = 1) OVER (
                         PARTITION BY person ORDER BY assigned_at
                         RANGE BETWEEN interval '1 microsecond' FOLLOWING
                                   AND UNBOUNDED FOLLOWING)) AS ends_at
          FROM assigned
    ), subject AS MATERIALIZED (
        -- What was received by `closed_at` counts. A visitor of whose conversations a bot began
        -- one is a bot; few are marked, and those by an index of their own.
        SELECT spanned.*, ends_at + interval '24 hours' AS closed_at,
               CASE WHEN nth > 1 THEN 'merged'
                    WHEN is_team THEN 'team'
                    WHEN no_bots AND began.is_bot THEN 'bot'
                    ELSE '' END AS new_left_out,
               CASE WHEN began.is_bot THEN 'bot' WHEN began.is_marked THEN 'assistant' ELSE '' END
                   AS kind_of_client
          FROM spanned
         CROSS JOIN LATERAL (
               SELECT coalesce(bool_or(marked.client_kind = 'bot'), false) AS is_bot,
                      count(*) > 0 AS is_marked
                 FROM conversations marked
                WHERE marked.agent_id = of_agent
                  AND marked.visitor_id = ANY (spanned.ids)
                  AND NOT marked.client_kind = ''
                  AND marked.variant_id = ANY (spanned.seen_variants)
                  AND marked.started_at < spanned.ends_at
              ) began
         WHERE NOT is_settled
           -- Of merged ids, what changed under one variant may count under another.
           AND (is_whole OR variant_id = ANY (changed_variants) OR cardinality(ids) > 1)
    ), fresh AS MATERIALIZED (
        SELECT subject.*,
               new_left_out = '' AND cardinality(ids) > 1 AS new_is_merged,
               new_left_out = '' AND variant_id <> ANY (seen_variants) AS new_is_crossed,
               CASE WHEN new_left_out = '' THEN kind_of_client ELSE '' END AS new_client_kind,
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
                                          AND conversation.visitor_id = ANY (subject.ids)
                                          AND conversation.variant_id
                                              = ANY (subject.seen_variants)
                                          AND subject.new_left_out = ''
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
                                WHERE agent_id = of_agent AND visitor_id = ANY (subject.ids)
                                UNION ALL
                               SELECT lead_id, conversation_id, left_at
                                 FROM lead_repeats
                                WHERE agent_id = of_agent AND visitor_id = ANY (subject.ids)
                              ) entry
                         LEFT JOIN conversations conversation
                                ON conversation.agent_id = of_agent
                               AND conversation.id = entry.conversation_id
                        WHERE entry.left_at >= subject.assigned_at - interval '5 seconds'
                          AND entry.left_at < subject.ends_at
                          AND (entry.conversation_id IS NULL
                               OR conversation.variant_id = ANY (subject.seen_variants))
                          AND subject.new_left_out = ''
                      ) left_details
              ) contact
    ), stored AS (
        UPDATE experiment_assignments assignment
           SET conversations = new_conversations, messages = new_messages,
               is_capped = new_is_capped, handed_over = new_handed_over,
               sessions = new_sessions, seconds = new_seconds, leads = new_leads,
               qualified = new_qualified, won = new_won, is_merged = new_is_merged,
               is_crossed = new_is_crossed, left_out = new_left_out,
               client_kind = new_client_kind, counted = true
          FROM fresh
         WHERE assignment.id = fresh.id
    ), added AS (
        INSERT INTO variant_totals AS total
               (agent_id, variant_id, assigned_from, last_assigned_at, visitors, converted,
                qualified, won, handovers, leads, conversations, messages, messages_squared,
                capped, sessions, sessions_squared, seconds, seconds_squared, seconds_sessions,
                left_out, bots_left_out, bots, assistants, merged, crossed)
        SELECT of_agent, variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'),
               max(assigned_at),
               sum((new_left_out = '')::int - (counted AND left_out = '')::int),
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
               sum(new_seconds * new_sessions - seconds * sessions),
               sum((new_left_out = 'team')::int - (counted AND left_out = 'team')::int),
               sum((new_left_out = 'bot')::int - (counted AND left_out = 'bot')::int),
               sum((new_client_kind = 'bot')::int - (client_kind = 'bot')::int),
               sum((new_client_kind = 'assistant')::int - (client_kind = 'assistant')::int),
               sum(new_is_merged::int - is_merged::int),
               sum(new_is_crossed::int - is_crossed::int)
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
               seconds_sessions = total.seconds_sessions + excluded.seconds_sessions,
               left_out = total.left_out + excluded.left_out,
               bots_left_out = total.bots_left_out + excluded.bots_left_out,
               bots = total.bots + excluded.bots,
               assistants = total.assistants + excluded.assistants,
               merged = total.merged + excluded.merged,
               crossed = total.crossed + excluded.crossed
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END
$$
