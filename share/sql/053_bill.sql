-- What the month's rule saw of a unit's registers when it computed a month (server/insurance/month_turn.h).
CREATE TABLE bill_turn (
  unit_no  TEXT NOT NULL REFERENCES unit (unit_no),
  month    INTEGER NOT NULL,
  rev      BIGINT NOT NULL,
  mark     BIGINT NOT NULL,
  turned   BIGINT NOT NULL,
  PRIMARY KEY (unit_no, month)
);
CREATE INDEX bill_open ON bill (month, unit_no) WHERE state = 0;
