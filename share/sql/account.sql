-- Accounts: what a certificate's subject id is bound to, and the optional login password.

-- name: account_get
SELECT subject, kind, COALESCE(unit_no, ''), person_no, holder, frozen, CASE WHEN password IS NULL THEN 0 ELSE 1 END, fails, wait_until
FROM account WHERE subject = ?1

-- name: account_put
INSERT INTO account (subject, kind, unit_no, person_no, holder, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (subject) DO UPDATE SET kind = ?2, holder = ?5

-- name: account_set_frozen
UPDATE account SET frozen = ?2 WHERE subject = ?1

-- name: account_password
SELECT password FROM account WHERE subject = ?1

-- name: account_set_password
UPDATE account SET password = ?2, fails = 0, wait_until = 0 WHERE subject = ?1

-- name: account_password_ok
UPDATE account SET fails = 0, wait_until = 0 WHERE subject = ?1

-- name: account_password_bad
UPDATE account SET fails = fails + 1, wait_until = CASE WHEN fails + 1 >= ?2 THEN CAST(?3 AS BIGINT) ELSE 0 END WHERE subject = ?1
