-- One line for each of `experiments.sums.Sums`, in its order, over rows of one visitor each.
count(*) AS visitors,
           count(*) FILTER (WHERE leads > 0) AS converted,
           sum(leads) AS leads,
           sum(conversations) AS conversations,
           sum(conversations::bigint * conversations) AS conversations_squared,
           sum(messages) AS messages,
           sum(messages::bigint * messages) AS messages_squared,
           sum(seconds) AS seconds,
           sum(seconds * seconds) AS seconds_squared,
           sum(seconds * conversations) AS seconds_conversations
