-- Filings of the businesses (server/filing). Sealed columns end in _sealed. Times are UTC seconds.

CREATE TABLE filing (
  no              TEXT PRIMARY KEY,
  business        TEXT NOT NULL,
  version         BIGINT NOT NULL,
  state           INTEGER NOT NULL,
  unit_no         TEXT NOT NULL,
  unit_name       TEXT NOT NULL,
  region          TEXT NOT NULL,
  person_id       TEXT NOT NULL,
  filer           TEXT NOT NULL,
  content_version BIGINT NOT NULL,
  content_sealed  BLOB NOT NULL,
  row_count       BIGINT NOT NULL DEFAULT 0,
  corrects        TEXT REFERENCES filing (no),
  corrected_by    TEXT REFERENCES filing (no),
  submit_sm3      TEXT NOT NULL DEFAULT '',
  reviewer1       TEXT NOT NULL DEFAULT '',
  submitted       BIGINT NOT NULL DEFAULT 0,
  due             BIGINT NOT NULL DEFAULT 0,
  expires         BIGINT NOT NULL DEFAULT 0,
  created         BIGINT NOT NULL,
  changed         BIGINT NOT NULL
);
CREATE INDEX filing_of_unit ON filing (unit_no, changed);
CREATE INDEX filing_of_person ON filing (person_id, changed);
CREATE INDEX filing_work ON filing (state, due);
CREATE INDEX filing_timer ON filing (expires) WHERE expires > 0;
-- One open correction of a filing: neither 不予受理, 自动作废 nor already corrected itself.
CREATE UNIQUE INDEX filing_correction ON filing (corrects) WHERE corrects IS NOT NULL AND state NOT IN (8, 9, 10);

-- What was shown to be signed: good for that person, for a while.
CREATE TABLE filing_shown (
  sm3       TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  time      BIGINT NOT NULL
);
CREATE INDEX filing_shown_time ON filing_shown (time);

-- Signed statements; one may belong to many filings (bulk approval).
CREATE TABLE filing_statement (
  sm3              TEXT PRIMARY KEY,
  type             TEXT NOT NULL,
  person_id        TEXT NOT NULL,
  statement_sealed BLOB NOT NULL,
  sig              BLOB NOT NULL,
  cert             BLOB NOT NULL,
  time             BIGINT NOT NULL
);

CREATE TABLE filing_event (
  no             TEXT NOT NULL REFERENCES filing (no),
  seq            BIGINT NOT NULL,
  time           BIGINT NOT NULL,
  version        BIGINT NOT NULL,
  act            INTEGER NOT NULL,
  from_state     INTEGER NOT NULL,
  to_state       INTEGER NOT NULL,
  person_id      TEXT NOT NULL,
  name           TEXT NOT NULL,
  role           TEXT NOT NULL,
  serial         TEXT NOT NULL,
  rule           TEXT NOT NULL,
  statement_sm3  TEXT NOT NULL,
  opinion_sealed BLOB,
  PRIMARY KEY (no, seq)
);
CREATE INDEX filing_event_statement ON filing_event (statement_sm3, no);
