-- Registers of insurance and the month's contributions.

-- name: unit_insurance_put
INSERT INTO unit_insurance (unit_no, ins, from_month, to_month, risk_class, float_ppm, recorded) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)

-- name: unit_insurance_at
SELECT ins, risk_class, float_ppm FROM unit_insurance WHERE unit_no = ?1 AND from_month <= ?2 AND (to_month = 0 OR to_month >= ?2)

-- name: person_numbers_take
INSERT INTO counter (name, value) VALUES ('person', ?1) ON CONFLICT (name) DO UPDATE SET value = counter.value + ?1

-- Of sixteen persons at once; short of them the last is asked for again.

-- name: supplement_put
INSERT INTO supplement (filing_no, person_no, unit_no, from_month, to_month) VALUES (?1, ?2, ?3, ?4, ?5)

-- name: persons_known
SELECT p.id_digest, p.person_no, p.name, COUNT(CASE WHEN e.valid_to = 0 THEN 1 END), COALESCE(MAX(CASE WHEN e.status = 3 AND e.ins = '110' AND e.valid_to = 0 THEN 1 ELSE 0 END), 0)
FROM person p LEFT JOIN enrolment e ON e.person_no = p.person_no
WHERE p.id_digest IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) GROUP BY p.id_digest, p.person_no, p.name

-- name: enrolments_open
SELECT person_no, unit_no, ins, status, from_month FROM enrolment
WHERE person_no IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) AND valid_to = 0 AND to_month = 0

-- name: person_detail_now
SELECT detail_sealed FROM person_detail WHERE person_no = ?1 AND valid_to = 0

-- name: roster_at
SELECT e.person_no, p.name, p.id_sealed, m.hire_day, m.post, e.ins, e.status, e.from_month
FROM enrolment e JOIN person p ON p.person_no = e.person_no
LEFT JOIN employment m ON m.unit_no = e.unit_no AND m.person_no = e.person_no AND m.valid_to = 0
WHERE e.unit_no = ?1 AND e.valid_to = 0 AND e.to_month = 0 AND e.person_no > ?2 ORDER BY e.person_no, e.ins LIMIT ?3

-- name: staff_find
SELECT p.person_no, p.name, p.id_sealed FROM (SELECT DISTINCT person_no FROM enrolment WHERE unit_no = ?1 AND valid_to = 0
  AND to_month = 0 AND status = 1) e JOIN person p ON p.person_no = e.person_no
WHERE p.person_no = ?2 OR p.name LIKE ?3 ESCAPE '~' ORDER BY p.name, p.person_no LIMIT ?4

-- name: staff_name
SELECT p.name FROM person p WHERE p.person_no = ?2 AND EXISTS (SELECT 1 FROM enrolment e WHERE e.person_no = p.person_no
  AND e.unit_no = ?1 AND e.valid_to = 0 AND e.to_month = 0 AND e.status = 1)

-- name: enrolled_in_month
SELECT e.person_no, e.ins, (SELECT w.wage_fen FROM wage w WHERE w.unit_no = e.unit_no AND w.person_no = e.person_no AND w.from_month <= ?2
  AND w.wage_fen > 0 AND NOT EXISTS (SELECT 1 FROM wage x WHERE x.unit_no = w.unit_no AND x.person_no = w.person_no
    AND x.from_month = w.from_month AND x.version > w.version)
  ORDER BY w.from_month DESC LIMIT 1)
FROM enrolment e WHERE e.unit_no = ?1 AND e.valid_to = 0 AND e.status = 1 AND e.from_month <= ?2 AND (e.to_month = 0 OR e.to_month >= ?2)
ORDER BY e.person_no, e.ins

-- name: bill_state
SELECT state FROM bill WHERE unit_no = ?1 AND month = ?2

-- name: bill_put
INSERT INTO bill (unit_no, month, persons, unit_fen, person_fen, verify, due_day, computed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (unit_no, month) DO UPDATE SET persons = ?3, unit_fen = ?4, person_fen = ?5, verify = ?6, due_day = ?7, computed = ?8

-- name: bill_approve
UPDATE bill SET state = 1 WHERE unit_no = ?1 AND month = ?2 AND state = 0

-- name: bill_approve_of
UPDATE bill SET state = 1 WHERE unit_no = ?1 AND month = ?2 AND state = 0
  AND COALESCE((SELECT value FROM counter WHERE name = 'register:' || CAST(?1 AS TEXT)), 0) = ?3

-- name: contribution_clear
DELETE FROM contribution WHERE unit_no = ?1 AND month = ?2

-- name: contribution_lines
SELECT c.person_no, p.name, c.ins, c.wage_fen, c.base_fen, c.unit_ppm, c.person_ppm, c.unit_fen, c.person_fen
FROM contribution c JOIN person p ON p.person_no = c.person_no WHERE c.unit_no = ?1 AND c.month = ?2 ORDER BY c.person_no, c.ins

-- name: bill_last_approved
SELECT COALESCE(MAX(month), 0) FROM bill WHERE unit_no = ?1 AND state = 1

