-- Rows that entries cover (src/evidence/log_table.c): first the key, then every column in the order given there. _get by key,
-- _all in the order of the key; the others say what an act has written.

-- name: cover_unit_get
SELECT unit_no, unit_no, uscc, name, type, region, address, frozen, created FROM unit WHERE unit_no = ?1

-- name: cover_unit_all
SELECT unit_no, unit_no, uscc, name, type, region, address, frozen, created FROM unit ORDER BY unit_no

-- name: cover_person_get
SELECT person_no, person_no, name, id_sealed, id_digest, mobile_sealed, created FROM person WHERE person_no = ?1

-- name: cover_person_all
SELECT person_no, person_no, name, id_sealed, id_digest, mobile_sealed, created FROM person ORDER BY person_no

-- name: cover_account_get
SELECT subject, subject, kind, unit_no, person_no, holder, frozen, password, created FROM account WHERE subject = ?1

-- name: cover_account_all
SELECT subject, subject, kind, unit_no, person_no, holder, frozen, password, created FROM account ORDER BY subject

-- name: cover_account_case
SELECT subject, subject, kind, unit_no, person_no, holder, frozen, password, created FROM account WHERE subject =
  (SELECT subject FROM cert_case WHERE case_no = ?1)

-- name: cover_letter_get
SELECT unit_no || '/' || letter_no, unit_no, letter_no, person_no, matters, valid_from, valid_to, revoked, created
  FROM letter WHERE unit_no = ?1 AND letter_no = ?2

-- name: cover_letter_all
SELECT unit_no || '/' || letter_no, unit_no, letter_no, person_no, matters, valid_from, valid_to, revoked, created
  FROM letter ORDER BY unit_no, letter_no

-- name: cover_letter_case
SELECT unit_no || '/' || letter_no, unit_no, letter_no, person_no, matters, valid_from, valid_to, revoked, created
  FROM letter WHERE (unit_no, letter_no) IN (SELECT unit_no, letter_no FROM cert_case WHERE case_no = ?1)

-- name: cover_cert_get
SELECT serial, serial, subject, usage, case_no, card, not_before, not_after, status, der, created FROM cert WHERE
  serial = ?1

-- name: cover_cert_all
SELECT serial, serial, subject, usage, case_no, card, not_before, not_after, status, der, created FROM cert ORDER BY
  serial

-- name: cover_cert_case_get
SELECT case_no, case_no, version, state, profile, subject, unit_no, unit_name, uscc, person_no, holder, letter_no,
  letter_from, letter_to, days, clerk, reviewer, maker, card, key_hex, csr, attest, make_signed, cert_serial,
  enc_serial, enveloped, created, changed FROM cert_case WHERE case_no = ?1

-- name: cover_cert_case_all
SELECT case_no, case_no, version, state, profile, subject, unit_no, unit_name, uscc, person_no, holder, letter_no,
  letter_from, letter_to, days, clerk, reviewer, maker, card, key_hex, csr, attest, make_signed, cert_serial,
  enc_serial, enveloped, created, changed FROM cert_case ORDER BY case_no

-- name: cover_case_act_get
SELECT case_no || '/' || step, case_no, step, statement_sealed, sig, cert, officer, time FROM case_act WHERE case_no =
  ?1 AND step = ?2

-- name: cover_case_act_all
SELECT case_no || '/' || step, case_no, step, statement_sealed, sig, cert, officer, time FROM case_act ORDER BY
  case_no, step

-- name: cover_case_event_get
SELECT case_no || '/' || seq, case_no, seq, time, from_state, to_state, officer, name, role, serial, opinion_sealed
  FROM case_event WHERE case_no = ?1 AND seq = CASE WHEN ?2 > 0 THEN ?2 ELSE (SELECT MAX(seq) FROM case_event WHERE
  case_no = ?1) END

-- name: cover_case_event_all
SELECT case_no || '/' || seq, case_no, seq, time, from_state, to_state, officer, name, role, serial, opinion_sealed
  FROM case_event ORDER BY case_no, seq

-- name: cover_unit_insurance_get
SELECT unit_no || '/' || ins || '/' || from_month, unit_no, ins, from_month, to_month, risk_class, float_ppm, recorded
  FROM unit_insurance WHERE unit_no = ?1 AND ins = ?2 AND from_month = ?3

-- name: cover_unit_insurance_all
SELECT unit_no || '/' || ins || '/' || from_month, unit_no, ins, from_month, to_month, risk_class, float_ppm, recorded
  FROM unit_insurance ORDER BY unit_no, ins, from_month

-- name: cover_person_detail_get
SELECT person_no || '/' || version, person_no, version, detail_sealed, filing_no, valid_from, valid_to, closed_by FROM
  person_detail WHERE person_no = ?1 AND version = ?2

