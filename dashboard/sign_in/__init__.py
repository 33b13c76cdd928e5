"""Requests flow in, and only those of a known person or program flow out to pages and API.

    access.py       the kind of access that the environment sets: loopback, sign-in, or everyone
    oidc/provider.py  the OpenID Connect provider, from variables and a secret
    oidc/source.py    reads the provider's settings, also after the start
    addresses.py    which addresses are this machine's own
    gate.py         the middleware that every request passes
    sign_in_page.py the page of a signed-out browser, without a script run
    socket/gate.py    the middleware that every page's socket passes
    socket/messages.py  the messages of a browser that may reach Streamlit
    session.py      cookies to the person who is signed in
    sessions.py     which sign-ins still hold, and how they end
    oidc/issuer.py    the provider's published keys
    oidc/bearer.py    a program's token to the person it was issued to
    logs.py         removes sign-in codes from the access log

`docs/sign-in.md` is the guide.
"""
