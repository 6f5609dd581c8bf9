-- Register of units and persons.

-- name: unit_insert
INSERT INTO unit (unit_no, uscc, name, type, region, address, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: unit_by_no
SELECT unit_no, uscc, name, type, region, address, frozen, created FROM unit WHERE unit_no = ?1

-- name: unit_by_uscc
SELECT unit_no, uscc, name, type, region, address, frozen, created FROM unit WHERE uscc = ?1

-- name: unit_set_frozen
UPDATE unit SET frozen = ?2 WHERE unit_no = ?1

-- name: unit_set_name
UPDATE unit SET name = ?2 WHERE unit_no = ?1

-- name: counter_next
INSERT INTO counter (name, value) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1

-- name: counter_get
SELECT value FROM counter WHERE name = ?1

-- name: person_insert
INSERT INTO person (person_no, name, id_sealed, id_digest, mobile_sealed, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- name: person_by_digest
SELECT person_no, name FROM person WHERE id_digest = ?1

-- name: person_by_no
SELECT person_no, name, id_sealed, mobile_sealed FROM person WHERE person_no = ?1

-- name: person_set_mobile
UPDATE person SET mobile_sealed = ?2 WHERE person_no = ?1
