-- Registers of insurance and the month's contributions.

-- name: unit_insurance_put
INSERT INTO unit_insurance (unit_no, ins, from_month, to_month, risk_class, float_ppm, recorded) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)

-- name: unit_insurance_at
SELECT ins, risk_class, float_ppm FROM unit_insurance WHERE unit_no = ?1 AND from_month <= ?2 AND (to_month = 0 OR to_month >= ?2)

-- name: person_numbers_take
INSERT INTO counter (name, value) VALUES ('person', ?1) ON CONFLICT (name) DO UPDATE SET value = counter.value + ?1

-- name: person_known
SELECT p.person_no, p.name, COUNT(e.person_no), COALESCE(MAX(CASE WHEN e.status = 3 AND e.ins = '110' AND e.valid_to = 0 THEN 1 ELSE 0 END), 0)
FROM person p LEFT JOIN enrolment e ON e.person_no = p.person_no WHERE p.id_digest = ?1 GROUP BY p.person_no, p.name

-- name: enrolment_open
SELECT unit_no, ins, status FROM enrolment WHERE person_no = ?1 AND valid_to = 0 AND to_month = 0

-- name: person_detail_first
INSERT INTO person_detail (person_no, version, detail_sealed, filing_no, valid_from)
SELECT ?1, COALESCE(MAX(version), 0) + 1, ?2, ?3, ?4 FROM person_detail WHERE person_no = ?1 HAVING COUNT(CASE WHEN valid_to = 0 THEN 1 END) = 0

-- name: person_detail_now
SELECT detail_sealed FROM person_detail WHERE person_no = ?1 AND valid_to = 0

-- name: employment_close
UPDATE employment SET valid_to = ?3 WHERE unit_no = ?1 AND person_no = ?2 AND valid_to = 0

-- name: employment_add
INSERT INTO employment (unit_no, person_no, version, hire_day, form, contract_type, contract_from, contract_to, post, retire_class, special_job, filing_no, valid_from)
SELECT ?1, ?2, COALESCE(MAX(version), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM employment WHERE unit_no = ?1 AND person_no = ?2

-- name: wage_add
INSERT INTO wage (unit_no, person_no, from_month, version, wage_fen, filing_no, recorded)
SELECT ?1, ?2, ?3, COALESCE(MAX(version), 0) + 1, ?4, ?5, ?6 FROM wage WHERE unit_no = ?1 AND person_no = ?2 AND from_month = ?3

-- name: enrolment_paused
SELECT status, from_month, enrol_type FROM enrolment WHERE person_no = ?1 AND unit_no = ?2 AND ins = ?3 AND valid_to = 0 AND to_month = 0

-- name: enrolment_close
UPDATE enrolment SET valid_to = ?4 WHERE person_no = ?1 AND unit_no = ?2 AND ins = ?3 AND valid_to = 0 AND to_month = 0

-- name: enrolment_add
INSERT INTO enrolment (person_no, unit_no, ins, version, status, from_month, to_month, enrol_type, filing_no, valid_from)
SELECT ?1, ?2, ?3, COALESCE(MAX(version), 0) + 1, ?4, ?5, ?6, ?7, ?8, ?9 FROM enrolment WHERE person_no = ?1 AND unit_no = ?2 AND ins = ?3

-- name: roster_at
SELECT e.person_no, p.name, p.id_sealed, m.hire_day, m.post, e.ins, e.status, e.from_month
FROM enrolment e JOIN person p ON p.person_no = e.person_no
LEFT JOIN employment m ON m.unit_no = e.unit_no AND m.person_no = e.person_no AND m.valid_to = 0
WHERE e.unit_no = ?1 AND e.valid_to = 0 AND e.to_month = 0 AND e.person_no > ?2 ORDER BY e.person_no, e.ins LIMIT ?3

-- name: enrolled_in_month
SELECT e.person_no, e.ins, (SELECT w.wage_fen FROM wage w WHERE w.unit_no = e.unit_no AND w.person_no = e.person_no AND w.from_month <= ?2
  ORDER BY w.from_month DESC, w.version DESC LIMIT 1)
FROM enrolment e WHERE e.unit_no = ?1 AND e.valid_to = 0 AND e.status = 1 AND e.from_month <= ?2 AND (e.to_month = 0 OR e.to_month >= ?2)
ORDER BY e.person_no, e.ins

-- name: bill_state
SELECT state FROM bill WHERE unit_no = ?1 AND month = ?2

-- name: bill_put
INSERT INTO bill (unit_no, month, persons, unit_fen, person_fen, verify, due_day, computed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (unit_no, month) DO UPDATE SET persons = ?3, unit_fen = ?4, person_fen = ?5, verify = ?6, due_day = ?7, computed = ?8

-- name: bill_approve
UPDATE bill SET state = 1 WHERE unit_no = ?1 AND month = ?2 AND state = 0

-- name: contribution_clear
DELETE FROM contribution WHERE unit_no = ?1 AND month = ?2

-- name: contribution_add
INSERT INTO contribution (unit_no, month, person_no, ins, wage_fen, base_fen, unit_ppm, person_ppm, unit_fen, person_fen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

-- name: contribution_lines
SELECT c.person_no, p.name, c.ins, c.wage_fen, c.base_fen, c.unit_ppm, c.person_ppm, c.unit_fen, c.person_fen
FROM contribution c JOIN person p ON p.person_no = c.person_no WHERE c.unit_no = ?1 AND c.month = ?2 ORDER BY c.person_no, c.ins
