"""What every adapter needs, without any engine's protocol."""
