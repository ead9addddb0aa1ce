-- Whether what a preview link says still holds, and whether the conversation began without one.
SELECT experiment.agent_id = %(agent)s AS own,
       experiment.preview_epoch = %(epoch)s AS valid,
       experiment.deleted_at IS NULL
           AND EXISTS (SELECT FROM variants variant
                        WHERE variant.experiment_id = experiment.id
                          AND variant.id = %(variant)s) AS there,
       EXISTS (SELECT FROM conversations conversation
                WHERE conversation.agent_id = %(agent)s
                  AND conversation.id = %(conversation)s
                  AND NOT conversation.playground) AS begun
  FROM experiments experiment
 WHERE experiment.id = %(experiment)s
