-- What was decided when a filing was submitted (server/filing/filing_verdict.c), and what came too late for its month.

CREATE TABLE filing_verdict (
  no            TEXT PRIMARY KEY REFERENCES filing (no),
  unit_no       TEXT NOT NULL,
  month         INTEGER NOT NULL,
  back_dated    INTEGER NOT NULL CHECK (back_dated IN (0, 1)),
  second_review INTEGER NOT NULL CHECK (second_review IN (0, 1)),
  filed         BIGINT NOT NULL
);
CREATE INDEX filing_verdict_unit ON filing_verdict (unit_no, month);

-- Of a person the months whose bills were approved when a filing about them was (server/business/effect.c): recorded here,
-- charged later. 补缴
CREATE TABLE supplement (
  filing_no  TEXT NOT NULL,
  person_no  TEXT NOT NULL REFERENCES person (person_no),
  unit_no    TEXT NOT NULL,
  from_month INTEGER NOT NULL,
  to_month   INTEGER NOT NULL,
  PRIMARY KEY (filing_no, person_no)
);
CREATE INDEX supplement_unit ON supplement (unit_no, from_month);
