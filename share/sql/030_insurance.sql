-- Registers of insurance (参保登记) and the month's contributions.
-- A version of a row is what the register held from valid_from to valid_to (UTC seconds, 0: still); months are yyyymm.
-- Nothing is overwritten: a change closes the current version and adds the next. Money is fen.

CREATE TABLE unit_insurance (
  unit_no    TEXT NOT NULL REFERENCES unit (unit_no),
  ins        TEXT NOT NULL,
  from_month INTEGER NOT NULL,
  to_month   INTEGER NOT NULL DEFAULT 0,
  risk_class INTEGER NOT NULL,
  float_ppm  BIGINT NOT NULL,
  recorded   BIGINT NOT NULL,
  PRIMARY KEY (unit_no, ins, from_month)
);

-- Sealed JSON: gender, birth, ethnic, hukou, addresses, remark.
CREATE TABLE person_detail (
  person_no     TEXT NOT NULL REFERENCES person (person_no),
  version       BIGINT NOT NULL,
  detail_sealed BLOB NOT NULL,
  filing_no     TEXT NOT NULL,
  valid_from    BIGINT NOT NULL,
  valid_to      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (person_no, version)
);
CREATE UNIQUE INDEX person_detail_now ON person_detail (person_no) WHERE valid_to = 0;

CREATE TABLE employment (
  unit_no       TEXT NOT NULL REFERENCES unit (unit_no),
  person_no     TEXT NOT NULL REFERENCES person (person_no),
  version       BIGINT NOT NULL,
  hire_day      BIGINT NOT NULL,
  form          TEXT NOT NULL,
  contract_type TEXT NOT NULL,
  contract_from BIGINT NOT NULL,
  contract_to   BIGINT NOT NULL,
  post          TEXT NOT NULL,
  retire_class  INTEGER NOT NULL,
  special_job   INTEGER NOT NULL CHECK (special_job IN (0, 1)),
  filing_no     TEXT NOT NULL,
  valid_from    BIGINT NOT NULL,
  valid_to      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (unit_no, person_no, version)
);
CREATE UNIQUE INDEX employment_now ON employment (unit_no, person_no) WHERE valid_to = 0;
CREATE INDEX employment_person ON employment (person_no);

-- Declared wage from a month on.
CREATE TABLE wage (
  unit_no    TEXT NOT NULL,
  person_no  TEXT NOT NULL REFERENCES person (person_no),
  from_month INTEGER NOT NULL,
  version    BIGINT NOT NULL,
  wage_fen   BIGINT NOT NULL CHECK (wage_fen >= 0),
  filing_no  TEXT NOT NULL,
  recorded   BIGINT NOT NULL,
  PRIMARY KEY (unit_no, person_no, from_month, version)
);

-- AAC031 by interval of months; an open interval of status 1 exists once per person and insurance in the whole city.
CREATE TABLE enrolment (
  person_no  TEXT NOT NULL REFERENCES person (person_no),
  unit_no    TEXT NOT NULL REFERENCES unit (unit_no),
  ins        TEXT NOT NULL,
  version    BIGINT NOT NULL,
  status     INTEGER NOT NULL CHECK (status IN (1, 2, 3)),
  from_month INTEGER NOT NULL,
  to_month   INTEGER NOT NULL DEFAULT 0,
  enrol_type TEXT NOT NULL,
  filing_no  TEXT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_to   BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (person_no, unit_no, ins, version)
);
CREATE UNIQUE INDEX enrolment_active ON enrolment (person_no, ins) WHERE valid_to = 0 AND status = 1 AND to_month = 0;
CREATE INDEX enrolment_unit ON enrolment (unit_no, valid_to, from_month);

CREATE TABLE bill (
  unit_no    TEXT NOT NULL REFERENCES unit (unit_no),
  month      INTEGER NOT NULL,
  state      INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1)),
  persons    BIGINT NOT NULL,
  unit_fen   BIGINT NOT NULL,
  person_fen BIGINT NOT NULL,
  verify     INTEGER NOT NULL,
  due_day    BIGINT NOT NULL,
  computed   BIGINT NOT NULL,
  PRIMARY KEY (unit_no, month)
);

CREATE TABLE contribution (
  unit_no    TEXT NOT NULL,
  month      INTEGER NOT NULL,
  person_no  TEXT NOT NULL REFERENCES person (person_no),
  ins        TEXT NOT NULL,
  wage_fen   BIGINT NOT NULL,
  base_fen   BIGINT NOT NULL,
  unit_ppm   BIGINT NOT NULL,
  person_ppm BIGINT NOT NULL,
  unit_fen   BIGINT NOT NULL,
  person_fen BIGINT NOT NULL,
  PRIMARY KEY (unit_no, month, person_no, ins),
  FOREIGN KEY (unit_no, month) REFERENCES bill (unit_no, month)
);
CREATE INDEX contribution_person ON contribution (person_no, month);
