-- Rows of uploaded spreadsheets (server/filing/filing_sheet.h).

-- name: filing_sheet_put
INSERT INTO filing_sheet (no, map_sealed) VALUES (?1, ?2) ON CONFLICT (no) DO UPDATE SET map_sealed = excluded.map_sealed

-- name: filing_sheet_get
SELECT map_sealed FROM filing_sheet WHERE no = ?1
