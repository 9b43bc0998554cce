"""What operators do to the running system, without the printing: the command line uses it, and the pages can.

Everything here blocks and is bounded: it reads logs up to where they ended when it was asked, asks the brokers, and
decides with pure functions.
"""
