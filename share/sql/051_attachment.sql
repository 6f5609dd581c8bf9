-- Attachments of filings (server/filing/attach.h). A file is stored once and may belong to a filing and to its corrections.
-- Octets, pictures drawn from them and the file's name are sealed; sm3 is of the octets as they came.

CREATE TABLE attachment_file (
  file      BIGINT PRIMARY KEY,
  media     INTEGER NOT NULL,
  octets    BIGINT NOT NULL,
  pages     BIGINT NOT NULL,
  sm3       TEXT NOT NULL,
  person_id TEXT NOT NULL,
  time      BIGINT NOT NULL
);

CREATE TABLE attachment (
  no          TEXT NOT NULL REFERENCES filing (no),
  file        BIGINT NOT NULL REFERENCES attachment_file (file),
  slot        TEXT NOT NULL,
  sm3         TEXT NOT NULL,
  name_sealed BLOB NOT NULL,
  PRIMARY KEY (no, file)
);
-- What a holder has open: its attachments are summed up before each other one.
CREATE INDEX filing_open ON filing (unit_no, person_id) WHERE state IN (1, 6, 7);
CREATE UNIQUE INDEX attachment_same ON attachment (no, slot, sm3);
CREATE INDEX attachment_of_file ON attachment (file);

-- page -1: the original; 0: a picture upright and clean; 1 and on: previews. In parts, because a sealed value has a maximum.
CREATE TABLE attachment_part (
  file   BIGINT NOT NULL REFERENCES attachment_file (file),
  page   INTEGER NOT NULL,
  part   INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (file, page, part)
);
