"""Commands that read a topic again."""
