-- The log: entries, what they cover, nodes and heads of the tree (src/evidence/log.h).

-- name: log_entry_put
INSERT INTO log_entry (seq, state, time, kind, subject, rule, statement, statement_sm3, sig, cert_sm3, cert_serial, salt, marks, ocsp)
VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)

-- name: log_next_seq
SELECT COALESCE(MAX(seq), 0) + 1 FROM log_entry

-- name: log_cert_put
INSERT INTO log_cert (sm3, serial, der) VALUES (?1, ?2, ?3) ON CONFLICT (sm3) DO NOTHING

-- name: log_cert_get
SELECT sm3, serial, der FROM log_cert WHERE sm3 = ?1

-- name: log_cert_all
SELECT sm3, serial, der, CASE WHEN sm3 IN (SELECT cert_sm3 FROM log_entry WHERE cert_sm3 IS NOT NULL) THEN 1 ELSE 0 END
FROM log_cert ORDER BY sm3

-- name: log_cover_of
SELECT n, tbl, key, row_sm3, marks FROM log_cover WHERE seq = ?1 ORDER BY n

-- name: log_cover_newest
SELECT seq, row_sm3, marks FROM log_cover WHERE tbl = ?1 AND key = ?2 ORDER BY seq DESC, n DESC LIMIT 1

-- name: log_cover_count
SELECT COUNT(*) FROM log_cover

-- name: log_cover_under
SELECT c.key FROM log_cover c WHERE c.tbl = ?1 AND c.key >= ?2 AND c.key < ?3 AND c.row_sm3 <> ?4
  AND c.seq = (SELECT MAX(d.seq) FROM log_cover d WHERE d.tbl = c.tbl AND d.key = c.key) GROUP BY c.key

-- name: log_adopted
SELECT 1 FROM log_entry WHERE kind = 'LOG-ADOPT' AND subject = ?1 LIMIT 1

-- name: log_cover_keys
SELECT DISTINCT key FROM log_cover WHERE tbl = ?1 ORDER BY key

-- name: log_cover_own
SELECT c.seq, c.n, c.tbl, c.key, c.row_sm3, c.marks, c.own, e.salt FROM log_cover c JOIN log_entry e ON e.seq = c.seq
WHERE c.own IS NOT NULL OR c.seq >= COALESCE((SELECT MIN(seq) FROM log_entry WHERE kind = 'LOG-ADOPT'), 0) ORDER BY c.seq, c.n

-- name: log_cover_strays
SELECT seq, n FROM log_cover WHERE seq NOT IN (SELECT seq FROM log_entry) ORDER BY seq, n

-- name: log_cover_tables
SELECT DISTINCT tbl FROM log_cover ORDER BY tbl

-- name: log_journal_last
SELECT CAST(subject AS BIGINT) FROM log_entry WHERE kind = 'JOURNAL' ORDER BY seq DESC LIMIT 1

-- name: log_journal_placed
SELECT CAST(subject AS BIGINT) FROM log_entry WHERE kind = 'JOURNAL' AND state = 1 ORDER BY seq DESC LIMIT 1


-- name: log_pending
SELECT seq, state, epoch, idx, time, kind, subject, rule, statement, statement_sm3, sig, cert_sm3, cert_serial, ocsp, salt, leaf,
  marks FROM log_entry WHERE state = 0 AND seq > ?1 ORDER BY seq LIMIT ?2

-- name: log_entry_all
SELECT seq, state, epoch, idx, time, kind, subject, rule, statement, statement_sm3, sig, cert_sm3, cert_serial, ocsp, salt, leaf,
  marks FROM log_entry WHERE seq > ?1 ORDER BY seq LIMIT ?2

-- name: log_entry_of
SELECT seq, state, epoch, idx, time, kind, subject, rule, statement, statement_sm3, sig, cert_sm3, cert_serial, ocsp, salt, leaf,
  marks FROM log_entry WHERE subject = ?1 ORDER BY seq

-- name: log_entry_get
SELECT seq, state, epoch, idx, time, kind, subject, rule, statement, statement_sm3, sig, cert_sm3, cert_serial, ocsp, salt, leaf,
  marks FROM log_entry WHERE seq = ?1

-- name: log_entry_count
SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM log_entry

-- name: log_sequence
UPDATE log_entry SET state = 1, epoch = ?2, idx = ?3, ocsp = ?4, leaf = ?5, marks = ?6 WHERE seq = ?1 AND state = 0

-- name: log_size
SELECT COALESCE(MAX(idx) + 1, 0) FROM log_node WHERE epoch = ?1 AND level = 0

-- name: log_epoch
SELECT COALESCE(MAX(epoch), 1) FROM log_node

-- name: log_node_put
INSERT INTO log_node (epoch, level, idx, hash) VALUES (?1, ?2, ?3, ?4)

-- name: log_node_get
SELECT hash FROM log_node WHERE epoch = ?1 AND level = ?2 AND idx = ?3


-- name: log_node_strays
SELECT epoch, level, idx FROM log_node WHERE epoch <> ?1 OR level < 0 OR level > 62 OR idx < 0 OR ((idx + 1) << CAST(level AS INTEGER)) > ?2
ORDER BY epoch, level, idx LIMIT 100

-- name: log_head_put
INSERT INTO log_head (epoch, size, root, time, text, sig, stamp, marks) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: log_head_last
SELECT epoch, size, root, time, text, sig, stamp, marks FROM log_head ORDER BY epoch DESC, size DESC LIMIT 1

-- name: log_head_last_signed
SELECT epoch, size, root, time, text, sig, stamp, marks FROM log_head WHERE sig IS NOT NULL ORDER BY epoch DESC, size DESC LIMIT 1

-- name: log_head_over
SELECT epoch, size, root, time, text, sig, stamp, marks FROM log_head WHERE epoch = ?1 AND size > ?2 ORDER BY size LIMIT 1

-- name: log_head_between
SELECT epoch, size, root, time, text, sig, stamp, marks FROM log_head WHERE epoch = ?1 AND size > ?2 AND size <= ?3
ORDER BY size LIMIT 1

-- name: log_head_all
SELECT epoch, size, root, time, text, sig, stamp, marks FROM log_head ORDER BY epoch, size
