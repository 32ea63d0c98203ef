"""Composes the stages: prepare, judge, publish, replay, clean up."""
