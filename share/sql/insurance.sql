-- Registers of insurance and the month's contributions.

-- name: unit_insurance_put
INSERT INTO unit_insurance (unit_no, ins, from_month, to_month, risk_class, float_ppm, recorded) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)

-- name: unit_insurance_at
SELECT ins, risk_class, float_ppm FROM unit_insurance WHERE unit_no = ?1 AND from_month <= ?2 AND (to_month = 0 OR to_month >= ?2)

-- name: person_numbers_take
INSERT INTO counter (name, value) VALUES ('person', ?1) ON CONFLICT (name) DO UPDATE SET value = counter.value + ?1

-- name: person_known
SELECT p.person_no, p.name, COUNT(CASE WHEN e.valid_to = 0 THEN 1 END), COALESCE(MAX(CASE WHEN e.status = 3 AND e.ins = '110' AND e.valid_to = 0 THEN 1 ELSE 0 END), 0)
FROM person p LEFT JOIN enrolment e ON e.person_no = p.person_no WHERE p.id_digest = ?1 GROUP BY p.person_no, p.name

-- name: enrolment_open
SELECT unit_no, ins, status FROM enrolment WHERE person_no = ?1 AND valid_to = 0 AND to_month = 0

-- name: person_detail_first
INSERT INTO person_detail (person_no, version, detail_sealed, filing_no, valid_from)
SELECT ?1, COALESCE(MAX(version), 0) + 1, ?2, ?3, ?4 FROM person_detail WHERE person_no = ?1 HAVING COUNT(CASE WHEN valid_to = 0 THEN 1 END) = 0

-- name: person_detail_now
SELECT detail_sealed FROM person_detail WHERE person_no = ?1 AND valid_to = 0

-- name: employment_close
UPDATE employment SET valid_to = ?3, closed_by = ?4 WHERE unit_no = ?1 AND person_no = ?2 AND valid_to = 0

-- name: employment_add
INSERT INTO employment (unit_no, person_no, version, hire_day, form, contract_type, contract_from, contract_to, post, retire_class, special_job, filing_no, valid_from)
SELECT ?1, ?2, COALESCE(MAX(version), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM employment WHERE unit_no = ?1 AND person_no = ?2

-- name: wage_add
INSERT INTO wage (unit_no, person_no, from_month, version, wage_fen, filing_no, recorded)
SELECT ?1, ?2, ?3, COALESCE(MAX(version), 0) + 1, ?4, ?5, ?6 FROM wage WHERE unit_no = ?1 AND person_no = ?2 AND from_month = ?3

-- name: enrolment_paused
SELECT status, from_month, enrol_type FROM enrolment WHERE person_no = ?1 AND unit_no = ?2 AND ins = ?3 AND valid_to = 0 AND to_month = 0

-- name: enrolment_close
UPDATE enrolment SET valid_to = ?4, closed_by = ?5 WHERE person_no = ?1 AND unit_no = ?2 AND ins = ?3 AND valid_to = 0 AND to_month = 0

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
  AND (?3 < 0 OR COALESCE((SELECT value FROM counter WHERE name = 'register:' || CAST(?1 AS TEXT)), 0) = ?3)

-- name: contribution_clear
DELETE FROM contribution WHERE unit_no = ?1 AND month = ?2

-- name: contribution_add
INSERT INTO contribution (unit_no, month, person_no, ins, wage_fen, base_fen, unit_ppm, person_ppm, unit_fen, person_fen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

-- name: contribution_lines
SELECT c.person_no, p.name, c.ins, c.wage_fen, c.base_fen, c.unit_ppm, c.person_ppm, c.unit_fen, c.person_fen
FROM contribution c JOIN person p ON p.person_no = c.person_no WHERE c.unit_no = ?1 AND c.month = ?2 ORDER BY c.person_no, c.ins

-- 更正: what a filing and those that it corrected itself ("the chain") have written (server/insurance/b03_undo.h). A wage of 0 is
-- one that was taken back: no filing can declare it.

-- name: undo_persons
WITH RECURSIVE chain (no) AS (SELECT CAST(?2 AS TEXT) UNION SELECT f.corrects FROM filing f JOIN chain c ON f.no = c.no WHERE f.corrects IS NOT NULL),
who (person_no) AS (SELECT person_no FROM employment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain)
  UNION SELECT person_no FROM enrolment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain))
