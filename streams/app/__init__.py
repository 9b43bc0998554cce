"""The composition root: settings and connectors in, a Faust app with its flows and sinks out.

Nothing here decides anything; it is the only package that knows all the others.
Commands need parts of it: nothing is imported from here, so that each imports what it needs.
"""
