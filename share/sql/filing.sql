-- Filings, their statements and events (server/filing).

-- name: filing_insert
INSERT INTO filing (no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version,
  content_sealed, row_count, corrects, expires, created, changed)
VALUES (?1, ?2, 1, 1, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?11, ?12, ?12)

-- name: filing_get
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE no = ?1

-- name: filing_of_unit
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE unit_no = ?1 ORDER BY changed DESC, no DESC LIMIT ?2 OFFSET ?3

-- name: filing_of_unit_in
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE unit_no = ?1 AND state = ?4 ORDER BY changed DESC, no DESC LIMIT ?2 OFFSET ?3

-- name: filing_of_person
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE person_id = ?1 AND unit_no = '' ORDER BY changed DESC, no DESC LIMIT ?2 OFFSET ?3

-- name: filing_of_person_in
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE person_id = ?1 AND unit_no = '' AND state = ?4 ORDER BY changed DESC, no DESC LIMIT ?2 OFFSET ?3

-- name: filing_queue
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE state IN (2, 3, 4) AND region >= ?1 AND region < ?2 ORDER BY due, no LIMIT ?3 OFFSET ?4

-- name: filing_queue_in
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE state = ?5 AND state IN (2, 3, 4) AND region >= ?1 AND region < ?2 ORDER BY due, no LIMIT ?3 OFFSET ?4

-- name: filing_content
SELECT content_sealed FROM filing WHERE no = ?1 AND content_version = ?2

-- name: filing_drafts_of_unit
SELECT COUNT(*) FROM filing WHERE unit_no = ?1 AND state IN (1, 7)

-- name: filing_drafts_of_person
SELECT COUNT(*) FROM filing WHERE unit_no = '' AND person_id = ?1 AND state IN (1, 7)

-- name: filing_save
UPDATE filing SET content_sealed = ?3, row_count = ?4, content_version = ?2 + 1, version = ?2 + 1, changed = ?5,
  expires = CASE WHEN state = 6 THEN expires ELSE ?6 END
WHERE no = ?1 AND version = ?2 AND state IN (1, 6, 7)

-- name: filing_move
UPDATE filing SET state = ?4, version = version + 1, changed = ?5, expires = ?6
WHERE no = ?1 AND version = ?2 AND state = ?3

-- name: filing_set_submit
UPDATE filing SET person_id = ?2, filer = ?3, submit_sm3 = ?4, submitted = ?5, due = ?6, reviewer1 = '' WHERE no = ?1

-- name: filing_set_reviewer1
UPDATE filing SET reviewer1 = ?2, due = ?3 WHERE no = ?1

-- name: filing_set_corrected
UPDATE filing SET corrected_by = ?2 WHERE no = ?1

-- name: filing_expired
SELECT no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version, row_count, corrects,
  corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed,
  (SELECT sm3 FROM filing_definition WHERE filing_definition.no = filing.no)
FROM filing WHERE expires > 0 AND expires <= ?1 AND state IN (1, 6, 7) ORDER BY expires, no LIMIT 100

-- name: filing_shown_put
INSERT INTO filing_shown (sm3, person_id, time) VALUES (?1, ?2, ?3)

-- name: filing_shown_get
SELECT person_id, time FROM filing_shown WHERE sm3 = ?1

-- name: filing_shown_end_old
DELETE FROM filing_shown WHERE time < ?1

-- name: filing_statement_put
INSERT INTO filing_statement (sm3, type, person_id, statement_sealed, sig, cert, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (sm3) DO NOTHING

-- name: filing_statement_get
SELECT statement_sealed, sig, cert, person_id FROM filing_statement WHERE sm3 = ?1

-- name: filing_event_put
INSERT INTO filing_event (no, seq, time, version, act, from_state, to_state, person_id, name, role, serial, rule,
  statement_sm3, opinion_sealed)
SELECT ?1, COALESCE(MAX(seq), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 FROM filing_event WHERE no = ?1

-- name: filing_event_of
SELECT seq FROM filing_event WHERE statement_sm3 = ?1 AND no = ?2

-- name: filing_events
SELECT seq, time, version, act, from_state, to_state, person_id, name, role, serial, rule, statement_sm3, opinion_sealed
FROM filing_event WHERE no = ?1 ORDER BY seq

-- name: filing_chain
WITH RECURSIVE chain (no) AS (SELECT CAST(?1 AS TEXT) UNION SELECT f.corrects FROM filing f JOIN chain c ON f.no = c.no WHERE f.corrects IS NOT NULL)
SELECT no FROM chain

-- name: filing_verdict_put
INSERT INTO filing_verdict (no, unit_no, month, back_dated, second_review, filed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (no) DO UPDATE SET month = ?3, back_dated = ?4, second_review = ?5, filed = ?6

-- name: filing_verdict_get
SELECT month, back_dated, second_review FROM filing_verdict WHERE no = ?1

-- name: definition_put
INSERT INTO definition (sm3, code, octets, since) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (sm3) DO NOTHING

-- name: filing_definition_put
INSERT INTO filing_definition (no, sm3) VALUES (?1, ?2)

-- name: definition_named
SELECT sm3, code, octets FROM definition WHERE EXISTS (SELECT 1 FROM filing_definition f WHERE f.sm3 = definition.sm3) ORDER BY since, sm3
