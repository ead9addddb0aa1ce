-- On purpose not the fold's SQL, nor any part of it: grouped joins over whole tables.
ours AS (SELECT id FROM variants WHERE experiment_id = %(experiment)s),
assigned AS MATERIALIZED (
    SELECT mine.*,
           least(mine.assigned_at + experiment.window_days * interval '86400 seconds',
                 min(mine.assigned_at) OVER (
                     PARTITION BY mine.visitor_id ORDER BY mine.assigned_at
                     RANGE BETWEEN '1 microsecond' FOLLOWING AND UNBOUNDED FOLLOWING)) AS until
      FROM experiment_assignments mine
      JOIN experiments experiment ON experiment.id = mine.experiment_id
     WHERE mine.agent_id = %(agent)s
       AND mine.visitor_id IN (SELECT visitor_id FROM experiment_assignments
                                WHERE experiment_id = %(experiment)s)
), counted AS (
    SELECT * FROM assigned WHERE experiment_id = %(experiment)s
), stamped AS (
    SELECT counted.id AS assignment_id, counted.until, conversations.id, conversations.started_at
      FROM conversations
      JOIN counted ON counted.variant_id = conversations.variant_id
                  AND counted.visitor_id = conversations.visitor_id
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
    SELECT agent_id, visitor_id, id AS lead_id, conversation_id, created_at AS left_at FROM leads
     UNION ALL
    SELECT agent_id, visitor_id, lead_id, conversation_id, left_at FROM lead_repeats
), contact AS (
    SELECT DISTINCT counted.id AS assignment_id, left_details.lead_id,
           counted.until + interval '1440 minutes' AS at
      FROM counted
      JOIN left_details ON left_details.agent_id = counted.agent_id
                       AND left_details.visitor_id = counted.visitor_id
                       AND left_at + interval '5 seconds' >= counted.assigned_at
                       AND left_at < counted.until
      LEFT JOIN conversations ON conversations.id = left_details.conversation_id
     WHERE left_details.conversation_id IS NULL
        OR conversations.variant_id = counted.variant_id
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
           coalesce(contacted.won, false) AS won
      FROM counted
      LEFT JOIN talked ON talked.assignment_id = counted.id
      LEFT JOIN wrote ON wrote.assignment_id = counted.id
      LEFT JOIN hundred_and_first beyond ON beyond.assignment_id = counted.id
      LEFT JOIN sat ON sat.assignment_id = counted.id
      LEFT JOIN called ON called.assignment_id = counted.id
      LEFT JOIN contacted ON contacted.assignment_id = counted.id
     WHERE counted.id NOT IN (SELECT id FROM waiting)
), plain AS (
    SELECT variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z') AS slot,
           $sums
      FROM per_visitor GROUP BY 1, 2
)
