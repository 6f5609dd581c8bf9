-- Attachments of filings (server/filing/attach*.c).

-- name: attach_touch
UPDATE filing SET version = ?2 + 1, changed = ?3, expires = CASE WHEN state = 6 THEN expires ELSE ?4 END
WHERE no = ?1 AND version = ?2 AND state IN (1, 6, 7)

-- name: attach_sums
SELECT COUNT(*), CAST(COALESCE(SUM(f.octets), 0) AS BIGINT), COALESCE(SUM(CASE WHEN a.slot = ?2 THEN 1 ELSE 0 END), 0)
FROM attachment a JOIN attachment_file f ON f.file = a.file WHERE a.no = ?1

-- name: attach_held_unit
SELECT CAST(COALESCE(SUM(octets), 0) AS BIGINT) FROM attachment_file WHERE file IN (
  SELECT a.file FROM filing g JOIN attachment a ON a.no = g.no WHERE g.unit_no = ?1 AND g.state IN (1, 6, 7))

-- name: attach_held_person
SELECT CAST(COALESCE(SUM(octets), 0) AS BIGINT) FROM attachment_file WHERE file IN (
  SELECT a.file FROM filing g JOIN attachment a ON a.no = g.no
  WHERE g.unit_no = '' AND g.person_id = ?1 AND g.state IN (1, 6, 7))

-- name: attach_file_put
INSERT INTO attachment_file (file, media, octets, pages, sm3, person_id, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: attach_put
INSERT INTO attachment (no, file, slot, sm3, name_sealed) VALUES (?1, ?2, ?3, ?4, ?5)

-- name: attach_part_put
INSERT INTO attachment_part (file, page, part, sealed) VALUES (?1, ?2, ?3, ?4)

-- name: attach_copy
INSERT INTO attachment (no, file, slot, sm3, name_sealed) SELECT ?2, file, slot, sm3, name_sealed FROM attachment WHERE no = ?1

-- name: attach_list
SELECT a.file, a.slot, a.name_sealed, f.media, f.octets, f.pages, a.sm3, f.person_id, f.time
FROM attachment a JOIN attachment_file f ON f.file = a.file WHERE a.no = ?1 ORDER BY a.file

-- name: attach_one
SELECT a.file, a.slot, a.name_sealed, f.media, f.octets, f.pages, a.sm3, f.person_id, f.time
FROM attachment a JOIN attachment_file f ON f.file = a.file WHERE a.no = ?1 AND a.file = ?2

-- name: attach_parts
SELECT part, sealed FROM attachment_part WHERE file = ?1 AND page = ?2 ORDER BY part

-- name: attach_remove
DELETE FROM attachment WHERE no = ?1 AND file = ?2

-- name: attach_remove_all
DELETE FROM attachment WHERE no = ?1

-- name: attach_files_of
SELECT file FROM attachment WHERE no = ?1 ORDER BY file

-- name: attach_parts_end
DELETE FROM attachment_part WHERE file = ?1 AND NOT EXISTS (SELECT 1 FROM attachment WHERE file = ?1)

-- name: attach_file_end
DELETE FROM attachment_file WHERE file = ?1 AND NOT EXISTS (SELECT 1 FROM attachment WHERE file = ?1)

-- Files of attachments that the filing once had, and their parts: the keys, for those that are gone with it (?2: the digest of a row
-- that is gone). Keys under "A/" are those between it and "A0", for 0 is what comes after the slash.

-- name: gone_attachment_file
SELECT f.key FROM log_cover a JOIN log_cover f ON f.tbl = 'attachment_file' AND f.key = substr(a.key, length(?1) + 2)
WHERE a.tbl = 'attachment' AND a.key >= ?1 || '/' AND a.key < ?1 || '0' AND f.row_sm3 <> ?2
  AND f.seq = (SELECT MAX(d.seq) FROM log_cover d WHERE d.tbl = f.tbl AND d.key = f.key) GROUP BY f.key

-- name: gone_attachment_part
SELECT p.key FROM log_cover a JOIN log_cover p ON p.tbl = 'attachment_part' AND p.key >= substr(a.key, length(?1) + 2) || '/'
  AND p.key < substr(a.key, length(?1) + 2) || '0'
WHERE a.tbl = 'attachment' AND a.key >= ?1 || '/' AND a.key < ?1 || '0' AND p.row_sm3 <> ?2
  AND p.seq = (SELECT MAX(d.seq) FROM log_cover d WHERE d.tbl = p.tbl AND d.key = p.key) GROUP BY p.key