SELECT p.person_no, p.name, COALESCE(e.version, 0), CASE WHEN e.filing_no IN (SELECT no FROM chain) THEN 1 ELSE 0 END, e.detail_sealed, (SELECT COUNT(*) FROM enrolment n WHERE n.person_no = p.person_no AND n.valid_to = 0
  AND n.filing_no NOT IN (SELECT no FROM chain))
FROM who w JOIN person p ON p.person_no = w.person_no LEFT JOIN person_detail e ON e.person_no = p.person_no AND e.valid_to = 0 ORDER BY p.person_no

-- name: undo_employment
WITH RECURSIVE chain (no) AS (SELECT CAST(?2 AS TEXT) UNION SELECT f.corrects FROM filing f JOIN chain c ON f.no = c.no WHERE f.corrects IS NOT NULL),
who (person_no) AS (SELECT person_no FROM employment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain)
  UNION SELECT person_no FROM enrolment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain))
SELECT e.person_no, '', e.version, CASE WHEN e.filing_no IN (SELECT no FROM chain) THEN 1 ELSE 0 END, CASE WHEN e.closed_by IN (SELECT no FROM chain) THEN 1 WHEN e.closed_by = '' THEN 2 ELSE 0 END,
  e.valid_from, e.valid_to, e.hire_day, e.contract_from, e.contract_to, e.retire_class, e.special_job, e.form, e.contract_type, e.post
FROM who w JOIN employment e ON e.unit_no = ?1 AND e.person_no = w.person_no ORDER BY e.person_no, e.version

-- name: undo_enrolment
WITH RECURSIVE chain (no) AS (SELECT CAST(?2 AS TEXT) UNION SELECT f.corrects FROM filing f JOIN chain c ON f.no = c.no WHERE f.corrects IS NOT NULL),
who (person_no) AS (SELECT person_no FROM employment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain)
  UNION SELECT person_no FROM enrolment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain))
SELECT e.person_no, e.ins, e.version, CASE WHEN e.filing_no IN (SELECT no FROM chain) THEN 1 ELSE 0 END, CASE WHEN e.closed_by IN (SELECT no FROM chain) THEN 1 WHEN e.closed_by = '' THEN 2 ELSE 0 END,
  e.valid_from, e.valid_to, e.status, e.from_month, e.to_month, 0, 0, e.enrol_type, '', ''
FROM who w JOIN enrolment e ON e.unit_no = ?1 AND e.person_no = w.person_no ORDER BY e.person_no, e.ins, e.version

-- name: undo_wage
WITH RECURSIVE chain (no) AS (SELECT CAST(?2 AS TEXT) UNION SELECT f.corrects FROM filing f JOIN chain c ON f.no = c.no WHERE f.corrects IS NOT NULL),
who (person_no) AS (SELECT person_no FROM employment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain)
  UNION SELECT person_no FROM enrolment WHERE unit_no = ?1 AND filing_no IN (SELECT no FROM chain))
SELECT e.person_no, CAST(e.from_month AS TEXT), e.version, CASE WHEN e.filing_no IN (SELECT no FROM chain) THEN 1 ELSE 0 END, 2, e.recorded, 0,
  e.wage_fen, 0, 0, 0, 0, '', '', ''
FROM who w JOIN wage e ON e.unit_no = ?1 AND e.person_no = w.person_no ORDER BY e.person_no, e.from_month, e.version

-- name: bill_last_approved
SELECT COALESCE(MAX(month), 0) FROM bill WHERE unit_no = ?1 AND state = 1

-- name: undo_employment_close
UPDATE employment SET valid_to = ?4, closed_by = ?5 WHERE unit_no = ?1 AND person_no = ?2 AND version = ?3 AND valid_to = 0

-- name: undo_enrolment_close
UPDATE enrolment SET valid_to = ?5, closed_by = ?6 WHERE unit_no = ?1 AND person_no = ?2 AND ins = ?3 AND version = ?4 AND valid_to = 0

-- name: undo_detail_close
UPDATE person_detail SET valid_to = ?3, closed_by = ?4 WHERE person_no = ?1 AND version = ?2 AND valid_to = 0

-- name: undo_detail_drop
UPDATE person_detail SET valid_to = ?3, closed_by = ?4 WHERE person_no = ?1 AND version = ?2 AND valid_to = 0
AND NOT EXISTS (SELECT 1 FROM enrolment e WHERE e.person_no = ?1 AND e.valid_to = 0)
