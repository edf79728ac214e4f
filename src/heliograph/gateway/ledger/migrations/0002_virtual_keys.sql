-- The keys that we give to callers. Their secrets are known by a keyed hash alone, which
-- is written in hexadecimal digits; `hint` is the end of the secret, to tell it by. Times
-- are seconds since 1970.

INSERT INTO counters (name, value) VALUES ('virtual_keys', 0);

-- With which secret of the gateways the hashes were made, as a hash of its own.
CREATE TABLE key_hashing (
    fingerprint TEXT PRIMARY KEY
) KEYED;

-- `terms` is JSON: tags, models, routes, ip_ranges, limits.
CREATE TABLE virtual_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    camera TEXT NOT NULL,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
) KEYED;

CREATE UNIQUE INDEX virtual_keys_name ON virtual_keys (name) WHERE revoked_at IS NULL;

CREATE TABLE virtual_key_secrets (
    hash TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT
) KEYED;

CREATE INDEX virtual_key_secrets_key ON virtual_key_secrets (key_id, created_at);

CREATE TABLE admin_keys (
    hash TEXT PRIMARY KEY,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT
) KEYED;
