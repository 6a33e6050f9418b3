"""Many sandboxes on a platform that slows down and goes wrong."""
