"""`python -m simulators.local_stack`."""

from simulators.local_stack.cli import main

if __name__ == "__main__":
    main(prog_name="python -m simulators.local_stack")
