-- What was asked and answered, where the config switched that on: without pictures and
-- keys, and cut where it was too long.
CREATE TABLE bodies (
    exchange_id ROW_ID,
    request TEXT NOT NULL,
    answer TEXT NOT NULL
);
