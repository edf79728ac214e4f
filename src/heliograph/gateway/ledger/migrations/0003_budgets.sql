-- What was spent of each cap, by the bucket of its window (seconds since 1970). The sum of
-- the buckets of a window and of all leases is never more than the cap.
CREATE TABLE budget_spent (
    cap TEXT NOT NULL,
    bucket_s BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (cap, bucket_s)
) KEYED;

-- What each exchange was charged to caps of money, so that it can be audited.
CREATE TABLE budget_charges (
    exchange_id BIGINT NOT NULL,
    cap TEXT NOT NULL,
    bucket_s BIGINT NOT NULL,
    amount BIGINT NOT NULL
);

CREATE INDEX budget_charges_cap ON budget_charges (cap, bucket_s);

-- The slices of caps that processes hold, and what a holder lacks.
CREATE TABLE budget_leases (
    cap TEXT NOT NULL,
    holder TEXT NOT NULL,
    amount BIGINT NOT NULL,
    lacks BIGINT NOT NULL,
    PRIMARY KEY (cap, holder)
) KEYED;

-- A holder whose beat stands still is dead, and its slices are free again.
CREATE TABLE budget_holders (
    holder TEXT PRIMARY KEY,
    beat BIGINT NOT NULL
) KEYED;

-- Soft limits that were told of, once in each window.
CREATE TABLE budget_notices (
    cap TEXT NOT NULL,
    window_s BIGINT NOT NULL,
    PRIMARY KEY (cap, window_s)
) KEYED;
