-- Where the rows of a draft stand in the spreadsheet they came from (server/filing/filing_sheet.h).

CREATE TABLE filing_sheet (
  no         TEXT PRIMARY KEY REFERENCES filing (no),
  map_sealed BLOB NOT NULL
);
