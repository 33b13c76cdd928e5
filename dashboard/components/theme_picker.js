// Applies a theme in the browser without a rerun: the switch is immediate and works while a query runs.
// The front end accepts SET_CUSTOM_THEME_CONFIG from its host page; without a host it accepts it from itself.

const COOKIE_YEAR = 31536000

const systemTheme = data => (matchMedia("(prefers-color-scheme: dark)").matches ? data.system.dark : data.system.light)

function paint(theme) {
  const root = document.documentElement.style
  for (const [name, value] of Object.entries(theme.variables)) root.setProperty(name, value)
  // Not "Light" or "Dark": the front end uses these names for the colours of the first paint.
  const themeName = `Dashboard ${theme.name}`
  window.postMessage(
    { stCommVersion: 1, type: "SET_CUSTOM_THEME_CONFIG", themeName, themeInfo: theme.info },
    window.location.origin,
  )
}

function remember(cookie, name) {
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${cookie}=${name}; path=/; max-age=${COOKIE_YEAR}; SameSite=Lax${secure}`
}

function option(theme) {
  const button = document.createElement("button")
  button.type = "button"
  button.setAttribute("role", "radio")
  button.dataset.theme = theme.name
  const swatch = document.createElement("span")
  swatch.className = "swatch"
  swatch.style.background = theme.swatch[0]
  const dot = document.createElement("i")
  dot.style.background = theme.swatch[1]
  swatch.append(dot)
  button.append(swatch, theme.name)
  return button
}

export default function ({ data: [data], parentElement }) {
  const group = parentElement.querySelector(".picker")
  if (!group.childElementCount) group.append(...data.themes.map(option))
  const buttons = [...group.querySelectorAll("button")]

  const mark = name => {
    for (const button of buttons) {
      const chosen = button.dataset.theme === name
      button.setAttribute("aria-checked", String(chosen))
      button.tabIndex = chosen ? 0 : -1
    }
  }
  const choose = button => {
    const theme = data.themes.find(candidate => candidate.name === button.dataset.theme)
    window.__dashboardTheme = theme.name
    remember(data.cookie, theme.name)
    history.replaceState(history.state, "", location.href) // which names the theme: see theme_address.js
    paint(theme)
    mark(theme.name)
  }
  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }
  group.onclick = event => {
    const button = event.target.closest("button")
    if (button) choose(button)
  }
  group.onkeydown = event => {
    const step = moves[event.key]
    const here = buttons.indexOf(event.target.closest("button"))
    if (!step || here < 0) return
    event.preventDefault()
    const next = buttons[(here + step + buttons.length) % buttons.length]
    next.focus()
    choose(next)
  }
  mark(window.__dashboardTheme ?? systemTheme(data))
}
