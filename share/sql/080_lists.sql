-- Lists of pages are read in the order of an index: a page neither looks through nor sorts what grows with the years.
DROP INDEX filing_of_unit;
CREATE INDEX filing_of_unit ON filing (unit_no, changed, no);
DROP INDEX filing_of_person;
CREATE INDEX filing_of_person ON filing (person_id, changed, no) WHERE unit_no = '';
DROP INDEX filing_work;
CREATE INDEX filing_work ON filing (due, no) WHERE state IN (2, 3, 4);
DROP INDEX filing_timer;
CREATE INDEX filing_timer ON filing (expires, no) WHERE expires > 0;
DROP INDEX cert_case_state;
CREATE INDEX cert_case_state ON cert_case (state, changed, case_no);
-- Cases that are open: who has the step looks through these alone.
CREATE INDEX cert_case_open ON cert_case (state, unit_no, case_no) WHERE state NOT IN (6, 8, 9);
CREATE INDEX enrolment_roster ON enrolment (unit_no, person_no, ins) WHERE valid_to = 0 AND to_month = 0;
