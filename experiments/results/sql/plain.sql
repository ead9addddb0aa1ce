-- On purpose not the fold's SQL, nor any part of it: grouped joins over whole tables.
ours AS (SELECT id FROM variants WHERE experiment_id = %(experiment)s),
named AS (
    SELECT assignment.*,
           coalesce((SELECT into_id FROM visitor_merges
                      WHERE visitor_merges.agent_id = assignment.agent_id
                        AND visitor_merges.visitor_id = assignment.visitor_id),
                    assignment.visitor_id) AS person
      FROM experiment_assignments assignment
     WHERE assignment.agent_id = %(agent)s
), first_of_person AS (
    SELECT DISTINCT ON (person, experiment_id) named.*, experiment.window_days
      FROM named JOIN experiments experiment ON experiment.id = named.experiment_id
     ORDER BY person, experiment_id, assigned_at, named.id
), spanned AS MATERIALIZED (
    SELECT first_of_person.*,
           least(assigned_at + window_days * interval '86400 seconds',
                 min(assigned_at) OVER (
                     PARTITION BY person ORDER BY assigned_at
                     RANGE BETWEEN '1 microsecond' FOLLOWING AND UNBOUNDED FOLLOWING)) AS until
      FROM first_of_person
), names AS (
    SELECT person AS name, person FROM spanned WHERE experiment_id = %(experiment)s
     UNION
    SELECT visitor_id, into_id FROM visitor_merges WHERE agent_id = %(agent)s
), addresses AS (
    SELECT visitor_id, email FROM leads WHERE agent_id = %(agent)s
     UNION
    SELECT lead_repeats.visitor_id, leads.email
      FROM lead_repeats JOIN leads ON leads.id = lead_repeats.lead_id
     WHERE leads.agent_id = %(agent)s
), rules AS (
    SELECT rule.kind, rule.value
      FROM left_out_rules rule
      JOIN agents ON agents.workspace_id = rule.workspace_id AND agents.id = %(agent)s
), team AS MATERIALIZED (
    SELECT names.person FROM names JOIN rules
        ON rules.kind = 'visitor' AND rules.value = names.name
     UNION
    SELECT names.person FROM names JOIN rules
        ON rules.kind = 'beginning' AND left(names.name, length(rules.value)) = rules.value
     UNION
    SELECT names.person
      FROM names
      JOIN addresses ON addresses.visitor_id = names.name
      JOIN rules ON rules.kind = 'domain' AND split_part(addresses.email, '@', 2) = rules.value
), variants_of AS (
    SELECT DISTINCT person, variant_id FROM named WHERE experiment_id = %(experiment)s
), marked AS MATERIALIZED (
    SELECT spanned.id AS assignment_id,
           CASE WHEN 'bot' = ANY (array_agg(conversations.client_kind)) THEN 'bot'
                ELSE 'assistant' END AS client_kind
      FROM conversations
      JOIN names ON names.name = conversations.visitor_id
      JOIN variants_of ON variants_of.person = names.person
                      AND variants_of.variant_id = conversations.variant_id
      JOIN spanned ON spanned.person = names.person
                  AND spanned.experiment_id = %(experiment)s
     WHERE conversations.agent_id = %(agent)s
       AND conversations.client_kind IN ('bot', 'assistant')
       AND conversations.started_at < spanned.until
     GROUP BY spanned.id
), bots AS MATERIALIZED (
    SELECT assignment_id FROM marked
     WHERE client_kind = 'bot' AND EXISTS (SELECT FROM rules WHERE kind = 'bots')
), counted AS (
    SELECT spanned.* FROM spanned
     WHERE experiment_id = %(experiment)s AND NOT is_settled
       AND person NOT IN (SELECT person FROM team)
       AND id NOT IN (SELECT assignment_id FROM bots)
), stamped AS (
    SELECT counted.id AS assignment_id, counted.until, conversations.id, conversations.started_at
      FROM conversations
      JOIN names ON names.name = conversations.visitor_id
      JOIN variants_of ON variants_of.person = names.person
                      AND variants_of.variant_id = conversations.variant_id
      JOIN counted ON counted.person = names.person
     WHERE conversations.agent_id = %(agent)s
), said AS (
    SELECT stamped.assignment_id, messages.*,
           row_number() OVER (PARTITION BY stamped.assignment_id, messages.role = 'visitor'
                                  ORDER BY sent_at, received_at, messages.id) AS nth
      FROM stamped
      JOIN messages ON messages.agent_id = %(agent)s
                   AND messages.conversation_id = stamped.id
     WHERE messages.sent_at < stamped.until
       AND messages.received_at <= stamped.until + interval '1440 minutes'
), hundred_and_first AS (
    SELECT assignment_id, sent_at, received_at, id
      FROM said WHERE role = 'visitor' AND nth = 101
), measured AS (
    SELECT said.*
      FROM said
      LEFT JOIN hundred_and_first beyond USING (assignment_id)
     WHERE beyond.id IS NULL
        OR (said.sent_at, said.received_at, said.id)
            < (beyond.sent_at, beyond.received_at, beyond.id)
), gaps AS (
    SELECT *, sent_at - lag(sent_at) OVER in_order AS silence
      FROM measured
    WINDOW in_order AS (PARTITION BY assignment_id, conversation_id
                            ORDER BY sent_at, received_at, id)
), stretched AS (
    SELECT *, sum(CASE WHEN silence < interval '1800 seconds' THEN 0 ELSE 1 END) OVER (
                  PARTITION BY assignment_id, conversation_id
                      ORDER BY sent_at, received_at, id) AS stretch
      FROM gaps
), session AS (
    SELECT assignment_id,
           extract(epoch FROM max(sent_at) - min(CASE role WHEN 'visitor' THEN sent_at END))
               AS seconds
      FROM stretched
     GROUP BY assignment_id, conversation_id, stretch
    HAVING 'visitor' = ANY (array_agg(role))
), sat AS (
    SELECT assignment_id, count(*) AS sessions, sum(seconds) AS seconds
      FROM session GROUP BY assignment_id
), wrote AS (
    SELECT assignment_id, count(*) AS messages
      FROM measured WHERE role = 'visitor' GROUP BY assignment_id
), talked AS (
    SELECT assignment_id, count(*) AS conversations
      FROM stamped WHERE started_at < until GROUP BY assignment_id
), called AS (
    SELECT DISTINCT assignment_id FROM said WHERE role = 'human_agent'
), left_details AS (
    SELECT visitor_id, id AS lead_id, conversation_id, created_at AS left_at
      FROM leads WHERE agent_id = %(agent)s
     UNION ALL
    SELECT visitor_id, lead_id, conversation_id, left_at
      FROM lead_repeats WHERE agent_id = %(agent)s
), contact AS (
    SELECT DISTINCT counted.id AS assignment_id, left_details.lead_id,
           counted.until + interval '1440 minutes' AS at
      FROM left_details
      JOIN names ON names.name = left_details.visitor_id
      JOIN counted ON counted.person = names.person
                  AND left_at + interval '5 seconds' >= counted.assigned_at
                  AND left_at < counted.until
      LEFT JOIN conversations ON conversations.id = left_details.conversation_id
      LEFT JOIN variants_of ON variants_of.person = counted.person
                           AND variants_of.variant_id = conversations.variant_id
     WHERE left_details.conversation_id IS NULL OR variants_of.person IS NOT NULL
), step AS (
    SELECT contact.assignment_id, contact.lead_id, change.was, change.became,
           change.changed_at <= contact.at AS is_past,
           row_number() OVER (PARTITION BY contact.assignment_id, contact.lead_id,
                                           change.changed_at <= contact.at
                                  ORDER BY change.changed_at DESC, change.id DESC) AS latest,
           row_number() OVER (PARTITION BY contact.assignment_id, contact.lead_id
                                  ORDER BY change.changed_at, change.id) AS first
      FROM contact JOIN lead_status_changes change USING (lead_id)
), reached AS (
    SELECT contact.assignment_id,
           coalesce(past.became, before.was, leads.status) AS status
      FROM contact
      JOIN leads ON leads.id = contact.lead_id
      LEFT JOIN step past ON past.assignment_id = contact.assignment_id
                         AND past.lead_id = contact.lead_id AND past.is_past AND past.latest = 1
      LEFT JOIN step before ON before.assignment_id = contact.assignment_id
                           AND before.lead_id = contact.lead_id AND before.first = 1
), contacted AS (
    SELECT assignment_id, count(*) AS leads,
           bool_or(status NOT IN ('new', 'lost')) AS qualified,
           bool_or(status = 'won') AS won
      FROM reached GROUP BY assignment_id
), known_by AS (
    SELECT person, count(*) AS names FROM names GROUP BY person
), seen AS (
    SELECT person, count(*) AS variants FROM variants_of GROUP BY person
), per_visitor AS (
    SELECT counted.variant_id, counted.assigned_at,
           coalesce(talked.conversations, 0) AS conversations,
           coalesce(wrote.messages, 0)::bigint AS messages,
           beyond.id IS NOT NULL AS is_capped,
           coalesce(sat.sessions, 0) AS sessions,
           coalesce(sat.seconds, 0) AS seconds,
           called.assignment_id IS NOT NULL AS handed_over,
           coalesce(contacted.leads, 0) AS leads,
           coalesce(contacted.qualified, false) AS qualified,
           coalesce(contacted.won, false) AS won,
           known_by.names > 1 AS is_merged,
           seen.variants > 1 AS is_crossed,
           '' AS left_out,
           coalesce(marked.client_kind, '') AS client_kind
      FROM counted
      JOIN known_by USING (person)
      JOIN seen USING (person)
      LEFT JOIN talked ON talked.assignment_id = counted.id
      LEFT JOIN wrote ON wrote.assignment_id = counted.id
      LEFT JOIN hundred_and_first beyond ON beyond.assignment_id = counted.id
      LEFT JOIN sat ON sat.assignment_id = counted.id
      LEFT JOIN called ON called.assignment_id = counted.id
      LEFT JOIN contacted ON contacted.assignment_id = counted.id
      LEFT JOIN marked ON marked.assignment_id = counted.id
     WHERE counted.id NOT IN (SELECT id FROM waiting)
     UNION ALL
    -- Whoever is left out does no more than count as such.
    SELECT variant_id, assigned_at, 0, 0, false, 0, 0, false, 0, false, false, false, false,
           CASE WHEN person IN (SELECT person FROM team) THEN 'team' ELSE 'bot' END, ''
      FROM spanned
     WHERE experiment_id = %(experiment)s AND NOT is_settled
       AND (person IN (SELECT person FROM team) OR id IN (SELECT assignment_id FROM bots))
       AND id NOT IN (SELECT id FROM waiting)
     UNION ALL
    -- Of what was erased there is nothing left but its sums.
    SELECT variant_id, assigned_at, conversations, messages, is_capped, sessions, seconds,
           handed_over, leads, qualified, won, is_merged, is_crossed, left_out, client_kind
      FROM experiment_assignments
     WHERE experiment_id = %(experiment)s AND agent_id = %(agent)s AND is_settled
       AND left_out <> 'merged' AND counted
       AND id NOT IN (SELECT id FROM waiting)
), plain AS (
    SELECT variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z') AS slot,
           $sums
      FROM per_visitor GROUP BY 1, 2
)
