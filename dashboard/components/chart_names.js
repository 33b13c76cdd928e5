// Vega announces its empty groups (a brush that nobody drew, the point under the mouse) as pictures without a name, and
// every sparkline under the same one. Both are beyond what a specification can say.
function mend() {
  for (const group of document.querySelectorAll("svg.marks g[role='graphics-symbol']:not([aria-label], [aria-hidden])")) {
    group.setAttribute("aria-hidden", "true")
  }
  for (const chart of document.querySelectorAll("[data-testid='stMetricChart'][aria-label='Vega visualization']")) {
    const label = chart.closest("[data-testid='stMetric']")?.querySelector("[data-testid='stMetricLabel']")
    chart.setAttribute("aria-label", `${label?.textContent.trim() ?? "Figure"} per day`)
  }
}

export default function () {
  let waiting = 0
  const observer = new MutationObserver(() => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0
      mend()
    })
  })
  observer.observe(document.body, { childList: true, subtree: true })
  mend()
  return () => observer.disconnect()
}
