-- The record of every exchange. Text that is not there is '', so that it can be part of
-- a key in every database; a number that is not known is NULL.

-- Counts that all processes share: a row each, by name.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
) KEYED;

-- `exchanges`: the last number given; `prunes`: how often askers were taken away;
-- `kept_from_hour`: of hours before it only the sums are kept.
INSERT INTO counters (name, value) VALUES
    ('exchanges', 0), ('prunes', 0), ('kept_from_hour', 0);

-- The last batch each writer has committed: what it reads when it does not know whether
-- its last transaction came through.
CREATE TABLE writers (
    writer TEXT PRIMARY KEY,
    batch BIGINT NOT NULL,
    written_ms BIGINT NOT NULL
) KEYED;

-- Who asks, and as what: what exchanges have in common stands here once. `asker_id` is a
-- hash of the rest.
CREATE TABLE askers (
    asker_id ROW_ID,
    route TEXT NOT NULL,
    virtual_key TEXT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    camera TEXT NOT NULL,
    tags TEXT NOT NULL
);

-- `exchange_id` is the time it was recorded at, in ms, times 1000, and more: they count
-- up, and a stretch of time is a stretch of them, so that none but the primary key is
-- needed to find exchanges of a time. `provider` and `model` answered. `cost_nano` is
-- what is known of the cost, and `unknown_costs` in how many attempts it is not. Where
-- an exchange is one attempt that answered, that attempt stands here alone, and
-- `cost_basis` is not ''.
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
    asker_id BIGINT NOT NULL,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cached_tokens BIGINT,
    cache_write_tokens BIGINT,
    reasoning_tokens BIGINT,
    cost_nano BIGINT NOT NULL,
    unknown_costs BIGINT NOT NULL,
    finish TEXT NOT NULL,
    error_blame TEXT NOT NULL,
    error_kind TEXT NOT NULL,
    rescue TEXT NOT NULL,
    hedged BIGINT NOT NULL,
    provider_key TEXT NOT NULL,
    cost_basis TEXT NOT NULL
);

CREATE INDEX exchanges_request ON exchanges (request_id);

CREATE TABLE attempts (
    exchange_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
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
    provider_key TEXT NOT NULL,
    cost_basis TEXT NOT NULL,
    PRIMARY KEY (exchange_id, position)
) KEYED;

-- Every attempt, wherever it stands.
CREATE VIEW every_attempt AS
SELECT exchange_id, position, provider, model, started_us, ended_us, error_blame,
    error_kind, error_status, input_tokens, output_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, cost_nano, provider_key, cost_basis
FROM attempts
UNION ALL
SELECT exchange_id, 0, provider, model, 0, duration_us, '', '', 0, input_tokens,
    output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens,
    CASE WHEN unknown_costs = 0 THEN cost_nano END, provider_key, cost_basis
FROM exchanges WHERE cost_basis <> '';

-- The same, added up by the hour (since 1970) in which an exchange began. Tokens and cost
-- are of attempts and stand with who was called; the exchange itself is counted with who
-- answered, or else with who was called last.
CREATE TABLE hours (
    hour BIGINT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    asker_id BIGINT NOT NULL,
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
    PRIMARY KEY (hour, provider, model, asker_id)
) KEYED;
