"""Requests flow in, and only those of a known person or program flow out to pages and API.

    setting_up.py       environment to middleware; wrong settings end the process
    access.py           the kind of access that the environment sets: loopback, sign-in, or everyone
    addresses.py        which addresses are this machine's own
    hosts.py            which Host headers are accepted where sign-in is off
    gate.py             the middleware that every request passes
    guarded_paths.py    which paths need a sign-in, and which are open
    answers.py          the answers to requests that do not pass
    sign_in_page.py     the page of a signed-out browser, without a script run
    session.py          cookies to the person who is signed in
    sessions.py         which sign-ins still hold, and how they end
    person.py           claims to the person that they describe
    tokens.py           personal tokens for programs
    oidc/provider.py    the OpenID Connect provider, from variables and a secret
    oidc/source.py      reads the provider's settings, also after the start
    oidc/issuer.py      the provider's published keys
    oidc/bearer.py      a program's token to the person it was issued to
    socket/gate.py      the middleware that every page's socket passes
    socket/messages.py  the messages of a browser that may reach Streamlit
    logs.py             removes sign-in codes from the access log

`docs/sign-in.md` is the guide.
"""
