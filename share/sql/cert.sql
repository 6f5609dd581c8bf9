-- Desk cases, their acts and events, and the copy of issued certificates.

-- name: letter_get
SELECT person_no, matters, valid_from, valid_to, revoked FROM letter WHERE unit_no = ?1 AND letter_no = ?2

-- name: letter_insert
INSERT INTO letter (unit_no, letter_no, person_no, matters, valid_from, valid_to, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: case_insert
INSERT INTO cert_case (case_no, version, state, profile, subject, unit_no, unit_name, uscc, person_no, holder,
  letter_no, letter_from, letter_to, days, created, changed)
VALUES (?1, 1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)

-- name: case_revise
UPDATE cert_case SET profile = ?2, subject = ?3, unit_no = ?4, unit_name = ?5, uscc = ?6, person_no = ?7, holder = ?8,
  letter_no = ?9, letter_from = ?10, letter_to = ?11, days = ?12, changed = ?13, state = 1, version = version + 1,
  clerk = '', reviewer = '', maker = '', card = '', key_hex = '', csr = NULL, attest = NULL, make_signed = 0
WHERE case_no = ?1 AND version = ?14 AND state IN (1, 7)

-- name: case_get
SELECT case_no, state, version, profile, subject, unit_no, unit_name, uscc, person_no, holder, letter_no, letter_from,
  letter_to, days, clerk, reviewer, maker, card, key_hex, make_signed, cert_serial, enc_serial, created, changed,
  COALESCE((SELECT time FROM case_act a WHERE a.case_no = cert_case.case_no AND a.step = 1), 0),
  COALESCE((SELECT time FROM case_act a WHERE a.case_no = cert_case.case_no AND a.step = 2), 0)
FROM cert_case WHERE case_no = ?1

-- What is an officer's to open: of the open cases those of his districts that wait for a step of his (?1: a bit for each state), and
-- those with an act of his, which is in their events.

-- name: case_list
SELECT case_no, state, version, profile, subject, unit_no, unit_name, uscc, person_no, holder, letter_no, letter_from,
  letter_to, days, clerk, reviewer, maker, card, key_hex, make_signed, cert_serial, enc_serial, created, changed,
  COALESCE((SELECT time FROM case_act a WHERE a.case_no = cert_case.case_no AND a.step = 1), 0),
  COALESCE((SELECT time FROM case_act a WHERE a.case_no = cert_case.case_no AND a.step = 2), 0)
FROM cert_case WHERE case_no IN (
  SELECT case_no FROM cert_case WHERE state NOT IN (6, 8, 9) AND ((CAST(?1 AS BIGINT) >> CAST(state AS INTEGER)) & 1) = 1
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) >= ?3
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) < ?4
  UNION SELECT case_no FROM case_event WHERE officer = ?5)
ORDER BY changed DESC, case_no DESC LIMIT ?6 OFFSET ?7

-- name: case_list_in
SELECT case_no, state, version, profile, subject, unit_no, unit_name, uscc, person_no, holder, letter_no, letter_from,
  letter_to, days, clerk, reviewer, maker, card, key_hex, make_signed, cert_serial, enc_serial, created, changed,
  COALESCE((SELECT time FROM case_act a WHERE a.case_no = cert_case.case_no AND a.step = 1), 0),
  COALESCE((SELECT time FROM case_act a WHERE a.case_no = cert_case.case_no AND a.step = 2), 0)
FROM cert_case WHERE state = ?8 AND case_no IN (
  SELECT case_no FROM cert_case WHERE state NOT IN (6, 8, 9) AND ((CAST(?1 AS BIGINT) >> CAST(state AS INTEGER)) & 1) = 1
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) >= ?3
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) < ?4
  UNION SELECT case_no FROM case_event WHERE officer = ?5)
ORDER BY changed DESC, case_no DESC LIMIT ?6 OFFSET ?7

-- name: case_counts
SELECT state, COUNT(*) FROM cert_case WHERE case_no IN (
  SELECT case_no FROM cert_case WHERE state NOT IN (6, 8, 9) AND ((CAST(?1 AS BIGINT) >> CAST(state AS INTEGER)) & 1) = 1
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) >= ?3
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) < ?4
  UNION SELECT case_no FROM case_event WHERE officer = ?5)
