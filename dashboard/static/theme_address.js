// The address names the theme once the user has chosen one or has followed a link with one, so a copied address shares
// the colours. Streamlit writes a new address for every page and filter; this adds the theme to each of them.
{
  const withTheme = address => {
    const named = new URL(address ?? location.href, location.href)
    const parts = named.search.slice(1).split("&").filter(part => part && !part.startsWith("theme="))
    if (window.__dashboardTheme) parts.push(`theme=${window.__dashboardTheme}`)
    named.search = parts.join("&")
    return named.href
  }
  const push = history.pushState.bind(history)
  const replace = history.replaceState.bind(history)
  history.replaceState = (state, title, address) => replace(state, title, withTheme(address))
  // A filter replaces the history entry: otherwise Back would step through clicks instead of pages.
  history.pushState = (state, title, address) => {
    const named = withTheme(address)
    const write = new URL(named).pathname === location.pathname ? replace : push
    write(state, title, named)
  }
  const name = () => history.replaceState(history.state, "", location.href)
  // Back may lead to an address that names an earlier theme.
  addEventListener("popstate", name)
  if (window.__dashboardTheme) name()
}
