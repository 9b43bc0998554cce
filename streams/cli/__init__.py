"""The operator's command line: one module per group of commands.

Exit codes: 0 done, 1 found something wrong, 2 cannot run.  Every command prints what it found, and with --json as data.
"""
