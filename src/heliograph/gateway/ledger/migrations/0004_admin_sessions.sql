-- Who has shown the admin key to the page, so that any worker and any gateway of this
-- store knows him. What is kept is a hash of the session's number, and with which admin
-- key it was begun: the session ends with that key. Times are seconds since 1970.

CREATE TABLE admin_sessions (
    hash TEXT PRIMARY KEY,
    admin TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
) KEYED;
