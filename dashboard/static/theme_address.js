// The address names the theme that is shown, once somebody has chosen one or come by a link that does: copying it shares
// the colours too. Streamlit writes an address of its own for every page and filter, so each gets the theme back here.
{
  const withTheme = address => {
    const named = new URL(address ?? location.href, location.href)
    const kept = named.search.slice(1).split("&").filter(part => part && !part.startsWith("theme="))
    if (window.__dashboardTheme) kept.push(`theme=${window.__dashboardTheme}`)
    named.search = kept.join("&")
    return named.href
  }
  const push = history.pushState.bind(history)
  const replace = history.replaceState.bind(history)
  history.replaceState = (state, title, address) => replace(state, title, withTheme(address))
  // A filter is no page: an entry for each click would bury the way back, which leads to the page before.
  history.pushState = (state, title, address) => {
    const named = withTheme(address)
    const write = new URL(named).pathname === location.pathname ? replace : push
    write(state, title, named)
  }
  const name = () => history.replaceState(history.state, "", location.href)
  // The way back leads to addresses that may name an earlier choice.
  addEventListener("popstate", name)
  if (window.__dashboardTheme) name()
}
