"""Closes a stretch of time: evidence from logs, tables and targets, judged by the rules of `streams/domain`."""
