-- What the portal asks across subjects.

-- name: portal_session_serials
SELECT DISTINCT cert_serial FROM session
