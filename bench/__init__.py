"""Benchmarks: one module for each hot path, each printing what it measured beside what it is compared with."""
