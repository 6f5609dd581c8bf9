-- Which filing closed a version of a register row ('' while it stands, or when nobody recorded it), so that a filing's entry in
-- the log can name every row that it wrote or closed (docs/protocol/log.md, 1).
ALTER TABLE person_detail ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE employment ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE enrolment ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';

CREATE INDEX person_detail_filing ON person_detail (filing_no);
CREATE INDEX person_detail_closed ON person_detail (closed_by);
CREATE INDEX employment_filing ON employment (filing_no);
CREATE INDEX employment_closed ON employment (closed_by);
CREATE INDEX wage_filing ON wage (filing_no);
CREATE INDEX enrolment_filing ON enrolment (filing_no);
CREATE INDEX enrolment_closed ON enrolment (closed_by);

-- Four octets for each column of the row itself, so that a changed one can be named; NULL in rows from before this version.
ALTER TABLE log_cover ADD COLUMN own BLOB;

-- Whether the rows from before this version have been taken under the log (src/evidence/log.h, log_adopt).
CREATE INDEX log_entry_adopt ON log_entry (subject) WHERE kind = 'LOG-ADOPT';
