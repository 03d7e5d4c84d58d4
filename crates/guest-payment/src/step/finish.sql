-- Everything a known or unknown outcome changes, at once: moves, history, ledger lines, provider call, outbox events,
-- stored answer. Holds only for the claim and version that begin handed out.
SELECT outcome, state
FROM pay.finish_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                     $22, $23, $24, $25)
