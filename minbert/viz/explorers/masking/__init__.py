"""The mask stepper: token by token, and many times over."""
