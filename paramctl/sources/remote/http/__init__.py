"""HTTP with nothing but the standard library: kept connections, redirects, credentials, ranges."""
