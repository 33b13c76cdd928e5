"""Closed by default: who may see what, and how the process knows.

    access.py       what the environment asks for: loopback only, sign-in, or everybody
    provider.py     the OpenID Connect provider, from variables and a secret; pure
    source.py       the provider as it becomes known, which may be after the start
    addresses.py    which addresses are this machine's own
    gate.py         the middleware that every request passes
    session.py      the person behind a signed-in browser's cookie
    issuer.py       the provider's published keys
    bearer.py       the person behind a program's token
    logs.py         keeps codes that open something out of the access log

`docs/sign-in.md` is the guide.
"""
