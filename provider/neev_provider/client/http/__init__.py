"""HTTP: requests, retries, rate limits, connections and responses."""
