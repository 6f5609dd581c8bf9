-- Register, accounts, desk cases and the copy of the signer's certificates.
-- Sealed columns (store/field.h) end in _sealed, keyed digests in _digest. Times are UTC seconds.

CREATE TABLE counter (
  name  TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);

CREATE TABLE unit (
  unit_no TEXT PRIMARY KEY,
  uscc    TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL,
  type    TEXT NOT NULL,
  region  TEXT NOT NULL,
  address TEXT NOT NULL,
  frozen  INTEGER NOT NULL DEFAULT 0,
  created BIGINT NOT NULL
);

CREATE TABLE person (
  person_no     TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  id_sealed     BLOB NOT NULL,
  id_digest     BLOB NOT NULL UNIQUE,
  mobile_sealed BLOB NOT NULL,
  created       BIGINT NOT NULL
);

CREATE TABLE account (
  subject   TEXT PRIMARY KEY,
  kind      TEXT NOT NULL CHECK (kind IN ('unit', 'unit-member', 'person', 'staff')),
  unit_no   TEXT REFERENCES unit (unit_no),
  person_no TEXT NOT NULL,
  holder    TEXT NOT NULL,
  frozen    INTEGER NOT NULL DEFAULT 0,
  password  BLOB,
  fails     INTEGER NOT NULL DEFAULT 0,
  wait_until BIGINT NOT NULL DEFAULT 0,
  created   BIGINT NOT NULL
);
CREATE INDEX account_unit ON account (unit_no);

-- 单位授权委托书: who may act for the unit in which matters, from and to (Beijing midnights, inclusive).
CREATE TABLE letter (
  unit_no    TEXT NOT NULL REFERENCES unit (unit_no),
  letter_no  TEXT NOT NULL,
  person_no  TEXT NOT NULL REFERENCES person (person_no),
  matters    TEXT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_to   BIGINT NOT NULL,
  revoked    BIGINT NOT NULL DEFAULT 0,
  created    BIGINT NOT NULL,
  PRIMARY KEY (unit_no, letter_no)
);

CREATE TABLE cert_case (
  case_no     TEXT PRIMARY KEY,
  version     BIGINT NOT NULL,
  state       INTEGER NOT NULL,
  profile     TEXT NOT NULL,
  subject     TEXT NOT NULL,
  unit_no     TEXT NOT NULL,
  unit_name   TEXT NOT NULL,
  uscc        TEXT NOT NULL,
  person_no   TEXT NOT NULL REFERENCES person (person_no),
  holder      TEXT NOT NULL,
  letter_no   TEXT NOT NULL,
  letter_from BIGINT NOT NULL,
  letter_to   BIGINT NOT NULL,
  days        INTEGER NOT NULL,
  clerk       TEXT NOT NULL DEFAULT '',
  reviewer    TEXT NOT NULL DEFAULT '',
  maker       TEXT NOT NULL DEFAULT '',
  card        TEXT NOT NULL DEFAULT '',
  key_hex     TEXT NOT NULL DEFAULT '',
  csr         BLOB,
  attest      BLOB,
  make_signed INTEGER NOT NULL DEFAULT 0,
  cert_serial TEXT NOT NULL DEFAULT '',
  enc_serial  TEXT NOT NULL DEFAULT '',
  enveloped   BLOB,
  created     BIGINT NOT NULL,
  changed     BIGINT NOT NULL
);
CREATE INDEX cert_case_state ON cert_case (state, changed);
CREATE INDEX cert_case_subject ON cert_case (subject);
CREATE UNIQUE INDEX cert_case_running ON cert_case (subject) WHERE state NOT IN (6, 8);

-- Shown statement of the step whose turn it is: nonce and time make it reproducible.
CREATE TABLE case_shown (
  case_no TEXT PRIMARY KEY REFERENCES cert_case (case_no),
  step    INTEGER NOT NULL,
  version BIGINT NOT NULL,
  officer TEXT NOT NULL,
  nonce   TEXT NOT NULL,
  time    BIGINT NOT NULL
);

CREATE TABLE case_act (
  case_no          TEXT NOT NULL REFERENCES cert_case (case_no),
  step             INTEGER NOT NULL,
  statement_sealed BLOB NOT NULL,
  sig              BLOB NOT NULL,
  cert             BLOB NOT NULL,
  officer          TEXT NOT NULL,
  time             BIGINT NOT NULL,
  PRIMARY KEY (case_no, step)
);

CREATE TABLE case_event (
  case_no        TEXT NOT NULL REFERENCES cert_case (case_no),
  seq            BIGINT NOT NULL,
  time           BIGINT NOT NULL,
  from_state     INTEGER NOT NULL,
  to_state       INTEGER NOT NULL,
  officer        TEXT NOT NULL,
  name           TEXT NOT NULL,
  role           TEXT NOT NULL,
  serial         TEXT NOT NULL,
  opinion_sealed BLOB,
  PRIMARY KEY (case_no, seq)
);

CREATE TABLE cert (
  serial     TEXT PRIMARY KEY,
  subject    TEXT NOT NULL,
  usage      TEXT NOT NULL CHECK (usage IN ('sign', 'enc')),
  case_no    TEXT NOT NULL,
  card       TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after  BIGINT NOT NULL,
  status     INTEGER NOT NULL DEFAULT 0,
  der        BLOB NOT NULL,
  created    BIGINT NOT NULL
);
CREATE INDEX cert_subject ON cert (subject, usage, not_after);
