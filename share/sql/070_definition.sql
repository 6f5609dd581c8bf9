-- Definitions of businesses as they were, and which of them each filing was opened under (server/filing/definitions.h).

CREATE TABLE definition (
  sm3    TEXT PRIMARY KEY,
  code   TEXT NOT NULL,
  octets BLOB NOT NULL,
  since  BIGINT NOT NULL
);
-- A filing of before has none: it goes on under the one in force of its code.
CREATE TABLE filing_definition (
  no  TEXT PRIMARY KEY REFERENCES filing (no),
  sm3 TEXT NOT NULL
);
CREATE INDEX filing_definition_sm3 ON filing_definition (sm3);
