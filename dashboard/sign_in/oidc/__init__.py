"""Settings and tokens of an OpenID Connect provider flow in, the person behind a token flows out."""