-- name: cover_person_detail_all
SELECT person_no || '/' || version, person_no, version, detail_sealed, filing_no, valid_from, valid_to, closed_by FROM
  person_detail ORDER BY person_no, version

-- name: cover_employment_get
SELECT unit_no || '/' || person_no || '/' || version, unit_no, person_no, version, hire_day, form, contract_type,
  contract_from, contract_to, post, retire_class, special_job, filing_no, valid_from, valid_to, closed_by FROM
  employment WHERE unit_no = ?1 AND person_no = ?2 AND version = ?3

-- name: cover_employment_all
SELECT unit_no || '/' || person_no || '/' || version, unit_no, person_no, version, hire_day, form, contract_type,
  contract_from, contract_to, post, retire_class, special_job, filing_no, valid_from, valid_to, closed_by FROM
  employment ORDER BY unit_no, person_no, version

-- name: cover_wage_get
SELECT unit_no || '/' || person_no || '/' || from_month || '/' || version, unit_no, person_no, from_month, version,
  wage_fen, filing_no, recorded FROM wage WHERE unit_no = ?1 AND person_no = ?2 AND from_month = ?3 AND version = ?4

-- name: cover_wage_all
SELECT unit_no || '/' || person_no || '/' || from_month || '/' || version, unit_no, person_no, from_month, version,
  wage_fen, filing_no, recorded FROM wage ORDER BY unit_no, person_no, from_month, version

-- name: cover_enrolment_get
SELECT person_no || '/' || unit_no || '/' || ins || '/' || version, person_no, unit_no, ins, version, status,
  from_month, to_month, enrol_type, filing_no, valid_from, valid_to, closed_by FROM enrolment WHERE person_no = ?1 AND
  unit_no = ?2 AND ins = ?3 AND version = ?4

-- name: cover_enrolment_all
SELECT person_no || '/' || unit_no || '/' || ins || '/' || version, person_no, unit_no, ins, version, status,
  from_month, to_month, enrol_type, filing_no, valid_from, valid_to, closed_by FROM enrolment ORDER BY person_no,
  unit_no, ins, version

-- name: cover_bill_get
SELECT unit_no || '/' || month, unit_no, month, state, persons, unit_fen, person_fen, verify, due_day, computed FROM
  bill WHERE unit_no = ?1 AND month = ?2

-- name: cover_bill_all
SELECT unit_no || '/' || month, unit_no, month, state, persons, unit_fen, person_fen, verify, due_day, computed FROM
  bill ORDER BY unit_no, month

-- name: cover_contribution_get
SELECT unit_no || '/' || month || '/' || person_no || '/' || ins, unit_no, month, person_no, ins, wage_fen, base_fen,
  unit_ppm, person_ppm, unit_fen, person_fen FROM contribution WHERE unit_no = ?1 AND month = ?2 AND person_no = ?3
  AND ins = ?4

-- name: cover_contribution_all
SELECT unit_no || '/' || month || '/' || person_no || '/' || ins, unit_no, month, person_no, ins, wage_fen, base_fen,
  unit_ppm, person_ppm, unit_fen, person_fen FROM contribution ORDER BY unit_no, month, person_no, ins

-- name: cover_contribution_month
SELECT unit_no || '/' || month || '/' || person_no || '/' || ins, unit_no, month, person_no, ins, wage_fen, base_fen,
  unit_ppm, person_ppm, unit_fen, person_fen FROM contribution WHERE unit_no = ?1 AND month = ?2

-- name: cover_filing_get
SELECT no, no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version,
  content_sealed, row_count, corrects, corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed
  FROM filing WHERE no = ?1

-- name: cover_filing_all
SELECT no, no, business, version, state, unit_no, unit_name, region, person_id, filer, content_version,
  content_sealed, row_count, corrects, corrected_by, submit_sm3, reviewer1, submitted, due, expires, created, changed
  FROM filing ORDER BY no

-- name: cover_filing_definition_get
SELECT no, no, sm3 FROM filing_definition WHERE no = ?1

-- name: cover_filing_definition_all
SELECT no, no, sm3 FROM filing_definition ORDER BY no

-- name: cover_filing_statement_get
SELECT sm3, sm3, type, person_id, statement_sealed, sig, cert, time FROM filing_statement WHERE sm3 = ?1

-- name: cover_filing_statement_all
SELECT sm3, sm3, type, person_id, statement_sealed, sig, cert, time FROM filing_statement ORDER BY sm3

