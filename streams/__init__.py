"""The application: flows decide, sinks act, the runtime keeps the promise."""
