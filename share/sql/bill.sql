-- The month's bills: what the rule looks at, what their pages show. Whoever changes a unit's registers counts it in the same
-- transaction (register_touch), so that nobody has to look through them to know that nothing happened.

-- name: register_touch
INSERT INTO counter (name, value) VALUES ('register:' || CAST(?1 AS TEXT), 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1

-- name: register_rev
SELECT COALESCE((SELECT value FROM counter WHERE name = 'register:' || CAST(?1 AS TEXT)), 0),
  COALESCE((SELECT MIN(from_month) FROM enrolment WHERE unit_no = ?1), 0)

-- name: bill_turn_look
SELECT COALESCE((SELECT state FROM bill WHERE unit_no = ?1 AND month = ?2), -1),
  COALESCE((SELECT rev FROM bill_turn WHERE unit_no = ?1 AND month = ?2), -1),
  COALESCE((SELECT mark FROM bill_turn WHERE unit_no = ?1 AND month = ?2), 0),
  (SELECT COUNT(*) FROM (SELECT 1 FROM enrolment WHERE unit_no = ?1 AND valid_to = 0 AND status = 1 AND from_month <= ?2
    AND (to_month = 0 OR to_month >= ?2) LIMIT 1) x),
  (SELECT COUNT(*) FROM (SELECT 1 FROM filing_verdict v JOIN filing f ON f.no = v.no WHERE v.unit_no = ?1 AND v.month = ?2
    AND f.state IN (2, 3, 4) LIMIT 1) y)

-- name: bill_turn_put
INSERT INTO bill_turn (unit_no, month, rev, mark, turned) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (unit_no, month) DO UPDATE SET rev = ?3, mark = ?4, turned = ?5

-- name: bill_turn_due
SELECT u.unit_no FROM unit u LEFT JOIN counter r ON r.name = 'register:' || u.unit_no
LEFT JOIN bill_turn t ON t.unit_no = u.unit_no AND t.month = ?1
WHERE u.unit_no > ?3 AND (t.unit_no IS NULL OR t.rev <> COALESCE(r.value, 0) OR t.mark <> ?2
  OR EXISTS (SELECT 1 FROM bill b WHERE b.unit_no = u.unit_no AND b.month < ?1 AND b.state = 0))
  AND EXISTS (SELECT 1 FROM enrolment e WHERE e.unit_no = u.unit_no)
ORDER BY u.unit_no LIMIT ?4

-- name: bill_heads
SELECT b.month, b.state, b.persons, b.unit_fen, b.person_fen, b.verify, b.due_day, b.computed
FROM bill b WHERE b.unit_no = ?1 ORDER BY b.month DESC LIMIT ?2 OFFSET ?3

-- name: bill_head
SELECT b.month, b.state, b.persons, b.unit_fen, b.person_fen, b.verify, b.due_day, b.computed
FROM bill b WHERE b.unit_no = ?1 AND b.month = ?2

-- name: bill_sums
SELECT ins, unit_ppm, person_ppm, COUNT(*), CAST(SUM(base_fen) AS BIGINT), CAST(SUM(unit_fen) AS BIGINT), CAST(SUM(person_fen) AS BIGINT)
FROM contribution WHERE unit_no = ?1 AND month = ?2 GROUP BY ins, unit_ppm, person_ppm ORDER BY ins, unit_ppm, person_ppm

-- name: bill_moves
SELECT
  (SELECT COUNT(DISTINCT c.person_no) FROM contribution c WHERE c.unit_no = ?1 AND c.month = ?2 AND NOT EXISTS
    (SELECT 1 FROM contribution p WHERE p.unit_no = ?1 AND p.month = ?3 AND p.person_no = c.person_no)),
  (SELECT COUNT(DISTINCT c.person_no) FROM contribution c WHERE c.unit_no = ?1 AND c.month = ?3 AND NOT EXISTS
    (SELECT 1 FROM contribution p WHERE p.unit_no = ?1 AND p.month = ?2 AND p.person_no = c.person_no)),
  (SELECT COUNT(DISTINCT e.person_no) FROM enrolment e WHERE e.unit_no = ?1 AND e.valid_to = 0 AND e.status = 1 AND e.from_month <= ?2
    AND (e.to_month = 0 OR e.to_month >= ?2) AND NOT EXISTS
    (SELECT 1 FROM contribution p WHERE p.unit_no = ?1 AND p.month = ?2 AND p.person_no = e.person_no AND p.ins = e.ins))

-- name: bill_persons
SELECT c.person_no, p.name, p.id_sealed, c.ins, c.wage_fen, c.base_fen, c.unit_fen, c.person_fen
FROM contribution c JOIN person p ON p.person_no = c.person_no
WHERE c.unit_no = ?1 AND c.month = ?2 AND c.person_no IN
  (SELECT DISTINCT person_no FROM contribution WHERE unit_no = ?1 AND month = ?2 ORDER BY person_no LIMIT ?3 OFFSET ?4)
ORDER BY c.person_no, c.ins

-- name: staff_count
SELECT COUNT(*) FROM (SELECT DISTINCT person_no FROM enrolment WHERE unit_no = ?1 AND valid_to = 0 AND to_month = 0) staff