-- name: cover_filing_event_get
SELECT no || '/' || seq, no, seq, time, version, act, from_state, to_state, person_id, name, role, serial, rule,
  statement_sm3, opinion_sealed FROM filing_event WHERE no = ?1 AND seq = CASE WHEN ?2 > 0 THEN ?2 ELSE (SELECT
  MAX(seq) FROM filing_event WHERE no = ?1) END

-- name: cover_filing_event_all
SELECT no || '/' || seq, no, seq, time, version, act, from_state, to_state, person_id, name, role, serial, rule,
  statement_sm3, opinion_sealed FROM filing_event ORDER BY no, seq

-- name: cover_attachment_get
SELECT no || '/' || file, no, file, slot, sm3, name_sealed FROM attachment WHERE no = ?1 AND file = ?2

-- name: cover_attachment_all
SELECT no || '/' || file, no, file, slot, sm3, name_sealed FROM attachment ORDER BY no, file

-- name: cover_attachment_filing
SELECT no || '/' || file, no, file, slot, sm3, name_sealed FROM attachment WHERE no = ?1

-- name: cover_attachment_file_get
SELECT CAST(file AS TEXT), file, media, octets, pages, sm3, person_id, time FROM attachment_file WHERE file = ?1

-- name: cover_attachment_file_all
SELECT CAST(file AS TEXT), file, media, octets, pages, sm3, person_id, time FROM attachment_file ORDER BY file

-- name: cover_attachment_file_filing
SELECT CAST(file AS TEXT), file, media, octets, pages, sm3, person_id, time FROM attachment_file
WHERE file IN (SELECT file FROM attachment WHERE no = ?1)

-- name: cover_attachment_part_get
SELECT file || '/' || page || '/' || part, file, page, part, sealed FROM attachment_part
WHERE file = ?1 AND page = ?2 AND part = ?3

-- name: cover_attachment_part_all
SELECT file || '/' || page || '/' || part, file, page, part, sealed FROM attachment_part ORDER BY file, page, part

-- name: cover_attachment_part_filing
SELECT file || '/' || page || '/' || part, file, page, part, sealed FROM attachment_part
WHERE file IN (SELECT file FROM attachment WHERE no = ?1)

-- Files of attachments that the filing once had, and their parts: the keys, for those that are gone with it.

-- name: gone_attachment_file
SELECT f.key FROM log_cover a JOIN log_cover f ON f.tbl = 'attachment_file' AND f.key = substr(a.key, length(?1) + 2)
WHERE a.tbl = 'attachment' AND a.key >= ?1 || '/' AND a.key < ?1 || '/' || char(1114111) AND f.row_sm3 <> zeroblob(32)
  AND f.seq = (SELECT MAX(d.seq) FROM log_cover d WHERE d.tbl = f.tbl AND d.key = f.key) GROUP BY f.key

-- name: gone_attachment_part
SELECT p.key FROM log_cover a JOIN log_cover p ON p.tbl = 'attachment_part' AND p.key >= substr(a.key, length(?1) + 2) || '/'
  AND p.key < substr(a.key, length(?1) + 2) || '/' || char(1114111)
WHERE a.tbl = 'attachment' AND a.key >= ?1 || '/' AND a.key < ?1 || '/' || char(1114111) AND p.row_sm3 <> zeroblob(32)
  AND p.seq = (SELECT MAX(d.seq) FROM log_cover d WHERE d.tbl = p.tbl AND d.key = p.key) GROUP BY p.key

-- What a filing wrote into the registers, or closed there.

-- name: cover_person_filing
SELECT person_no, person_no, name, id_sealed, id_digest, mobile_sealed, created FROM person WHERE person_no IN (SELECT
  person_no FROM person_detail WHERE filing_no = ?1)

-- name: cover_person_detail_filing
SELECT person_no || '/' || version, person_no, version, detail_sealed, filing_no, valid_from, valid_to, closed_by FROM
  person_detail WHERE filing_no = ?1 OR closed_by = ?1

-- name: cover_employment_filing
SELECT unit_no || '/' || person_no || '/' || version, unit_no, person_no, version, hire_day, form, contract_type,
  contract_from, contract_to, post, retire_class, special_job, filing_no, valid_from, valid_to, closed_by FROM
  employment WHERE filing_no = ?1 OR closed_by = ?1

-- name: cover_wage_filing
SELECT unit_no || '/' || person_no || '/' || from_month || '/' || version, unit_no, person_no, from_month, version,
  wage_fen, filing_no, recorded FROM wage WHERE filing_no = ?1

-- name: cover_enrolment_filing
SELECT person_no || '/' || unit_no || '/' || ins || '/' || version, person_no, unit_no, ins, version, status,
  from_month, to_month, enrol_type, filing_no, valid_from, valid_to, closed_by FROM enrolment WHERE filing_no = ?1 OR
  closed_by = ?1
