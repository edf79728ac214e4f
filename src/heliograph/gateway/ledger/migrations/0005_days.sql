-- The sums of the hours, added up by the day (since 1970, in UTC): a question of a month
-- reads a tenth of the rows.
CREATE TABLE days (
    day BIGINT NOT NULL,
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
    PRIMARY KEY (day, provider, model, asker_id)
) KEYED;

INSERT INTO days
SELECT hour / 24, provider, model, asker_id, SUM(exchanges), SUM(answered),
    SUM(duration_us), SUM(attempts), SUM(failed_attempts), SUM(input_tokens),
    SUM(output_tokens), SUM(cached_tokens), SUM(cache_write_tokens),
    SUM(reasoning_tokens), SUM(cost_nano), SUM(unknown_costs)
FROM hours GROUP BY hour / 24, provider, model, asker_id;
