"""What all settings have in common."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Unknown names are errors; secrets never stand in messages."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True, allow_inf_nan=False
    )
