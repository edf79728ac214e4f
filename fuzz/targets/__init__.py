"""What is fuzzed: each module has a `judge` that takes the fuzzer's bytes."""
