"""`python -m streams` and the command `commerce-streams`."""

from streams.cli.main import main

if __name__ == "__main__":
    main()

__all__ = ["main"]
