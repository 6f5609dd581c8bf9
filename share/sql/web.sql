-- Statements of the web layer: sessions, login nonces, attempt limits (src/web/session.c, rate.c).

-- name: session.add
INSERT INTO session (token_sm3, subject, person_id, unit_no, holder, cert_serial, roles, created, seen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) RETURNING id

-- name: session.get
SELECT id, subject, person_id, unit_no, holder, cert_serial, roles, locked, created, seen
FROM session WHERE token_sm3 = ?1

-- name: session.touch
UPDATE session SET seen = ?2 WHERE id = ?1

-- name: session.lock
UPDATE session SET locked = ?2 WHERE id = ?1

-- name: session.end
DELETE FROM session WHERE id = ?1

-- name: session.end_token
DELETE FROM session WHERE token_sm3 = ?1

-- name: session.end_cert
DELETE FROM session WHERE cert_serial = ?1

-- name: session.end_old
DELETE FROM session WHERE seen < ?1 OR created < ?2 OR seen > ?3 OR created > ?3

-- name: prelogin.add
INSERT INTO prelogin (nonce_sm3, cookie_sm3, expires) VALUES (?1, ?2, ?3)

-- name: prelogin.take
DELETE FROM prelogin WHERE nonce_sm3 = ?1 RETURNING cookie_sm3, expires

-- name: prelogin.end_old
DELETE FROM prelogin WHERE expires < ?1

-- name: prelogin.keep_newest
DELETE FROM prelogin WHERE cookie_sm3 = ?1 AND nonce_sm3 NOT IN
	(SELECT nonce_sm3 FROM prelogin WHERE cookie_sm3 = ?1 ORDER BY expires DESC, nonce_sm3 LIMIT ?2)

-- name: prelogin.count
SELECT count(*) FROM prelogin

-- name: rate.hit
INSERT INTO rate_limit (key_sm3, window_start, count) VALUES (?1, ?2, 1)
ON CONFLICT (key_sm3) DO UPDATE SET
	count = CASE WHEN rate_limit.window_start = excluded.window_start THEN rate_limit.count + 1 ELSE 1 END,
	window_start = excluded.window_start
RETURNING count

-- name: rate.clear
DELETE FROM rate_limit WHERE key_sm3 = ?1

-- name: rate.end_old
DELETE FROM rate_limit WHERE window_start < ?1