GROUP BY state

-- name: case_in_scope
SELECT COUNT(*) FROM cert_case WHERE case_no = ?6 AND ((((CAST(?1 AS BIGINT) >> CAST(state AS INTEGER)) & 1) = 1
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) >= ?3
    AND COALESCE((SELECT region FROM unit u WHERE u.unit_no = cert_case.unit_no), ?2) < ?4)
  OR clerk = ?5 OR reviewer = ?5 OR maker = ?5 OR case_no IN (SELECT case_no FROM case_event WHERE officer = ?5 AND case_no = ?6))

-- name: look_list
SELECT seq FROM log_entry WHERE kind = 'CASE-LOOK' ORDER BY seq DESC LIMIT ?1 OFFSET ?2

-- name: case_running
SELECT case_no FROM cert_case WHERE subject = ?1 AND state NOT IN (6, 8, 9)

-- name: case_overdue
SELECT case_no, state, version, profile, subject, unit_no, unit_name, uscc, person_no, holder, letter_no, letter_from,
  letter_to, days, clerk, reviewer, maker, card, key_hex, make_signed, cert_serial, enc_serial, created, changed, 0, 0
FROM cert_case WHERE state = ?1 AND changed <= ?2 ORDER BY changed, case_no LIMIT 100

-- name: case_blobs
SELECT csr, attest, enveloped FROM cert_case WHERE case_no = ?1

-- name: case_step_state
UPDATE cert_case SET state = ?4, version = version + 1, changed = ?5 WHERE case_no = ?1 AND version = ?2 AND state = ?3

-- name: case_set_clerk
UPDATE cert_case SET clerk = ?2 WHERE case_no = ?1

-- name: case_set_reviewer
UPDATE cert_case SET reviewer = ?2 WHERE case_no = ?1

-- name: case_set_maker
UPDATE cert_case SET maker = ?2, make_signed = 1 WHERE case_no = ?1

-- name: case_set_key
UPDATE cert_case SET card = ?2, key_hex = ?3, csr = ?4, attest = ?5 WHERE case_no = ?1

-- name: case_set_issued
UPDATE cert_case SET cert_serial = ?2, enc_serial = ?3, enveloped = ?4 WHERE case_no = ?1

-- name: shown_get
SELECT step, version, officer, nonce, time FROM case_shown WHERE case_no = ?1

-- name: shown_put
INSERT INTO case_shown (case_no, step, version, officer, nonce, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (case_no) DO UPDATE SET step = ?2, version = ?3, officer = ?4, nonce = ?5, time = ?6

-- name: shown_delete
DELETE FROM case_shown WHERE case_no = ?1

-- name: act_put
INSERT INTO case_act (case_no, step, statement_sealed, sig, cert, officer, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (case_no, step) DO UPDATE SET statement_sealed = ?3, sig = ?4, cert = ?5, officer = ?6, time = ?7

-- name: act_get
SELECT statement_sealed, sig, cert FROM case_act WHERE case_no = ?1 AND step = ?2

-- name: event_put
INSERT INTO case_event (case_no, seq, time, from_state, to_state, officer, name, role, serial, opinion_sealed)
SELECT ?1, COALESCE(MAX(seq), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM case_event WHERE case_no = ?1

-- name: event_list
SELECT seq, time, from_state, to_state, officer, name, role, serial, opinion_sealed
FROM case_event WHERE case_no = ?1 ORDER BY seq

-- name: cert_insert
INSERT INTO cert (serial, subject, usage, case_no, card, not_before, not_after, der, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (serial) DO NOTHING

-- name: cert_of_subject
SELECT serial, subject, usage, card, case_no, not_before, not_after, status FROM cert
WHERE subject = ?1 AND usage = 'sign' ORDER BY not_after DESC, serial LIMIT 1

-- name: cert_der
SELECT der FROM cert WHERE serial = ?1

-- name: cert_pair
SELECT c.serial FROM cert c JOIN cert_case k ON c.serial = k.cert_serial OR c.serial = k.enc_serial
WHERE k.case_no = (SELECT case_no FROM cert WHERE serial = ?1) ORDER BY c.serial

-- name: cert_set_status
UPDATE cert SET status = ?2 WHERE serial = ?1
