"""What explorers share: panels, controls, and what makes them usable without eyes or a mouse."""
