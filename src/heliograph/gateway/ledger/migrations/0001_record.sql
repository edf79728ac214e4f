-- The record of every exchange. Text that is not there is '', so that it can be part of
-- a key in every database; a number that is not known is NULL.

-- Counts that all processes share: a row each, by name.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
) KEYED;

INSERT INTO counters (name, value) VALUES ('exchanges', 0);

-- The last batch each writer has committed: what it reads when it does not know whether
-- its last transaction came through.
CREATE TABLE writers (
    writer TEXT PRIMARY KEY,
    batch BIGINT NOT NULL,
    written_ms BIGINT NOT NULL
) KEYED;

-- `provider` and `model` answered. `cost_nano` is what is known of the cost, and
-- `unknown_costs` in how many attempts it is not.
CREATE TABLE exchanges (
    exchange_id ROW_ID,
    request_id TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    first_byte_us BIGINT,
    outcome TEXT NOT NULL,
    status BIGINT NOT NULL,
    stream BIGINT NOT NULL,
    asked_model TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    route TEXT NOT NULL,
    virtual_key TEXT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    camera TEXT NOT NULL,
    tags TEXT NOT NULL,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cached_tokens BIGINT,
    cache_write_tokens BIGINT,
    reasoning_tokens BIGINT,
    finish TEXT NOT NULL,
    cost_nano BIGINT NOT NULL,
    unknown_costs BIGINT NOT NULL,
    error_blame TEXT NOT NULL,
    error_kind TEXT NOT NULL,
    rescue TEXT NOT NULL,
    hedged BIGINT NOT NULL
);

CREATE INDEX exchanges_started ON exchanges (started_ms);
CREATE INDEX exchanges_request ON exchanges (request_id);
CREATE INDEX exchanges_key ON exchanges (virtual_key, started_ms) WHERE virtual_key <> '';
CREATE INDEX exchanges_error ON exchanges (error_kind, started_ms) WHERE error_kind <> '';

CREATE TABLE attempts (
    exchange_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    error_blame TEXT NOT NULL,
    error_kind TEXT NOT NULL,
    error_status BIGINT NOT NULL,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cached_tokens BIGINT,
    cache_write_tokens BIGINT,
    reasoning_tokens BIGINT,
    cost_nano BIGINT,
    cost_basis TEXT NOT NULL,
    PRIMARY KEY (exchange_id, position)
) KEYED;

CREATE TABLE tags (
    tag TEXT NOT NULL,
    exchange_id BIGINT NOT NULL,
    PRIMARY KEY (tag, exchange_id)
) KEYED;

-- The same, added up by the hour (since 1970) in which an exchange began. Tokens and cost
-- are of attempts and stand with who was called; the exchange itself is counted with who
-- answered, or else with who was called last.
CREATE TABLE hours (
    hour BIGINT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    route TEXT NOT NULL,
    virtual_key TEXT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    camera TEXT NOT NULL,
    tags TEXT NOT NULL,
    exchanges BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failed_attempts BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_nano BIGINT NOT NULL,
    unknown_costs BIGINT NOT NULL,
    PRIMARY KEY (hour, provider, model, route, virtual_key, team, project, camera, tags)
) KEYED;
