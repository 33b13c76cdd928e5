"""The process that serves: middleware, headers, deferred imports, garbage collection."""
