-- 自动作废 of desk cases (state 9): like 办结 and 不予受理 it does not stand in the way of a new case of the same holder.
DROP INDEX cert_case_running;
CREATE UNIQUE INDEX cert_case_running ON cert_case (subject) WHERE state NOT IN (6, 8, 9);
