-- The tables of the store and web layers themselves.
CREATE TABLE schema_version (
	version INTEGER PRIMARY KEY,
	name TEXT NOT NULL
);

-- The cookie holds 32 random octets, this table their SM3 only.
CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	token_sm3 BLOB NOT NULL UNIQUE,
	subject TEXT NOT NULL,
	person_id TEXT NOT NULL,
	unit_no TEXT NOT NULL,
	holder TEXT NOT NULL,
	cert_serial TEXT NOT NULL,
	roles INTEGER NOT NULL,
	locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
	created BIGINT NOT NULL,
	seen BIGINT NOT NULL
);
CREATE INDEX session_by_cert ON session (cert_serial);
CREATE INDEX session_by_seen ON session (seen);

-- A login nonce: 32 random octets, single use, bound to the browser's pre-login cookie.
CREATE TABLE prelogin (
	nonce_sm3 BLOB PRIMARY KEY,
	cookie_sm3 BLOB NOT NULL,
	expires BIGINT NOT NULL
);
CREATE INDEX prelogin_by_cookie ON prelogin (cookie_sm3, expires);
CREATE INDEX prelogin_by_expiry ON prelogin (expires);

-- Attempts per fixed window; the key is a digest, so that it tells nobody who tried.
CREATE TABLE rate_limit (
	key_sm3 BLOB PRIMARY KEY,
	window_start BIGINT NOT NULL,
	count INTEGER NOT NULL
);
CREATE INDEX rate_limit_by_window ON rate_limit (window_start);
