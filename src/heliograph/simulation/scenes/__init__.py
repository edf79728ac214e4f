"""Labelled event recordings made from masked pictures, to train a detector with."""
