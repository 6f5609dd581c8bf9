-- Cases by district and need: whose event stands in a case may open it. Looks beyond that are found by their kind.
CREATE INDEX case_event_officer ON case_event (officer, case_no);
CREATE INDEX log_entry_look ON log_entry (seq) WHERE kind = 'CASE-LOOK';
