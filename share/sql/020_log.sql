-- The tamper-evident log (docs/protocol/log.md). Every column of an entry is under its leaf or follows from what is.

-- seq: order of arrival; idx: place in the tree, NULL while pending (state 0). marks: four octets for each column, so that
-- a changed one can be named; they prove nothing by themselves.
CREATE TABLE log_entry (
  seq           INTEGER PRIMARY KEY,
  state         INTEGER NOT NULL CHECK (state IN (0, 1)),
  epoch         BIGINT,
  idx           BIGINT,
  time          BIGINT NOT NULL,
  kind          TEXT NOT NULL,
  subject       TEXT NOT NULL,
  rule          TEXT NOT NULL,
  statement     BLOB,
  statement_sm3 BLOB,
  sig           BLOB,
  cert_sm3      BLOB,
  cert_serial   TEXT NOT NULL,
  ocsp          BLOB,
  salt          BLOB NOT NULL,
  leaf          BLOB,
  marks         BLOB NOT NULL
);
CREATE UNIQUE INDEX log_entry_place ON log_entry (epoch, idx);
CREATE INDEX log_entry_subject ON log_entry (subject, seq);
CREATE INDEX log_entry_journal ON log_entry (seq) WHERE kind = 'JOURNAL';
CREATE INDEX log_entry_pending ON log_entry (seq) WHERE state = 0;

-- Certificates that acts were signed with, once each.
CREATE TABLE log_cert (
  sm3    BLOB PRIMARY KEY,
  serial TEXT NOT NULL,
  der    BLOB NOT NULL
);

-- Rows of other tables as the entry left them; row_sm3 of 32 zeros: the row was gone. The newest one of a row counts.
CREATE TABLE log_cover (
  seq     BIGINT NOT NULL,
  n       INTEGER NOT NULL,
  tbl     TEXT NOT NULL,
  key     TEXT NOT NULL,
  row_sm3 BLOB NOT NULL,
  marks   BLOB NOT NULL,
  PRIMARY KEY (seq, n)
);
CREATE INDEX log_cover_row ON log_cover (tbl, key, seq);

-- Complete nodes of the tree: never changed once made.
CREATE TABLE log_node (
  epoch BIGINT NOT NULL,
  level INTEGER NOT NULL,
  idx   BIGINT NOT NULL,
  hash  BLOB NOT NULL,
  PRIMARY KEY (epoch, level, idx)
);

CREATE TABLE log_head (
  epoch BIGINT NOT NULL,
  size  BIGINT NOT NULL,
  root  BLOB NOT NULL,
  time  BIGINT NOT NULL,
  text  BLOB NOT NULL,
  sig   BLOB,
  stamp BLOB,
  marks BLOB NOT NULL,
  PRIMARY KEY (epoch, size)
);
