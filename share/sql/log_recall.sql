-- Taking back places in the tree that no head covers (src/evidence/log_recall.c).

-- name: log_work
SELECT CASE WHEN EXISTS (SELECT 1 FROM log_entry WHERE state = 0) THEN 1 ELSE 0 END,
  CASE WHEN COALESCE((SELECT MAX(idx) + 1 FROM log_node WHERE epoch = (SELECT COALESCE(MAX(epoch), 1) FROM log_node) AND level = 0), 0) >
  COALESCE((SELECT MAX(size) FROM log_head WHERE epoch = (SELECT COALESCE(MAX(epoch), 1) FROM log_node)), 0) THEN 1 ELSE 0 END

-- name: log_head_beyond
SELECT 1 FROM log_head WHERE epoch = ?1 AND size > ?2 LIMIT 1

-- name: log_placed_from
SELECT seq, state, epoch, idx, time, kind, subject, rule, statement, statement_sm3, sig, cert_sm3, cert_serial, ocsp, salt, leaf,
  marks FROM log_entry WHERE epoch = ?1 AND idx >= ?2 ORDER BY idx

-- name: log_recall
UPDATE log_entry SET state = 0, epoch = NULL, idx = NULL, ocsp = ?3, leaf = NULL, marks = ?2 WHERE seq = ?1 AND state = 1

-- name: log_node_recall
DELETE FROM log_node WHERE epoch = ?1 AND ((idx + 1) << CAST(level AS INTEGER)) > ?2
